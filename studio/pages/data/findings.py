"""What a check found, as a person reads it: every finding with its rows, why it matters and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.problems import Problem
    from studio.data.readers import Table

W = words_of("data")
EXAMPLES = 3
NAMED_LINES = 5
SEVERITIES = ("error", "warning", "note")


def count_by_severity(problems: Sequence[Problem]) -> dict[str, int]:
    """How many findings there are of each severity."""
    return {severity: sum(found.severity == severity for found in problems) for severity in SEVERITIES}


def findings_badge(dataset: Dataset) -> Markup:
    """One badge for a dataset: warnings before rows left out, rows left out before notes."""
    counts = count_by_severity(dataset.problems)
    if counts["warning"]:
        return layout.badge("warning", W.list.warnings.count(counts["warning"]))
    if dataset.reader.rows_dropped:
        return layout.badge("info", W.list.left_out.count(dataset.reader.rows_dropped))
    if counts["note"]:
        return layout.badge("quiet", W.list.notes.count(counts["note"]), "info")
    return layout.badge("good", W.list.none_found)


def summarise(problems: Sequence[Problem], file: str) -> str:
    """'2 errors, 3 warnings in tickets.csv.'; empty where nothing was found."""
    counts = count_by_severity(problems)
    parts = [W.findings[severity].count(number) for severity, number in counts.items() if number]
    return W.findings.summary.say(parts=", ".join(parts), file=file) if parts else ""


def name_lines(problem: Problem) -> str:
    """'lines 3, 5, 9 and 12 more'; empty where a finding has no rows or its sentence names them."""
    if not problem.rows or str(problem.rows[0]) in problem.message:
        return ""
    shown = problem.rows[:NAMED_LINES]
    text = W.findings.lines.count(len(shown), lines=", ".join(fmt.count(line) for line in shown))
    more = max(problem.count, len(problem.rows)) - len(shown)
    return text + (" " + W.findings.more.count(more) if more > 0 else "")


def example_rows(problem: Problem, table: Table | None) -> Markup:
    """The first rows of a finding as they stand in the file, to open on demand."""
    if table is None or problem.file not in ("", table.file):
        return layout.EMPTY
    at = [index for index, line in enumerate(table.lines) if int(line) in set(problem.rows[:EXAMPLES])]
    if not at:
        return layout.EMPTY
    columns: list[layout.Column | str] = [layout.Column(W.findings.line, number=True)]
    columns += map(str, table.frame.columns)
    rows = [
        [
            fmt.count(int(table.lines[index])),
            *(fmt.shorten(str(cell), 90) for cell in table.frame.iloc[index]),
        ]
        for index in at
    ]
    return layout.details(W.findings.show, layout.table(columns, rows, label=problem.message))


def render_finding(problem: Problem, table: Table | None = None) -> Markup:
    """One finding."""
    where = name_lines(problem)
    reasons = [(W.findings.why, problem.why), (W.findings.do, problem.hint)]
    return Markup('<article class="s-finding">{}<div><h3>{}</h3>{}{}{}</div></article>').format(
        layout.severity_badge(problem.severity),
        problem.message,
        Markup('<p class="s-where">{}</p>').format(where) if where else "",
        layout.facts([(name, text) for name, text in reasons if text]),
        example_rows(problem, table),
    )


def render_findings(problems: Sequence[Problem], file: str, table: Table | None = None) -> Markup:
    """All findings, errors first, under one sentence; or the sentence that there are none."""
    if not problems:
        return layout.notice("good", W.findings.none)
    ordered = sorted(problems, key=lambda found: SEVERITIES.index(found.severity))
    pieces = [render_finding(problem, table) for problem in ordered]
    return layout.paragraph(summarise(problems, file)) + Markup(
        '<div class="s-finding-list">{}</div>'
    ).format(layout.join(pieces))
