"""Carry out a plan: a side for each row, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.problems import Problem
from studio.data.splits.findings import (
    GUESSED,
    UNKNOWN_PART,
    UNREADABLE_TIME,
    WRITE_ISO,
    Material,
    check_groups,
    check_labels_in_train,
    few_times,
    report_cells,
)
from studio.data.splits.parts import read_parts
from studio.data.splits.plans import SPLITS, SplitPlan
from studio.data.splits.ratios import label_codes, split_keys
from studio.data.splits.spreading import spread_units
from studio.data.splits.times import cut_by_time, read_times
from studio.data.splits.units import find_units, group_ids, join_ids, own_ids


@dataclass(frozen=True)
class Division:
    """The side of each row: train, validation or test, "" where it cannot be told; and what was found.

    ``notes`` are sentences about what was decided on the way, for the description of the dataset.
    """

    sides: np.ndarray
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def divide(
    rows: pd.DataFrame,
    plan: SplitPlan,
    keys: np.ndarray,
    labels: np.ndarray,
    values: pd.Series | None = None,
    near: np.ndarray | None = None,
) -> Division:
    """Divide rows by a plan; ``rows`` has the columns file and line, ``values`` the cells of plan.column.

    Every row gets exactly one side. Rows of the same text (``keys``, uint64) stay on one side, except where
    a column of the file says otherwise. Ratios hold within a row or two over all where texts hardly repeat,
    else within about the largest set of rows that stay together.
    """
    if not len(rows):
        return Division(np.empty(0, dtype=object))
    division = WAYS[plan.kind](Material(rows, keys, labels, values, near), plan)
    lost = check_labels_in_train(division.sides, labels) if plan.kind != "ratios" else []
    return replace(division, problems=(*division.problems, *lost))


def by_ratios(material: Material, plan: SplitPlan) -> Division:
    """At random; the division of earlier releases where no near repeats are given."""
    if material.near is None:
        return Division(split_keys(material.keys, material.labels, plan.ratios, plan.seed, plan.stratified))
    members = join_ids(material.keys, own_ids(material.near))
    return Division(spread(material, plan, members, np.array(plan.ratios)))


def spread(material: Material, plan: SplitPlan, members: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Names of splits by random order of the sets of rows that stay together."""
    units, of_row = find_units(
        material.keys, label_codes(material.labels, plan.stratified), plan.seed, members
    )
    return np.asarray(SPLITS, dtype=object)[spread_units(units, shares)[of_row]]


def by_column(material: Material, plan: SplitPlan) -> Division:
    """As a column says; a part that is missing there is cut from the training rows."""
    cells = material.cells()
    sides = read_parts(cells)
    problems = report_cells(material.rows, cells, sides == "", UNKNOWN_PART, plan)
    there = {part for part in SPLITS if (sides == part).any()}
    shares = np.array(
        [0.0 if part in there - {"train"} else share for part, share in zip(SPLITS, plan.ratios, strict=True)]
    )
    missing = [part for part, share in zip(SPLITS, shares, strict=True) if share > 0 and part != "train"]
    if "train" not in there or not missing:
        return Division(sides, tuple(problems))
    train = sides == "train"
    part = material.take(train)
    sides[train] = split_keys(part.keys, part.labels, shares / shares.sum(), plan.seed, plan.stratified)
    cut = " and ".join(
        f"{name} ({share / shares.sum():.0%})"
        for name, share in zip(SPLITS, shares, strict=True)
        if name in missing
    )
    return Division(
        sides,
        tuple(problems),
        (f"Column '{plan.column}' names no rows for {cut}: cut from its training rows.",),
    )


def by_groups(material: Material, plan: SplitPlan) -> Division:
    """At random, rows that share a cell of a column on one side."""
    groups = group_ids(material.cells())
    members, problems = tie(material, plan, groups, max(plan.ratios))
    parts = sum(share > 0 for share in plan.ratios)
    problems += check_groups(material, plan, groups, parts, max(plan.ratios))
    return Division(spread(material, plan, members, np.array(plan.ratios)), tuple(problems))


def tie(
    material: Material, plan: SplitPlan, groups: np.ndarray, most: float
) -> tuple[np.ndarray, list[Problem]]:
    """Sets of rows tied by group or text; by group alone where texts would tie more than a part can take.

    A word like "thanks" that everybody writes would else put all groups on one side.
    """
    texts = material.keys if material.near is None else join_ids(material.keys, own_ids(material.near))
    members = join_ids(groups, texts)
    room = most * len(members)
    if np.bincount(members).max() <= room or np.bincount(groups).max() > room:
        return members, []
    return groups, [
        Problem(
            "warning",
            "texts_tie_groups",
            f"Texts that occur in several groups of '{plan.column}' tie {np.bincount(members).max():,} of "
            f"{len(members):,} rows together; groups were kept whole, so such a text may be on two sides.",
            "A score on texts that were trained on is too good.",
            "Drop repeated texts, or move those in train and test to one side.",
            str(material.rows["file"].iloc[0]),
            plan.column,
        )
    ]


def by_time(material: Material, plan: SplitPlan) -> Division:
    """The oldest rows to train, the newest to test; a text that comes again goes with its oldest row."""
    cells = material.cells()
    times = read_times(cells)
    unread = np.isnan(times.seconds)
    problems = report_cells(material.rows, cells, unread, UNREADABLE_TIME, plan)
    file = str(material.rows["file"].iloc[0])
    if times.choice:
        problems.append(
            Problem("warning", "ambiguous_dates", times.choice, GUESSED, WRITE_ISO, file, plan.column)
        )
    sides = np.full(len(cells), "", dtype=object)
    if unread.all():
        return Division(sides, tuple(problems))
    dated = material.take(~unread)
    ids = dated.keys if dated.near is None else join_ids(dated.keys, own_ids(dated.near))
    _, members = np.unique(ids, return_inverse=True)
    oldest = np.full(int(members.max()) + 1, np.inf)
    np.minimum.at(oldest, members, times.seconds[~unread])
    parts = sum(share > 0 for share in plan.ratios)
    if len(np.unique(oldest)) < parts:
        problems.append(few_times(plan, len(np.unique(oldest)), parts, file))
    chosen = cut_by_time(oldest, np.bincount(members), np.array(plan.ratios))
    sides[~unread] = np.asarray(SPLITS, dtype=object)[chosen[members]]
    return Division(sides, tuple(problems), (times.choice,) if times.choice else ())


def by_folds(material: Material, plan: SplitPlan) -> Division:
    """One fold to test; validation is cut from the rest."""
    groups = group_ids(material.cells()) if plan.column else None
    members = material.keys
    problems: list[Problem] = []
    if groups is not None:
        members, problems = tie(material, plan, groups, 1 / plan.folds)
        problems += check_groups(material, plan, groups, max(plan.folds, 3), 1 / plan.folds)
    elif material.near is not None:
        members = join_ids(material.keys, own_ids(material.near))
    tested = folds_of(material, plan, members) == plan.fold
    train, validation, _ = plan.ratios
    shares = np.array([train, validation, 0.0]) / (train + validation)
    sides = np.full(len(tested), "test", dtype=object)
    if not tested.all():
        rest = replace(plan, seed=plan.seed + plan.fold + 1)
        sides[~tested] = spread(material.take(~tested), rest, members[~tested], shares)
    return Division(sides, tuple(problems), (f"Fold {plan.fold + 1} of {plan.folds} is the test part.",))


def folds_of(material: Material, plan: SplitPlan, members: np.ndarray) -> np.ndarray:
    """The fold (from 0) of each row, rows with the same id in members together."""
    units, of_row = find_units(
        material.keys, label_codes(material.labels, plan.stratified), plan.seed, members
    )
    return spread_units(units, np.full(plan.folds, 1 / plan.folds), keep_first=False)[of_row]


def assign_folds(
    keys: np.ndarray, labels: np.ndarray, plan: SplitPlan, groups: pd.Series | None = None
) -> np.ndarray:
    """The fold (int64, from 0) of each row: every row is in exactly one, whichever fold the plan names."""
    nowhere = pd.DataFrame({"file": "", "line": np.zeros(len(keys), dtype=np.int64)})
    material = Material(nowhere, keys, labels, groups, None)
    members = keys if groups is None else tie(material, plan, group_ids(material.cells()), 1 / plan.folds)[0]
    return folds_of(material, plan, members)


WAYS: dict[str, Callable[[Material, SplitPlan], Division]] = {
    "ratios": by_ratios,
    "column": by_column,
    "groups": by_groups,
    "time": by_time,
    "folds": by_folds,
}
