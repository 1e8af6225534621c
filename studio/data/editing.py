"""Rows corrected by hand: one edit each, and what a session of edits makes of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from studio.data.answers.registry import has_single_labels
from studio.data.columns import LABEL
from studio.data.dataset import Dataset
from studio.data.fixes import Step
from studio.data.problems import count_of, first_rows, name_rows
from studio.data.splits import SPLITS
from studio.errors import InvalidInput

BY_HAND = "by_hand"
SET_LABEL, DROP, MOVE = "set_label", "drop", "move"
ACTIONS = (SET_LABEL, DROP, MOVE)
SHOWN_LABELS = 10


@dataclass(frozen=True)
class Edit:
    """One correction of the row at ``index`` (from 0) of a split.

    ``value`` is the label to set, or the split to move to; ``new_label``: the label may be one that no row
    has so far.
    """

    split: str
    index: int
    action: str
    value: str = ""
    new_label: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Edit:
        """Read what to_json wrote."""
        return cls(**value)


def check_edit(edit: Edit, dataset: Dataset, draft: Sequence[Edit] = ()) -> None:
    """Raise InvalidInput where an edit cannot be carried out on this version, after those of the draft."""
    if edit.action not in ACTIONS:
        raise InvalidInput(f"'{edit.action[:40]}' is no edit of a row.", f"Use one of {', '.join(ACTIONS)}.")
    rows = dataset.rows.get(edit.split, 0)
    if edit.split not in SPLITS or not 0 <= edit.index < rows:
        raise InvalidInput(
            f"'{dataset.name}' has no row {edit.index} among its {edit.split[:40]} rows.",
            f"Rows are counted from 0; there are {rows:,} in this split.",
        )
    if edit.action == SET_LABEL:
        check_label(edit, dataset, draft)
    if edit.action == MOVE and edit.value not in SPLITS:
        raise InvalidInput(
            f"A row cannot be moved to '{edit.value[:40]}'.", f"Choose one of {', '.join(SPLITS)}."
        )


def check_label(edit: Edit, dataset: Dataset, draft: Sequence[Edit]) -> None:
    """Raise InvalidInput where a label cannot be set."""
    if not has_single_labels(dataset.roles):
        raise InvalidInput(
            f"The rows of '{dataset.name}' have not one label each.", "Drop the row, or move it."
        )
    if not edit.value.strip():
        raise InvalidInput("A label cannot be empty.", "Choose a label, or drop the row.")
    known = [*dataset.labels, *(each.value for each in draft if each.action == SET_LABEL)]
    if edit.value not in known and not edit.new_label:
        shown = ", ".join(f"'{label[:40]}'" for label in dataset.labels[:SHOWN_LABELS])
        rest = len(dataset.labels) - SHOWN_LABELS
        more = f" and {rest} more" if rest > 0 else ""
        raise InvalidInput(
            f"'{edit.value[:100]}' is not among the labels: {shown}{more}.",
            "Choose one of them, or say that it is meant to be a new label.",
        )


@dataclass(frozen=True)
class RowDraft:
    """What is to become of one row: its label and its split where they change, and whether it goes."""

    label: str | None = None
    split: str | None = None
    dropped: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def after(self, edit: Edit) -> RowDraft:
        """The same after one more edit; the last one counts."""
        if edit.action == DROP:
            return RowDraft(self.label, self.split, dropped=True)
        if edit.action == MOVE:
            return RowDraft(self.label, edit.value, self.dropped)
        return RowDraft(edit.value, self.split, self.dropped)


def sum_up(edits: Sequence[Edit]) -> dict[tuple[str, int], RowDraft]:
    """What is to become of each row that has an edit, by split and index."""
    drafts: dict[tuple[str, int], RowDraft] = {}
    for edit in edits:
        place = (edit.split, edit.index)
        drafts[place] = drafts.get(place, RowDraft()).after(edit)
    return drafts


def apply_edits(rows: pd.DataFrame, edits: Sequence[Edit]) -> tuple[pd.DataFrame, tuple[Step, ...]]:
    """The rows after the edits, and a step for each kind of edit that changed something.

    ``rows`` has the columns of a dataset and ``split``; indices count the rows of their split.
    """
    rows = rows.reset_index(drop=True)
    places = {split: np.flatnonzero((rows["split"] == split).to_numpy(dtype=bool)) for split in SPLITS}
    at = {int(places[split][index]): draft for (split, index), draft in sum_up(edits).items()}
    dropped = sorted(row for row, draft in at.items() if draft.dropped)
    kept = {row: draft for row, draft in at.items() if not draft.dropped}
    labels = {row: one.label for row, one in kept.items() if differs(rows, row, LABEL, one.label)}
    moved = {row: one.split for row, one in kept.items() if differs(rows, row, "split", one.split)}
    steps = [
        make_step(rows, SET_LABEL, sorted(labels), "has another label", "have another label"),
        make_step(rows, MOVE, sorted(moved), "was moved", "were moved"),
        make_step(rows, DROP, dropped, "was left out", "were left out"),
    ]
    for column, values in ((LABEL, labels), ("split", moved)):
        if values:
            rows.loc[list(values), column] = list(values.values())
    changed = rows.drop(index=dropped).reset_index(drop=True)
    return changed, tuple(step for step in steps if step.rows)


def differs(rows: pd.DataFrame, row: int, column: str, wanted: str | None) -> bool:
    """Whether a cell is to become another; None means that it stays."""
    return wanted is not None and str(rows.at[row, column]) != wanted


def make_step(rows: pd.DataFrame, action: str, changed: list[int], one: str, several: str) -> Step:
    """The step that a kind of edit takes."""
    lines = rows.loc[changed, "line"].to_numpy()
    if not changed:
        return Step(BY_HAND, action, 0, "")
    what = f"{count_of(len(changed), 'row')} {one if len(changed) == 1 else several}"
    return Step(BY_HAND, action, len(changed), f"{what} by hand ({name_rows(lines)}).", first_rows(lines))
