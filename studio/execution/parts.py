"""Cutting rows into the parts that are computed at once: pure functions of lengths and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ROWS_PER_PART, TOKENS_PER_PART = 64, 16_384


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
    longest = np.maximum(lengths[order], 1)
    fitting = np.clip(limits.tokens // longest, 1, limits.rows)
    rows = np.arange(1.0, limits.rows + 1)
    best = np.concatenate([[0.0], np.full(len(order), np.inf)])
    for first, (width, most) in enumerate(zip(longest.tolist(), fitting.tolist(), strict=True)):
        known = best[first + 1 : first + 1 + most]
        np.minimum(known, width * rows[: len(known)] + (best[first] + overhead), out=known)
    parts, end = [], len(order)
    while end > 0:
        firsts = np.arange(max(0, end - limits.rows), end)
        costs = best[firsts] + overhead + longest[firsts] * (end - firsts)
        # All are whole numbers, so that the way the best came about is found again exactly.
        begin = int(firsts[(costs == best[end]) & (end - firsts <= fitting[firsts])][0])
        parts.append(order[begin:end])
        end = begin
    return parts[::-1]
