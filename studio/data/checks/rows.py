"""Everything that is wrong or worth knowing about a table, found at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.answers.base import CellFault
from studio.data.answers.registry import kind_of
from studio.data.checks.findings import ALL, TRAINING, Finding, View, about_all, by_file, files_of, mark_rows
from studio.data.checks.giveaway import check_written_labels
from studio.data.checks.repeats import check_repeats
from studio.data.checks.texts import check_texts
from studio.data.columns import LABEL, columns_of, main_text
from studio.data.fixes import fixes_of
from studio.data.near import NearGroups
from studio.data.problems import SHOWN_EXAMPLES, Problem, count_of, first_rows, name_rows
from studio.data.readers import Table
from studio.data.texts import content_keys, is_blank, text_keys

__all__ = ["ALL", "Checked", "check_frames", "recheck", "take_roles"]
FEWEST_ROWS = 4
FEW_ROWS = 100
MADE_HERE = ("bad", "key", "marks")


@dataclass(frozen=True)
class Checked:
    """What checking found.

    ``rows`` has one line per row of all tables, in order: a column per role, and ``line``, ``file``,
    ``split`` ("all" where it is still to be divided), ``key`` (uint64, equal for the same text), ``bad``, and
    ``marks`` (int64): bit i is set where the row has the finding ``codes[i]``. ``told`` are the codes of what
    was known before.
    """

    problems: tuple[Problem, ...]
    rows: pd.DataFrame
    codes: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def good(self) -> pd.DataFrame:
        """The rows without an error."""
        return self.rows[~self.rows["bad"]] if self.rows["bad"].any() else self.rows


def take_roles(table: Table, roles: Mapping[str, str], split: str) -> pd.DataFrame:
    """The columns of a table that play a role, named by the role, with line, file and split."""
    names = [str(name) for name in table.frame.columns]
    kind = kind_of(roles)
    chosen = {role: columns_of(role, column, names) for role, column in roles.items()}
    frame = pd.DataFrame(
        {
            role: table.frame[columns[0]] if len(columns) == 1 else kind.join(table.frame[columns], role)
            for role, columns in chosen.items()
        }
    )
    file = table.file if table.files is None else table.files
    return frame.assign(line=table.lines, file=file, split=split)


def check_frames(
    frames: Mapping[str, pd.DataFrame],
    roles: Mapping[str, str],
    unknown: np.ndarray | None = None,
    near: NearGroups | None = None,
    told: Sequence[Finding] = (),
) -> Checked:
    """Check the rows of all tables together.

    ``unknown`` marks rows whose label is not in the labels file, ``near`` are the groups of nearly the same
    texts, and ``told`` is what reading their cells has found, all in the order of the frames.
    """
    rows = pd.concat(list(frames.values()), ignore_index=True)
    return recheck(rows, roles, unknown, near, told)


def recheck(
    rows: pd.DataFrame,
    roles: Mapping[str, str],
    unknown: np.ndarray | None = None,
    near: NearGroups | None = None,
    told: Sequence[Finding] = (),
) -> Checked:
    """Check rows that are together already: a column per role, line, file and split."""
    rows = rows.drop(columns=[name for name in MADE_HERE if name in rows]).reset_index(drop=True)
    found = find_faults(rows, roles, unknown)
    bad = np.zeros(len(rows), dtype=bool)
    for finding in found:
        bad[finding.places] = True
    main = main_text(rows)
    keys = text_keys(rows[main]) if main else np.arange(len(rows), dtype=np.uint64)
    found += [*check_good(rows, bad, roles, keys, near, told), *told]
    codes, marks = mark_rows(found, len(rows))
    checked = rows.assign(bad=bad, key=keys, marks=marks)
    problems = tuple(problem for finding in found for problem in finding.problems)
    return Checked(problems, checked, codes, tuple(finding.code for finding in told))


def check_good(
    rows: pd.DataFrame,
    bad: np.ndarray,
    roles: Mapping[str, str],
    keys: np.ndarray,
    near: NearGroups | None,
    told: Sequence[Finding],
) -> list[Finding]:
    """What is worth knowing about the rows without an error."""
    good = rows[~bad] if bad.any() else rows
    kind = kind_of(roles)
    found = [about_all(problem) for problem in check_size(good, labelled=kind.labels is not None)]
    if len(good) < FEWEST_ROWS:
        return found
    if kind.role in roles:
        found += kind.check(good, roles, told)
    if main_text(roles):
        groups = None if near is None else near.groups[~bad]
        view = View(good, roles, kind, content_keys(good, roles, keys[~bad]), groups)
        found += check_repeats(view)
        found += check_written_labels(view) if kind.single and LABEL in roles else []
        found += check_texts(view)
    return found


def find_faults(rows: pd.DataFrame, roles: Mapping[str, str], unknown: np.ndarray | None) -> list[Finding]:
    """Rows that cannot be used: without a text or a label, or with a label that cannot be learnt."""
    kind, found = kind_of(roles), list[Finding]()
    for role, column in roles.items():
        words = kind.words_of_empty(role, EMPTY_TEXT)
        found += describe_cells(rows, is_blank(rows[role]), words, column) if words else []
    if kind.role in roles:
        for fault in kind.faults(rows):
            found += describe_cells(rows, fault.wrong, fault.words, roles[fault.role])
    if unknown is not None:
        strange = unknown & ~is_blank(rows[kind.role])
        found += describe_cells(rows, strange, NOT_IN_LABELS_FILE, roles[kind.role])
    if not kind.single or LABEL not in roles:
        return found
    bad = np.zeros(len(rows), dtype=bool)
    for finding in found:
        bad[finding.places] = True
    found += describe_cells(rows, find_unseen(rows, bad), UNSEEN_LABEL, roles[LABEL])
    return found


EMPTY_TEXT = CellFault(
    "missing_text",
    "{rows} without a text: {lines}.",
    "There is nothing to learn from or to predict.",
    "Fill in the text, or drop these rows.",
)
NOT_IN_LABELS_FILE = CellFault(
    "label_not_in_file",
    "{rows} with a label that is not in the labels file: {lines}.",
    "The labels file says which labels there are; the first line is index 0.",
    "Correct the label or the labels file, or drop these rows.",
)
UNSEEN_LABEL = CellFault(
    "unseen_label",
    "{rows} with a label that no training row has: {lines}.",
    "A model never predicts a label it has not seen, so these rows always count as mistakes.",
    "Add training rows with the label, correct it, or drop these rows.",
)


def report_cells(
    rows: pd.DataFrame, wrong: np.ndarray, fault: CellFault, column: str, **words: str
) -> list[Problem]:
    """Mark the rows as bad, and give one error per file that has some; ``words`` are put into its message."""
    found = describe_cells(rows, wrong, fault, column, **words)
    rows.loc[wrong, "bad"] = True
    return [problem for finding in found for problem in finding.problems]


def describe_cells(
    rows: pd.DataFrame, wrong: np.ndarray, fault: CellFault, column: str, **words: str
) -> list[Finding]:
    """A finding about rows that cannot be used, with one error per file."""
    part = rows.loc[wrong]
    problems = tuple(
        Problem(
            "error",
            fault.code,
            fault.message.format(rows=count_of(len(own), "row"), lines=name_rows(own["line"]), **words),
            fault.why,
            fault.hint,
            file,
            column,
            count=len(own),
            rows=first_rows(own["line"]),
            fixes=fixes_of(fault.code),
            examples=examples_of(own, fault),
        )
        for file, own in by_file(part)
    )
    return [Finding(fault.code, part.index.to_numpy(), problems)] if problems else []


def examples_of(rows: pd.DataFrame, fault: CellFault) -> tuple[str, ...]:
    """What stands in the first of the rows, each with its line; nothing where the line says enough."""
    if fault.example is None:
        return ()
    first = rows.sort_values("line", kind="stable").head(SHOWN_EXAMPLES)
    return tuple(f"Line {row['line']:,}: {fault.example(row)}" for _, row in first.iterrows())


def find_unseen(rows: pd.DataFrame, bad: np.ndarray) -> np.ndarray:
    """Rows of validation or test whose label no usable training row has."""
    training = rows["split"].isin(TRAINING).to_numpy(dtype=bool)
    if training.all():
        return np.zeros(len(rows), dtype=bool)
    seen = rows.loc[training & ~bad, LABEL].unique()
    return ~training & ~bad & ~rows[LABEL].isin(seen).to_numpy(dtype=bool)


def check_size(good: pd.DataFrame, *, labelled: bool) -> list[Problem]:
    """Too few rows to train and to measure; ``labelled``: their answers are labels."""
    files = files_of(good)
    if len(good) < FEWEST_ROWS:
        return [
            Problem(
                "error",
                "too_few_rows",
                f"{count_of(len(good), 'usable row')} left; at least {FEWEST_ROWS} are needed.",
                "Rows are needed to train on, to choose the best epoch with, and to measure with.",
                "Add rows, or mend those with errors.",
                files,
                count=len(good),
            )
        ]
    if len(good) < FEW_ROWS:
        return [
            Problem(
                "warning",
                "few_rows",
                f"There are only {count_of(len(good), 'usable row')}.",
                "A model has little to learn from, and a score that is measured on a part of them is very "
                "uncertain: one row more or less can change it a lot.",
                f"Import {FEW_ROWS} rows or more{', and at least 10 for each label' if labelled else ''}.",
                files,
                count=len(good),
            )
        ]
    return []


def mark_dropped(problem: Problem) -> Problem:
    """An error about rows that were left out on request: a warning that says so."""
    if problem.severity != "error" or "drop_rows" not in problem.fixes:
        return problem
    message = f"{problem.message} Dropped, as asked."
    return replace(problem, severity="warning", message=message, hint="Nothing is left to do.", fixes=())
