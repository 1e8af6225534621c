"""What a check found, as a person reads it: every finding with its rows, why it matters and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from studio.data.fixes import IGNORE
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.data.fixing import drop_all_button, fix_buttons, join_fields, render_done, still_open
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.fixes import FixChoice, Step
    from studio.data.problems import Problem
    from studio.data.readers import Table

W = words_of("data")
EXAMPLES = 3
NAMED_LINES = 5
CELL_LENGTH = 120
WHOLE_LENGTH = 20  # characters that stay on one line, such as those of a date
DAMAGED = "\N{REPLACEMENT CHARACTER}"
CONLL = "conll"
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Desk:
    """What findings are shown with: the tables they were found in, the chosen columns, and what was decided.

    ``where`` makes the address that shows the rows of a finding, where there is such a place;
    ``label_rows`` are the rows of each label; ``making_versions``: a fix makes a new version, so that nothing
    can be ignored or read again.
    """

    tables: tuple[Table, ...] = ()
    columns: tuple[str, ...] = ()
    choices: tuple[FixChoice, ...] = ()
    steps: tuple[Step, ...] = ()
    fixable: bool = False
    making_versions: bool = False
    where: Callable[[Problem], str] | None = None
    label_rows: Mapping[str, int] = field(default_factory=dict)


READ_ONLY = Desk()


def count_label_rows(class_counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The rows of each label in all parts together, of those in each part.

    >>> count_label_rows({"train": {"a": 2, "b": 0}, "test": {"a": 1}})
    {'a': 3}
    """
    return dict(sum((Counter(counts) for counts in class_counts.values()), Counter()))


def name_finding(code: str) -> str:
    """What a finding is called in few words."""
    return str(W.finding_names.get(code, code.replace("_", " ")))


def count_by_severity(problems: Sequence[Problem]) -> dict[str, int]:
    """How many findings there are of each severity."""
    return {severity: sum(found.severity == severity for found in problems) for severity in SEVERITIES}


def findings_badge(dataset: Dataset) -> Markup:
    """One badge for a dataset, of what nobody has decided about: warnings, else rows left out, else notes."""
    counts = count_by_severity(dataset.open_problems)
    if counts["warning"]:
        return layout.badge("warning", W.list.warnings.count(counts["warning"]))
    if dataset.reader.rows_dropped:
        return layout.badge("info", W.list.left_out.count(dataset.reader.rows_dropped))
    if counts["note"]:
        return layout.badge("quiet", W.list.notes.count(counts["note"]), "info")
    return layout.badge("good", W.list.all_decided if dataset.problems else W.list.none_found)


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


def example_rows(problem: Problem, tables: Sequence[Table], columns: Sequence[str] = ()) -> Markup:
    """Three rows of a finding as they stand in the file, and the others that are known, to open on demand.

    ``columns`` are those that matter to it; without any, all are shown.
    """
    table = next((each for each in tables if problem.file in ("", each.file)), None)
    if table is None or not problem.rows:
        return layout.EMPTY
    at = np.flatnonzero(np.isin(table.lines, problem.rows)).tolist()
    if not at:
        return layout.EMPTY
    names = [str(name) for name in table.frame.columns]
    shown = [name for name in names if name in columns] or names
    first = rows_table(table, at[:EXAMPLES], shown, problem)
    if len(at) <= EXAMPLES and shown == names:
        return first
    return first + layout.details(W.findings.show.count(len(at)), rows_table(table, at, names, problem))


def rows_table(table: Table, at: Sequence[int], names: Sequence[str], problem: Problem) -> Markup:
    """Some rows of a file with their lines."""
    columns: list[layout.Column | str] = [layout.Column(W.findings.line, number=True), *names]
    show = shown_list if table.report.format == CONLL else shown_cell
    rows = [
        [fmt.count(int(table.lines[index])), *(show(table.frame[name].iloc[index]) for name in names)]
        for index in at
    ]
    return layout.table(columns, rows, label=problem.message)


def shown_list(cell: str) -> str | Markup:
    """The words or tags of a sentence, which the file has in lines of their own, beside each other.

    >>> shown_list('["Anna", "went", "to", "Rome", "today"]')
    'Anna went to Rome today'
    """
    return shown_cell(" ".join(json.loads(cell)))


def shown_cell(cell: object) -> str | Markup:
    """A cell as it is, shortened; letters that could not be read are marked, and an empty cell says so."""
    text = fmt.shorten(str(cell), CELL_LENGTH)
    if not text:
        return Markup('<span class="s-void">{}</span>').format(W.findings.empty_cell)
    if DAMAGED not in text:
        whole = len(text) <= WHOLE_LENGTH
        return Markup('<span class="s-whole">{}</span>').format(text) if whole else text
    mark = Markup('<mark class="s-damaged" title="{}">{}</mark>').format(W.columns.damaged_letter, DAMAGED)
    return mark.join(text.split(DAMAGED))


def render_finding(problem: Problem, desk: Desk = READ_ONLY) -> Markup:
    """One finding: what, where, why it matters, example rows, and what can be done at once."""
    where = name_lines(problem)
    reasons = [(W.findings.why, problem.why), (W.findings.do, problem.hint)]
    buttons = fix_buttons(problem, desk.choices, desk.making_versions) if desk.fixable else layout.EMPTY
    if desk.where and problem.rows:
        buttons += Markup('<a class="s-act s-plain" href="{}">{}</a>').format(
            desk.where(problem), W.findings.show_rows
        )
    columns = tuple(filter(None, (*desk.columns, problem.column)))
    return Markup('<article class="s-finding">{}<div><h3>{}</h3>{}{}{}{}{}{}</div></article>').format(
        layout.severity_badge(problem.severity),
        problem.message,
        Markup('<p class="s-where">{}</p>').format(where) if where else "",
        list_examples(problem),
        layout.facts([(name, text) for name, text in reasons if text]),
        example_rows(problem, desk.tables, columns),
        Markup('<div class="s-actions">{}</div>').format(buttons) if buttons else "",
        join_fields(problem, desk.label_rows) if desk.fixable else "",
    )


def list_examples(problem: Problem) -> Markup:
    """What stands in the first rows of a finding, where a table of them would not show it."""
    if not problem.examples:
        return layout.EMPTY
    lines = layout.join(Markup("<li>{}</li>").format(example) for example in problem.examples)
    return Markup('<ul class="s-where s-told">{}</ul>').format(lines)


def render_findings(problems: Sequence[Problem], file: str, desk: Desk = READ_ONLY) -> Markup:
    """All findings, errors first, under one sentence and under what was decided already."""
    done = render_done(desk.choices, desk.steps, problems, undoable=not desk.making_versions)
    found = still_open(problems, desk.choices, desk.steps)
    if not found:
        none = W.findings.none if not problems else W.findings.none_left
        return done + layout.notice("good", none) + once_more(problems, found, desk)
    ordered = sorted(found, key=lambda problem: SEVERITIES.index(problem.severity))
    pieces = [render_finding(problem, desk) for problem in ordered]
    return (
        layout.paragraph(summarise(found, file))
        + done
        + (layout.paragraph(W.findings.as_in_file, quiet=True) if shows_the_file(desk) else layout.EMPTY)
        + (drop_all_button(found) if desk.fixable else layout.EMPTY)
        + Markup('<div class="s-finding-list">{}</div>').format(layout.join(pieces))
        + once_more(problems, found, desk)
    )


def shows_the_file(desk: Desk) -> bool:
    """Whether rows of findings stand as the file has them, and not as a fix has made them."""
    return bool(desk.tables) and any(choice.action != IGNORE for choice in desk.choices)


def once_more(problems: Sequence[Problem], found: Sequence[Problem], desk: Desk) -> Markup:
    """The findings of a dataset that were decided, which can still be mended, to open on demand."""
    decided = [problem for problem in problems if problem not in found]
    if not decided or not desk.making_versions:
        return layout.EMPTY
    pieces = layout.join(render_finding(problem, desk) for problem in decided)
    listed = Markup('<div class="s-finding-list">{}</div>').format(pieces)
    return layout.details(W.findings.once_more.count(len(decided)), listed)
