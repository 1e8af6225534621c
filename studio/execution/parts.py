"""Cutting rows into the parts that are computed at once: pure functions of lengths and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

ROWS_PER_PART, TOKENS_PER_PART = 64, 16_384
# What another padded part costs, in tokens: its own gradients of all weights, on a graphics processor the
# launches of all its kernels.
OVERHEAD_TOKENS = {"cpu": 64}
OVERHEAD_TOKENS_ELSEWHERE = 2048
# The best cut is sought among so many rows of like length at a time, to bound the memory it takes.
ROWS_PER_SEARCH = 4096


@dataclass(frozen=True)
class Limits:
    """What is computed at once: at most so many rows and tokens, but always one row."""

    rows: int = ROWS_PER_PART
    tokens: int = TOKENS_PER_PART


def cut_packed(lengths: np.ndarray, limits: Limits) -> Iterator[np.ndarray]:
    """Cut rows, from long to short, into parts that are computed without padding.

    >>> [part.tolist() for part in cut_packed(np.array([1, 3, 2]), Limits(rows=9, tokens=5))]
    [[1, 2], [0]]
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        tokens = np.cumsum(lengths[order[start : start + limits.rows]])
        fit = max(1, int(np.searchsorted(tokens, limits.tokens, side="right")))
        yield order[start : start + fit]
        start += fit


def cut_padded(lengths: np.ndarray, limits: Limits, overhead: int) -> list[np.ndarray]:
    """Cut the rows of a step into padded parts of like length so that least is computed.

    Of all ways to cut the rows from long to short the one with the fewest padded tokens, where each further
    part counts as ``overhead`` tokens: what starting it costs.

    >>> lengths = np.array([100, 10, 90, 10])
    >>> [part.tolist() for part in cut_padded(lengths, Limits(), overhead=16)]
    [[0, 2], [1, 3]]
    >>> [part.tolist() for part in cut_padded(lengths, Limits(), overhead=500)]
    [[0, 2, 1, 3]]
    """
    order = np.argsort(-lengths, kind="stable")
    blocks = [order[start : start + ROWS_PER_SEARCH] for start in range(0, len(order), ROWS_PER_SEARCH)]
    return [part for block in blocks for part in cut_sorted(block, lengths[block], limits, overhead)]


def cut_sorted(order: np.ndarray, lengths: np.ndarray, limits: Limits, overhead: int) -> Iterator[np.ndarray]:
    """The best cut of rows that stand in ``order``, with their lengths, from long to short."""
    longest = np.maximum(lengths, 1)
    most = min(limits.rows, len(order))
    rows = np.arange(1, most + 1)
    fits = rows <= np.maximum(1, limits.tokens // longest)[:, None]
    # What a part costs by its first row and its number of rows; those that end alike lie on a diagonal.
    costs = np.where(fits, longest[:, None] * rows + overhead, np.inf).ravel()
    best, begins = np.zeros(len(order) + 1), []
    for end in range(1, len(order) + 1):
        first = max(0, end - most)
        diagonal = slice(first * (most - 1) + end - 1, (end - 1) * most + 1, most - 1 or 1)
        ways = best[first:end] + costs[diagonal]
        way = int(ways.argmin())
        best[end] = ways[way]
        begins.append(first + way)
    borders = [len(order)]
    while borders[-1] > 0:
        borders.append(begins[borders[-1] - 1])
    for begin, end in pairwise(reversed(borders)):
        yield order[begin:end]
