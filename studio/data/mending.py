"""The chosen fixes, done on rows: in one order whatever was chosen first, each told as a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.answers.registry import has_single_labels, kind_of
from studio.data.checks.rows import MADE_HERE, find_unseen
from studio.data.columns import ANSWERS
from studio.data.fixes import IGNORE, FixChoice, Step, check_choices, in_order
from studio.data.mends import cells, labels, sides
from studio.data.mends.workbench import NOTHING, Bench, drop
from studio.data.near import NearGroups
from studio.data.texts import is_blank


@dataclass(frozen=True)
class Mended:
    """Rows after the fixes, with the marks that they had; the step that each took, and what was left out.

    ``left_out`` has a row for each row that is gone: line, file, split, code (of the finding) and action.
    """

    rows: pd.DataFrame
    steps: tuple[Step, ...]
    left_out: pd.DataFrame


def mend_rows(
    rows: pd.DataFrame,
    choices: Sequence[FixChoice],
    near: NearGroups | None = None,
    codes: Sequence[str] = (),
) -> Mended:
    """Do the chosen actions on rows: a text column per role, line, file and split.

    ``near`` are the rows' groups, found anew where needed and not given. Where the rows have ``marks``
    of these ``codes``, the rows of any finding can be dropped. Actions of reading are passed over: they were
    done when the file was read. Raises InvalidInput for an action or a finding that does not exist. Doing it
    twice changes nothing more.
    """
    check_choices(choices, codes)
    marks = rows["marks"].to_numpy() if "marks" in rows else None
    plain = rows.drop(columns=[name for name in MADE_HERE if name in rows]).reset_index(drop=True)
    bench = Bench(plain, None if near is None else near.groups, codes, marks)
    steps = [act(bench, choice) for choice in in_order(choices) if choice.action in ACTS]
    kept = bench.rows if bench.marks is None else bench.rows.assign(marks=bench.marks)
    return Mended(kept, tuple(steps), bench.left_out())


def act(bench: Bench, choice: FixChoice) -> Step:
    """Do one action; one on single labels changes nothing where the rows have not one label each."""
    if choice.action in OF_LABELS and not has_single_labels(bench.rows):
        return Step(choice.code, choice.action, 0, NOTHING)
    return ACTS[choice.action](bench, choice)


def ignore(bench: Bench, choice: FixChoice) -> Step:
    """Nothing, for the record."""
    return Step(choice.code, choice.action, 0, "Seen and accepted; nothing was changed.")


def drop_rows(bench: Bench, choice: FixChoice) -> Step:
    """Leave out the rows of a finding: looked for again where that is simple, else by their marks."""
    rows = bench.rows
    if choice.code == "missing_text":
        blank = [is_blank(rows[role]) for role in bench.roles if role not in ANSWERS]
        return drop(bench, choice, np.logical_or.reduce(blank), "no text")
    kind = kind_of(rows)
    if kind.empty and choice.code == kind.empty.code and kind.role in rows:
        return drop(bench, choice, is_blank(rows[kind.role]), f"no {kind.role}")
    if choice.code == "unseen_label" and has_single_labels(rows):
        mask = find_unseen(rows, np.zeros(len(rows), dtype=bool))
        return drop(bench, choice, mask, "no training row has the label")
    mask = np.zeros(len(rows), dtype=bool)
    if bench.marks is not None and choice.code in bench.codes:
        mask = (bench.marks >> bench.codes.index(choice.code)) & 1 == 1
    return drop(bench, choice, mask, "they had the finding")


OF_LABELS = frozenset({"trim_labels", "majority_label", "drop_conflicts", "drop_rare_labels"})
ACTS: Mapping[str, Callable[[Bench, FixChoice], Step]] = {
    "drop_rows": drop_rows,
    "repair_mojibake": cells.repair_mojibake,
    "remove_control_characters": cells.remove_control_characters,
    "strip_html": cells.strip_html,
    "trim_labels": labels.trim_labels,
    "merge_labels": labels.merge_labels,
    "join_labels": labels.join_labels,
    "majority_label": labels.majority_label,
    "drop_conflicts": labels.drop_conflicts,
    "move_to_train": sides.move_to_train,
    "drop_from_train": sides.drop_from_train,
    "drop_from_test": sides.drop_from_test,
    "drop_repeats": sides.drop_repeats,
    "drop_near_repeats": sides.drop_near_repeats,
    "drop_rare_labels": labels.drop_rare_labels,
    IGNORE: ignore,
}
