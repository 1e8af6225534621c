"""What stands in the way of a division, and what a person should know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.problems import Problem, count_of, first_place, first_rows, name_rows
from studio.data.splits.plans import SPLITS, SplitPlan

NAMED_VALUES = 5


@dataclass(frozen=True)
class Material:
    """What rows are divided by.

    ``keys`` are uint64, equal for the same text; ``values`` are the cells of the plan's column; ``near`` is
    int64, equal for nearly the same text, -1 for a text that is like no other.
    """

    rows: pd.DataFrame
    keys: np.ndarray
    labels: np.ndarray
    values: pd.Series | None
    near: np.ndarray | None

    def take(self, mask: np.ndarray) -> Material:
        """The rows where the mask is true."""
        return Material(
            self.rows[mask],
            self.keys[mask],
            self.labels[mask],
            None if self.values is None else self.values[mask],
            None if self.near is None else self.near[mask],
        )

    def cells(self) -> pd.Series:
        """The cells of the plan's column, in the order of the rows."""
        assert self.values is not None, "a plan with a column needs its cells"
        return self.values.reset_index(drop=True)


def check_groups(
    material: Material, plan: SplitPlan, groups: np.ndarray, parts: int, most: float
) -> list[Problem]:
    """Fewer groups than parts, or one group that is larger than the largest part."""
    sizes = np.bincount(groups)
    count = int((sizes > 0).sum())
    file = str(material.rows["file"].iloc[0])
    if count < parts:
        return [
            Problem(
                "error",
                "few_groups",
                f"Column '{plan.column}' has {count_of(count, 'value')}, fewer than the {parts} parts.",
                "Rows that share a value stay together, so some part would be empty.",
                "Choose a column with more values, or divide in another way.",
                file,
                plan.column,
                count=count,
            )
        ]
    largest = int(np.argmax(sizes))
    if sizes[largest] <= most * len(groups):
        return []
    mask = groups == largest
    return [
        Problem(
            "warning",
            "large_group",
            f"{sizes[largest]:,} of {len(groups):,} rows have '{material.cells()[mask].iloc[0].strip()}' in "
            f"column '{plan.column}': more than the {most:.0%} of the largest part.",
            "They stay together, so the other parts come out smaller than asked.",
            "Check the column, or give the largest part a larger share.",
            file,
            plan.column,
            count=int(sizes[largest]),
            rows=first_rows(material.rows["line"].to_numpy()[mask][:20]),
        )
    ]


def few_times(plan: SplitPlan, times: int, parts: int, file: str) -> Problem:
    """All rows are about as old as each other."""
    return Problem(
        "error",
        "few_times",
        f"Column '{plan.column}' has {count_of(times, 'different time')}, fewer than the {parts} parts.",
        "Rows of the same time stay together, so some part would be empty.",
        "Choose a column with more times, or divide in another way.",
        file,
        plan.column,
        count=times,
    )


def check_labels_in_train(sides: np.ndarray, labels: np.ndarray) -> list[Problem]:
    """Labels that only validation or test rows have."""
    lost = sorted(
        set(pd.unique(labels[np.isin(sides, SPLITS[1:])])) - set(pd.unique(labels[sides == "train"]))
    )
    if not lost or not (sides == "train").any():
        return []
    named = ", ".join(f"'{label}'" for label in lost[:NAMED_VALUES]) + (
        " ..." if len(lost) > NAMED_VALUES else ""
    )
    return [
        Problem(
            "warning",
            "label_not_in_train",
            f"No training row has {count_of(len(lost), 'label')} that other rows have: {named}.",
            "A model never predicts a label it has not seen, so these rows always count as mistakes.",
            "Divide in another way, add rows with the label, or drop rare labels.",
            count=len(lost),
            fixes=("drop_rare_labels",),
        )
    ]


@dataclass(frozen=True)
class Unplaced:
    """Words for rows whose cell does not say where they belong."""

    code: str
    message: str
    why: str
    hint: str


UNKNOWN_PART = Unplaced(
    "unknown_split",
    "{rows} whose '{column}' names no part: {lines} ({values}).",
    "Each row has to belong to training, validation or test.",
    "Write train, validation or test, drop these rows, or choose another column.",
)
UNREADABLE_TIME = Unplaced(
    "unreadable_time",
    "{rows} whose '{column}' is no date, time or number: {lines} ({values}).",
    "Without it nobody knows whether the row is older or newer than others.",
    "Write dates as 2025-04-03, drop these rows, or choose another column.",
)
GUESSED = "With day and month mixed up, rows would not be in the order of time."
WRITE_ISO = "Write dates as 2025-04-03 if this is wrong."


def report_cells(
    rows: pd.DataFrame, cells: pd.Series, wrong: np.ndarray, words: Unplaced, plan: SplitPlan
) -> list[Problem]:
    """One error about all rows that cannot be placed, with their values."""
    if not wrong.any():
        return []
    file, lines = first_place(rows[wrong])
    values = list(dict.fromkeys(cells[wrong].str.strip().head(1000)))
    named = ", ".join(f"'{value[:40]}'" if value else "blank" for value in values[:NAMED_VALUES])
    message = words.message.format(
        rows=count_of(int(wrong.sum()), "row"),
        column=plan.column,
        lines=name_rows(lines),
        values=named + (" ..." if len(values) > NAMED_VALUES else ""),
    )
    return [
        Problem(
            "error",
            words.code,
            message,
            words.why,
            words.hint,
            file,
            plan.column,
            count=int(wrong.sum()),
            rows=first_rows(lines),
            fixes=("drop_rows",),
        )
    ]
