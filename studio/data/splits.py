"""Divide rows into train, validation and test: stratified, same text on one side, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.texts import text_keys
from studio.errors import InvalidInput

SPLITS = ("train", "validation", "test")
SUM_TOLERANCE = 1e-6


def check_ratios(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Shares of train, validation and test that add up to 1; percentages are understood.

    >>> check_ratios([80, 10, 10])
    (0.8, 0.1, 0.1)

    Raises InvalidInput for anything else, for a share under 0 and where nothing is left to train on.
    """
    total = float(sum(ratios)) if len(ratios) == 3 else 0.0
    scale = 100.0 if abs(total - 100) < SUM_TOLERANCE * 100 else 1.0
    shares = tuple(float(ratio) / scale for ratio in ratios)
    adds_up = len(shares) == 3 and abs(sum(shares) - 1) <= SUM_TOLERANCE
    if not adds_up or min(shares) < 0 or shares[0] <= 0:
        raise InvalidInput(
            f"{', '.join(f'{ratio:g}' for ratio in ratios)} is no division into three parts.",
            "Give three shares for train, validation and test that add up to 1, such as 0.8,0.1,0.1.",
        )
    return shares[0], shares[1], shares[2]


def split_rows(
    texts: Sequence[str] | pd.Series, labels: Sequence[str] | pd.Series, ratios: Sequence[float], seed: int
) -> np.ndarray:
    """The name of a split for each row, as an array of str.

    Ratios hold within a row or two over all and within one row per label, as far as texts that occur
    more than once (they stay together) allow; a label with one text goes to train.
    """
    return split_keys(text_keys(texts), np.asarray(labels, dtype=object), ratios, seed)


def split_keys(keys: np.ndarray, labels: np.ndarray, ratios: Sequence[float], seed: int) -> np.ndarray:
    """As split_rows, for texts given by their uint64 keys."""
    shares = np.asarray(ratios, dtype=np.float64)
    groups, members = find_groups(keys, labels, seed)
    sides = np.zeros(len(groups.sizes), dtype=np.int64)
    owed = np.zeros(3)
    for label in range(int(groups.labels.max(initial=-1)) + 1):
        chosen = np.flatnonzero(groups.labels == label)
        chosen = chosen[np.argsort(groups.ranks[chosen], kind="stable")]
        sides[chosen] = divide_label(groups.sizes[chosen], groups.ranks[chosen], shares, owed)
        rows = np.bincount(sides[chosen], weights=groups.sizes[chosen], minlength=3)
        owed += shares * rows.sum() - rows
    fill_empty_sides(sides, groups, shares)
    return np.asarray(SPLITS, dtype=object)[sides[members]]


@dataclass(frozen=True)
class Groups:
    """Texts that count as the same: how many rows, the label (code) most have, a seeded rank (uint64)."""

    sizes: np.ndarray
    labels: np.ndarray
    ranks: np.ndarray


def find_groups(keys: np.ndarray, labels: np.ndarray, seed: int) -> tuple[Groups, np.ndarray]:
    """The groups of rows with the same key, and the group of each row."""
    codes, _ = pd.factorize(labels, sort=True)
    distinct, members, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    kinds = int(codes.max(initial=0)) + 1
    pairs, counts = np.unique(members * kinds + codes, return_counts=True)
    by_count = np.lexsort((pairs % kinds, -counts, pairs // kinds))
    _, firsts = np.unique((pairs // kinds)[by_count], return_index=True)
    return Groups(sizes, (pairs % kinds)[by_count][firsts], scramble(distinct, seed)), members


def scramble(keys: np.ndarray, seed: int) -> np.ndarray:
    """Random-looking uint64 from uint64 keys and a seed: SplitMix64 (Steele et al., 2014).

    Numpy promises no stable random streams between versions; this is arithmetic and stays as it is.

    >>> scramble(np.array([1, 2], dtype=np.uint64), 0).tolist()
    [10451216379200822465, 10905525725756348110]
    """
    mask = (1 << 64) - 1
    value = keys ^ np.uint64(splitmix(np.array([seed & mask], dtype=np.uint64))[0] if seed else 0)
    return splitmix(value)


def splitmix(value: np.ndarray) -> np.ndarray:
    """One round of SplitMix64 on uint64, wrapping around."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def divide_label(sizes: np.ndarray, ranks: np.ndarray, shares: np.ndarray, owed: np.ndarray) -> np.ndarray:
    """A side (0, 1, 2) for each group of one label; groups come in random order."""
    sides = np.zeros(len(sizes), dtype=np.int64)
    if len(sizes) < 2:
        return sides
    room = quotas(int(sizes.sum()), shares, owed)
    several = np.flatnonzero(sizes > 1)
    for index in several[np.argsort(-sizes[several], kind="stable")]:
        sides[index] = draw_side(int(sizes[index]), room, float(ranks[index]) / 2.0**64)
        room[sides[index]] -= sizes[index]
    singles = np.flatnonzero(sizes == 1)
    room = np.maximum(room, 0)
    ends = np.cumsum(trim(room, len(singles)))
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


def draw_side(size: int, room: np.ndarray, chance: float) -> int:
    """A side with room for a group, drawn in proportion to its room; the roomiest where none has enough."""
    fitting = np.where(room >= size, room, 0)
    if not fitting.any():
        return int(np.argmax(room))
    return int(np.searchsorted(np.cumsum(fitting) / fitting.sum(), chance, side="right").clip(0, 2))


def trim(room: np.ndarray, rows: int) -> np.ndarray:
    """Room for exactly that many rows: too much is taken from the roomiest side, too little goes to train."""
    room = room.copy()
    while room.sum() > rows:
        room[int(np.argmax(room))] -= 1
    room[0] += rows - room.sum()
    return room


def fill_empty_sides(sides: np.ndarray, groups: Groups, shares: np.ndarray) -> None:
    """Move one group of a label that can spare it to each side that should have rows and has none."""
    for side in (1, 2):
        if shares[side] <= 0 or (sides == side).any():
            continue
        in_train = sides == 0
        spread = np.bincount(groups.labels[in_train], minlength=int(groups.labels.max(initial=0)) + 1)
        spare = np.flatnonzero(in_train & (spread[groups.labels] > 1))
        if len(spare):
            best = np.lexsort((groups.ranks[spare], groups.sizes[spare], -spread[groups.labels[spare]]))[0]
            sides[spare[best]] = side
