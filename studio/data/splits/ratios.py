"""Divide rows at random by shares: stratified, same text on one side, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from studio.data.splits.plans import SPLITS
from studio.data.splits.units import Units, find_units
from studio.data.texts import text_keys


def split_rows(
    texts: Sequence[str] | pd.Series, labels: Sequence[str] | pd.Series, ratios: Sequence[float], seed: int
) -> np.ndarray:
    """The name of a split for each row, as an array of str.

    Ratios hold within a row or two over all and within one row per label, as far as texts that occur
    more than once (they stay together) allow; a label with one text goes to train.
    """
    return split_keys(text_keys(texts), np.asarray(labels, dtype=object), ratios, seed)


def split_keys(
    keys: np.ndarray, labels: np.ndarray, ratios: Sequence[float], seed: int, stratified: bool = True
) -> np.ndarray:
    """As split_rows, for texts given by their uint64 keys."""
    shares = np.asarray(ratios, dtype=np.float64)
    units, members = find_units(keys, label_codes(labels, stratified), seed)
    return np.asarray(SPLITS, dtype=object)[divide_units(units, shares)[members]]


def label_codes(labels: np.ndarray, stratified: bool) -> np.ndarray:
    """A number for each label, in code point order; all 0 where labels do not matter."""
    return pd.factorize(labels, sort=True)[0] if stratified else np.zeros(len(labels), dtype=np.int64)


def divide_units(units: Units, shares: np.ndarray) -> np.ndarray:
    """A side (0, 1, 2) for each unit, label by label."""
    sides = np.zeros(len(units.sizes), dtype=np.int64)
    owed = np.zeros(3)
    order = np.lexsort((units.ranks, units.labels))
    borders = np.flatnonzero(np.diff(units.labels[order])) + 1
    for chosen in np.split(order, borders):
        sides[chosen] = divide_label(units.sizes[chosen], units.ranks[chosen], shares, owed)
        rows = np.bincount(sides[chosen], weights=units.sizes[chosen], minlength=3)
        owed += shares * rows.sum() - rows
    fill_empty_sides(sides, units, shares)
    return sides


def divide_label(sizes: np.ndarray, ranks: np.ndarray, shares: np.ndarray, owed: np.ndarray) -> np.ndarray:
    """A side (0, 1, 2) for each unit of one label; units come in random order."""
    sides = np.zeros(len(sizes), dtype=np.int64)
    if len(sizes) < 2:
        return sides
    room = quotas(int(sizes.sum()), shares, owed).tolist()
    several = np.flatnonzero(sizes > 1)
    several = several[np.argsort(-sizes[several], kind="stable")]
    drawn = []
    for size, chance in zip(sizes[several].tolist(), (ranks[several] / 2.0**64).tolist(), strict=True):
        drawn.append(draw_side(size, room, chance))
        room[drawn[-1]] -= size
    sides[several] = drawn
    singles = np.flatnonzero(sizes == 1)
    ends = np.cumsum(trim(np.maximum(np.array(room), 0), len(singles)))
    sides[singles] = np.searchsorted(ends, np.arange(len(singles)), side="right")
    return sides


def quotas(rows: int, shares: np.ndarray, owed: np.ndarray) -> np.ndarray:
    """Whole numbers of rows for the three sides, each within one of its share; at least one to train.

    What rounding cannot give now is owed, and decides the rounding of the next label.

    >>> quotas(15, np.array([0.8, 0.1, 0.1]), np.zeros(3)).tolist()
    [12, 2, 1]
    >>> quotas(15, np.array([0.8, 0.1, 0.1]), np.array([0.0, -0.5, 0.5])).tolist()
    [12, 1, 2]
    """
    whole = np.floor(shares * rows + 1e-9).astype(np.int64)
    wanting = shares * rows + owed - whole
    wanting[shares <= 0] = -np.inf
    spare = rows - int(whole.sum())
    whole[np.argsort(-np.round(wanting, 9), kind="stable")[:spare]] += 1
    if whole[0] == 0:
        whole[int(np.argmax(whole))] -= 1
        whole[0] = 1
    return whole


def draw_side(size: int, room: Sequence[int], chance: float) -> int:
    """A side with room for a unit, drawn in proportion to its room; the roomiest where none has enough.

    >>> draw_side(2, [8, 1, 2], 0.9)
    2
    """
    fitting = [left if left >= size else 0 for left in room]
    total = sum(fitting)
    if not total:
        return max(range(len(room)), key=room.__getitem__)
    reached = 0
    for side, left in enumerate(fitting):
        reached += left
        if reached / total > chance:
            return side
    return len(room) - 1


def trim(room: np.ndarray, rows: int) -> np.ndarray:
    """Room for exactly that many rows: too much is taken from the roomiest side, too little goes to train."""
    room = room.copy()
    while room.sum() > rows:
        room[int(np.argmax(room))] -= 1
    room[0] += rows - room.sum()
    return room


def fill_empty_sides(sides: np.ndarray, units: Units, shares: np.ndarray) -> None:
    """Move one unit of a label that can spare it to each side that should have rows and has none."""
    for side in (1, 2):
        if shares[side] <= 0 or (sides == side).any():
            continue
        in_train = sides == 0
        spread = np.bincount(units.labels[in_train], minlength=int(units.labels.max(initial=0)) + 1)
        spare = np.flatnonzero(in_train & (spread[units.labels] > 1))
        if len(spare):
            best = np.lexsort((units.ranks[spare], units.sizes[spare], -spread[units.labels[spare]]))[0]
            sides[spare[best]] = side
