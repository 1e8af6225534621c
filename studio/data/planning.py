"""From a plan and the tables of an import to rows on their sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.rows import ALL
from studio.data.columns import match_columns
from studio.data.comparability import sketch_splits
from studio.data.dataset import SplitDescription
from studio.data.leaks import find_leaks
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.data.splits import SPLITS, SplitPlan, divide
from studio.data.splits.plans import PLAN_CELLS
from studio.errors import InvalidInput

LARGEST_TIED_SHARE = 0.05
NEAR = "near"
"""The column of an import's rows that holds the groups of nearly the same texts (int64, -1 for a text that is
like no other), where they were looked for."""


def settle_plan(plan: SplitPlan | None, tables: Mapping[str, Table]) -> tuple[SplitPlan, list[Problem]]:
    """The plan to follow, its column spelled as in the table, and what stands in the way.

    Without a plan of the person's own, a format that knows its splits is followed. Raises InvalidInput where
    a plan cannot be carried out.
    """
    main = next(iter(tables.values()))
    own = set(tables) - {ALL, "train"}
    chosen = (plan or SplitPlan()).checked()
    if chosen.kind == "ratios" and main.split_column and not own:
        chosen = replace(chosen, kind="column", column=main.split_column)
    if chosen.kind == "folds" and "test" in own:
        raise InvalidInput(
            "Folds need no test file: each fold is the test part once.",
            "Leave the test file out, or the folds.",
        )
    if chosen.column is None:
        return chosen, []
    column = match_columns({"plan": chosen.column}, main)["plan"]
    if column in main.frame.columns:
        return replace(chosen, column=column), []
    names = [str(name) for name in main.frame.columns]
    listed = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return chosen, [
        Problem(
            "error",
            "unknown_column",
            f"{main.file} has no column '{column}', chosen to divide the rows by.",
            "The column is found by its name.",
            f"Choose one of: {listed}.",
            main.file,
            column=column,
        )
    ]


def describe_split(plan: SplitPlan, tables: Mapping[str, Table]) -> SplitDescription:
    """How the main file is divided: a split with a file of its own takes no share of it."""
    own = {split: table.file for split, table in tables.items() if split not in (ALL, "train")}
    left = np.array(
        [0.0 if split in own else share for split, share in zip(SPLITS, plan.ratios, strict=True)]
    )
    train, validation, test = (left / left.sum()).tolist()
    return SplitDescription(
        (train, validation, test),
        plan.seed,
        plan.stratified,
        own_files=own,
        kind=plan.kind,
        column=plan.column,
        folds=plan.folds if plan.kind == "folds" else 0,
        fold=plan.fold,
    )


def take_cells(table: Table, column: str | None) -> dict[str, pd.Series | str]:
    """The cells of the plan's column, as a column to add to the rows; nothing where there is none."""
    if column is None:
        return {}
    return {PLAN_CELLS: table.frame.get(column, "")}


@dataclass(frozen=True)
class Divided:
    """Frames by split, rows in the order of their file.

    ``unplaced`` are the index labels of rows with no side; ``sketches`` is {split: a sample of its texts};
    ``problems`` are those of dividing and the texts that ended up on two sides; ``mark_codes`` names the bits
    of ``marks`` now.
    """

    frames: dict[str, pd.DataFrame]
    split: SplitDescription
    problems: tuple[Problem, ...]
    unplaced: pd.Index
    sketches: dict[str, tuple[int, ...]]
    mark_codes: tuple[str, ...]


def tied_groups(near: np.ndarray) -> np.ndarray:
    """The groups that are kept on one side; those of over 5 % of the rows are templates, and are not.

    >>> tied_groups(np.array([0, 0, *[1] * 38])).tolist()[:3]
    [0, 0, -1]
    """
    sizes = np.bincount(near[near >= 0], minlength=1)
    large = sizes > LARGEST_TIED_SHARE * len(near)
    return np.where((near >= 0) & ~large[np.maximum(near, 0)], near, -1)


def divide_good_rows(
    good: pd.DataFrame, split: SplitDescription, roles: Mapping[str, str], codes: tuple[str, ...]
) -> Divided:
    """Give every row its side: that of its own file, or that of the plan; ``codes`` are those of marks."""
    sides = good["split"].to_numpy(dtype=object).copy()
    mixed = sides == ALL
    problems: tuple[Problem, ...] = ()
    if mixed.any():
        part = good[mixed]
        labels = kind_of(roles).strata(part, split.kind)
        near = tied_groups(part[NEAR].to_numpy()) if NEAR in part and split.kind != "time" else None
        keys, cells = part["key"].to_numpy(), part.get(PLAN_CELLS)
        division = divide(part, split.plan, keys, labels.to_numpy(dtype=object), cells, near)
        sides[mixed] = division.sides
        problems = division.problems
        split = replace(split, notes=division.notes)
    keys = good["key"].to_numpy()
    leaks = find_leaks(good, sides, roles, codes, split.kind)
    working = ["bad", "key", "split", PLAN_CELLS, NEAR]
    kept = good.assign(marks=leaks.marks).drop(columns=working, errors="ignore")
    return Divided(
        {name: kept[sides == name].reset_index(drop=True) for name in SPLITS},
        split,
        (*problems, *leaks.problems),
        good.index[sides == ""],
        sketch_splits({name: keys[sides == name] for name in SPLITS}),
        leaks.codes,
    )
