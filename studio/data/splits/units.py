"""Rows that must stay together: the same text, the same group, nearly the same text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Units:
    """Sets of rows that stay together, one entry each.

    ``sizes`` in rows; ``labels`` the label (code) that most have; ``ranks`` a seeded uint64. The rows of
    unit u by label are ``pair_labels`` and ``pair_counts`` from ``starts[u]`` up to ``starts[u + 1]``.
    """

    sizes: np.ndarray
    labels: np.ndarray
    ranks: np.ndarray
    starts: np.ndarray
    pair_labels: np.ndarray
    pair_counts: np.ndarray


def find_units(
    keys: np.ndarray, codes: np.ndarray, seed: int, members: np.ndarray | None = None
) -> tuple[Units, np.ndarray]:
    """The units, and the unit of each row: rows with the same key, or else the same of ``members``.

    ``keys`` is uint64 per row and decides the rank, whatever the order of the rows; ``codes`` are labels.
    """
    distinct, of_text = np.unique(keys, return_inverse=True)
    if members is None:
        members, smallest = of_text, distinct
    else:
        _, members = np.unique(members, return_inverse=True)
        smallest = np.full(int(members.max(initial=-1)) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(smallest, members, keys)
    sizes = np.bincount(members, minlength=len(smallest))
    kinds = int(codes.max(initial=0)) + 1
    pairs, counts = np.unique(members * kinds + codes, return_counts=True)
    owners, labels = pairs // kinds, pairs % kinds
    _, firsts = np.unique(owners[np.lexsort((labels, -counts, owners))], return_index=True)
    commonest = labels[np.lexsort((labels, -counts, owners))][firsts]
    starts = np.searchsorted(owners, np.arange(len(sizes) + 1))
    return Units(sizes, commonest, scramble(smallest, seed), starts, labels, counts), members


def join_ids(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One int64 per row, equal for rows that are tied by either id, directly or by way of other rows.

    >>> join_ids(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
    [0, 0, 0, 2]

    Connected components in about log(rows) rounds of array operations (FastSV: Zhang, Azad, Hu, 2020).
    """
    _, left = np.unique(first, return_inverse=True)
    _, right = np.unique(second, return_inverse=True)
    count = int(left.max(initial=-1)) + 1
    parent = np.arange(count + int(right.max(initial=-1)) + 1)
    right = right + count
    while True:
        before = parent.copy()
        of_left, of_right = parent[parent[left]], parent[parent[right]]
        for target, value in ((parent[left], of_right), (parent[right], of_left)):
            np.minimum.at(parent, target, value)
        np.minimum.at(parent, left, of_right)
        np.minimum.at(parent, right, of_left)
        np.minimum(parent, parent[parent], out=parent)
        if np.array_equal(parent, before):
            return parent[left]


def group_ids(values: pd.Series | Sequence[str]) -> np.ndarray:
    """One int64 per row, equal for rows with the same cell (blanks around it aside); a blank cell is alone.

    >>> group_ids(["ann", " ann ", "", ""]).tolist()
    [0, 0, 1, 2]
    """
    cells = pd.Series(values, dtype="str").str.strip()
    codes = pd.factorize(cells)[0].astype(np.int64)
    return own_ids(np.where((cells == "").to_numpy(dtype=bool), -1, codes))


def own_ids(ids: np.ndarray) -> np.ndarray:
    """The ids, with one of its own for each row that has -1."""
    alone = np.flatnonzero(ids < 0)
    own = ids.astype(np.int64)
    own[alone] = int(ids.max(initial=0)) + 1 + np.arange(len(alone))
    return own


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
