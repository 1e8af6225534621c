"""Everything that is wrong or worth knowing about a table, found at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.checks.labels import check_labels
from studio.data.checks.texts import check_texts
from studio.data.columns import LABEL, TEXT
from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers import Table
from studio.data.texts import is_blank, text_keys

ALL = "all"
TRAINING = (ALL, "train")


@dataclass(frozen=True)
class Checked:
    """What checking found.

    ``rows`` has one line per row of all tables, in order: a column per role, and ``line``, ``file``,
    ``split`` ("all" where it is still to be divided), ``key`` (uint64, equal for the same text), ``bad``.
    """

    problems: tuple[Problem, ...]
    rows: pd.DataFrame

    @property
    def good(self) -> pd.DataFrame:
        """The rows without an error."""
        return self.rows[~self.rows["bad"]]


def take_roles(table: Table, roles: Mapping[str, str], split: str) -> pd.DataFrame:
    """The columns of a table that play a role, named by the role, with line, file and split."""
    frame = pd.DataFrame({role: table.frame[column] for role, column in roles.items()})
    return frame.assign(line=table.lines, file=table.file, split=split)


def check_frames(
    frames: Mapping[str, pd.DataFrame], roles: Mapping[str, str], unknown: np.ndarray | None = None
) -> Checked:
    """Check the rows of all tables together.

    ``unknown`` marks rows whose label is not in the labels file, in the order of the frames.
    """
    rows = pd.concat(list(frames.values()), ignore_index=True)
    rows["bad"] = False
    found: list[Problem] = []
    for role, column in roles.items():
        empty = is_blank(rows[role])
        found += report_cells(rows, empty, EMPTY_LABEL if role == LABEL else EMPTY_TEXT, column)
    if LABEL in roles:
        if unknown is not None:
            found += report_cells(rows, unknown & ~is_blank(rows[LABEL]), NOT_IN_LABELS_FILE, roles[LABEL])
        found += report_cells(rows, find_unseen(rows), UNSEEN_LABEL, roles[LABEL])
    rows["key"] = text_keys(rows[TEXT]) if TEXT in rows else np.arange(len(rows), dtype=np.uint64)
    good = rows[~rows["bad"]]
    found += check_size(good)
    enough = len(good) >= FEWEST_ROWS
    if LABEL in roles and enough:
        found += check_labels(good, roles[LABEL])
    if TEXT in roles and enough:
        found += check_texts(good, roles[TEXT], has_labels=LABEL in roles)
    return Checked(tuple(found), rows)


@dataclass(frozen=True)
class CellFault:
    """Words for rows that cannot be used because of a cell; {rows} stands for '3 rows', {lines} for where."""

    code: str
    message: str
    why: str
    hint: str


EMPTY_TEXT = CellFault(
    "missing_text",
    "{rows} without a text: {lines}.",
    "There is nothing to learn from or to predict.",
    "Fill in the text, or drop these rows.",
)
EMPTY_LABEL = CellFault(
    "missing_label",
    "{rows} without a label: {lines}.",
    "A model learns from the label; a guess in its place would be learnt as true.",
    "Fill in the label, or drop these rows.",
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
    found = []
    for file, part in rows[wrong].groupby("file", sort=False):
        lines = part["line"].to_numpy()
        message = fault.message.format(rows=count_of(len(lines), "row"), lines=name_rows(lines), **words)
        found.append(
            Problem(
                "error",
                fault.code,
                message,
                fault.why,
                fault.hint,
                str(file),
                column,
                count=len(lines),
                rows=first_rows(lines),
                fixes=("drop_rows",),
            )
        )
    rows.loc[wrong, "bad"] = True
    return found


def find_unseen(rows: pd.DataFrame) -> np.ndarray:
    """Rows of an own validation or test file whose label no usable training row has."""
    training = rows["split"].isin(TRAINING)
    seen = rows.loc[training & ~rows["bad"], LABEL].unique()
    return (~training & ~rows["bad"] & ~rows[LABEL].isin(seen)).to_numpy(dtype=bool)


def check_size(good: pd.DataFrame) -> list[Problem]:
    """Too few rows to train and to measure."""
    files = ", ".join(dict.fromkeys(good["file"]))
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
                "Scores on so few rows are very uncertain.",
                f"Aim for {FEW_ROWS} rows or more, and at least 10 for each label.",
                files,
                count=len(good),
            )
        ]
    return []


FEWEST_ROWS = 4
FEW_ROWS = 100


def mark_dropped(problem: Problem) -> Problem:
    """An error about rows that were left out on request: a warning that says so."""
    if problem.severity != "error" or "drop_rows" not in problem.fixes:
        return problem
    return replace(problem, severity="warning", message=f"{problem.message} Dropped, as asked.", fixes=())
