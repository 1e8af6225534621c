"""What the import form shows of a draft: how it is read, its first rows, findings and splits; HTML out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.data.describing import name_delimiter, name_encoding
from studio.pages.data.findings import render_findings
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.services.datasets import PreparedImport, Table

W = words_of("data")
FIRST_ROWS = 8
CELL_LENGTH = 120


def render_understood(table: Table) -> Markup:
    """How the file was read, in one sentence."""
    report = table.report
    sentence = W.file.understood.say(
        encoding=name_encoding(report.encoding),
        delimiter=name_delimiter(report.delimiter),
        header=W.file.header_yes if report.header else W.file.header_no,
        rows=W.file.rows.count(report.rows_read),
        columns=W.file.columns.count(len(table.frame.columns)),
    )
    dropped = W.file.left_out.count(report.rows_dropped) if report.rows_dropped else ""
    return layout.notice("info" if dropped else "good", sentence, dropped)


def render_first_rows(table: Table, roles: dict[str, str]) -> Markup:
    """The first rows as they will be read, the chosen columns first and marked."""
    names = [str(name) for name in table.frame.columns]
    marks = {column: W.columns[f"is_{role}"] for role, column in roles.items() if f"is_{role}" in W.columns}
    ordered = sorted(names, key=lambda name: name not in marks)
    heads = [
        Markup("{} {}").format(name, layout.badge("info", marks[name], "quiet")) if name in marks else name
        for name in ordered
    ]
    part = table.frame.head(FIRST_ROWS)
    rows = [
        [fmt.count(int(line)), *(fmt.shorten(str(cells[name]), CELL_LENGTH) for name in ordered)]
        for line, (_, cells) in zip(table.lines, part.iterrows(), strict=False)
    ]
    columns = [layout.Column(W.columns.line, number=True), *(layout.Column(head) for head in heads)]
    title = W.columns.first.count(len(rows))
    return layout.paragraph(title, quiet=True) + layout.table(columns, rows, label=title)


def render_check(prepared: PreparedImport, table: Table) -> Markup:
    """Everything that was found."""
    return render_findings(prepared.problems, table.file, table)


def render_split(prepared: PreparedImport) -> Markup:
    """How many rows each part gets, or that something stands in the way."""
    if prepared.blocking:
        return layout.notice("warning", W.split.blocked)
    counts = {split: fmt.count(number) for split, number in prepared.rows.items()}
    return layout.paragraph(W.split.result.say(**counts))
