"""What the import form shows of a draft: how it is read, its first rows, findings and splits; HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from studio.data.columns import all_columns_of, columns_of
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.data.describing import describe_reading
from studio.pages.data.findings import DAMAGED, Desk, count_label_rows, render_findings, shown_cell
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    import pandas as pd

    from studio.data.fixes import FixChoice
    from studio.data.readers import LeftOut, ReaderReport
    from studio.services.datasets import PreparedImport, Table

W = words_of("data")
FIRST_ROWS = 8
MORE_ROWS = 3
LEFT_OUT_ROWS = 20
RAW_LENGTH = 200
MENDED_CODES = ("filled_rows", "joined_rows", "plain_quotes_rows")


def render_understood(table: Table, task: str = "") -> Markup:
    """How the file was read, in one sentence, with what was left out or mended, and what it was taken for."""
    report = table.report
    parts = [describe_reading(report), W.file.rows.count(report.rows_read)]
    if report.format not in W.layouts:
        parts.append(W.file.columns.count(len(table.frame.columns)))
    sentence = W.file.understood.say(reading=", ".join(parts))
    more = further_facts(report) + ([str(W.file.task.say(task=task))] if task else [])
    kind = "info" if report.rows_dropped or not report.complete else "good"
    return layout.notice(kind, sentence, " ".join(more), render_left_out(table.left_out, report.rows_dropped))


def further_facts(report: ReaderReport) -> list[str]:
    """What else is worth knowing of how a file was read."""
    parts = [part for part in report.parts if part != report.sheet]
    facts = [
        (report.skipped_lines, W.file.skipped.count(report.skipped_lines)),
        (report.header_lines > 1, W.file.header_joined.say(n=report.header_lines)),
        (parts and not report.sheet, W.file.parts.count(len(parts), names=", ".join(parts[:4]))),
        (parts and report.sheet, W.file.other_sheets.say(names=", ".join(parts[:4]))),
        (report.rows_repaired, W.file.repaired.count(report.rows_repaired)),
        (report.rows_dropped, W.file.left_out.count(report.rows_dropped)),
        (not report.complete, W.file.preview.say(rows=fmt.count(report.rows_read))),
    ]
    return [str(sentence) for true, sentence in facts if true]


def render_left_out(left_out: Sequence[LeftOut], count: int) -> Markup:
    """The rows that did not make it into the table, as they stand in the file, to open on demand."""
    if not left_out:
        return layout.EMPTY
    rows = [
        [
            fmt.count(one.line),
            W.file.reasons.get(one.code, W.file.reasons.other),
            fmt.shorten(one.raw, RAW_LENGTH),
        ]
        for one in left_out[:LEFT_OUT_ROWS]
    ]
    columns = [layout.Column(W.columns.line, number=True), W.file.reason, W.file.raw]
    title = W.file.show_left_out.count(len(rows), all=fmt.count(count))
    return layout.details(title, layout.table(columns, rows, label=title))


def render_first_rows(table: Table, roles: dict[str, str], task: str) -> Markup:
    """The first rows as they will be read, the chosen columns first and marked, damaged ones after them."""
    names = [str(name) for name in table.frame.columns]
    titles = {role.key: role.title.lower() for role in get_task(task).roles}
    marks = {
        column: titles[role]
        for role, chosen in roles.items()
        for column in columns_of(role, chosen, names)
        if role in titles
    }
    ordered = sorted(names, key=lambda name: name not in marks)
    heads = [
        Markup("{} {}").format(name, layout.badge("info", marks[name], "quiet")) if name in marks else name
        for name in ordered
    ]
    damaged = find_damaged(table.frame)
    at = list(range(min(FIRST_ROWS, len(table.frame))))
    more = [int(index) for index in damaged if index >= FIRST_ROWS][:MORE_ROWS]
    mended = find_mended(table)
    more += [index for index in mended if index >= FIRST_ROWS and index not in more][:MORE_ROWS]
    rows = [
        [
            line_cell(int(table.lines[index]), index in mended),
            *(shown_cell(table.frame[name].iloc[index]) for name in ordered),
        ]
        for index in [*at, *sorted(more)]
    ]
    columns = [layout.Column(W.columns.line, number=True), *(layout.Column(head) for head in heads)]
    title = W.columns.first.count(len(at))
    legend = layout.EMPTY
    if len(damaged):
        mark = Markup('<mark class="s-damaged">{}</mark>').format(DAMAGED)
        legend = Markup('<p class="s-caption">{} {}</p>').format(mark, W.columns.damaged.count(len(damaged)))
    return layout.paragraph(title, quiet=True) + legend + layout.table(columns, rows, label=title)


def line_cell(line: int, mended: bool) -> str | Markup:
    """The number of a line, and that its row was mended while it was read."""
    number = fmt.count(line)
    return (
        Markup("{} {}").format(layout.badge("info", W.columns.mended, "good"), number) if mended else number
    )


def find_mended(table: Table) -> list[int]:
    """The rows that were mended while they were read, as far as their lines are known."""
    lines = [line for problem in table.problems if problem.code in MENDED_CODES for line in problem.rows]
    return [int(index) for index in np.flatnonzero(np.isin(table.lines, lines))]


def find_damaged(frame: pd.DataFrame) -> np.ndarray:
    """The rows that hold a letter which could not be read."""
    found = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        found |= frame[name].str.contains(DAMAGED, regex=False).to_numpy(dtype=bool)
    return np.flatnonzero(found)


def render_check(prepared: PreparedImport, table: Table, choices: Sequence[FixChoice] = ()) -> Markup:
    """Everything that was found, with what can be done about it and what was decided."""
    names = [str(name) for name in table.frame.columns]
    desk = Desk(
        tables=tuple(prepared.tables.values()),
        columns=tuple(all_columns_of(prepared.roles, names)),
        choices=tuple(choices),
        steps=(*(prepared.base.steps if prepared.base else ()), *prepared.steps),
        fixable=True,
        label_rows=count_label_rows(prepared.class_counts),
    )
    return render_findings(prepared.problems, table.file, desk)


def render_split(prepared: PreparedImport, large: bool = False) -> Markup:
    """How many rows each part gets, or that something stands in the way."""
    if prepared.blocking:
        way = layout.button_link(W.split.blocked_go, "#import-findings")
        return layout.notice("warning", W.split.blocked, more=layout.notice_actions(way))
    if large:
        return layout.notice("info", W.split.large, W.split.large_hint)
    counts = {split: fmt.count(number) for split, number in prepared.rows.items()}
    sentences = [W.split.result.say(**counts), *prepared.split.notes]
    if prepared.split.kind == "column" and prepared.request.division.kind != "column":
        sentences.insert(0, W.split.by_itself.say(column=prepared.split.column))
    return layout.join(layout.paragraph(sentence, quiet=at > 0) for at, sentence in enumerate(sentences))
