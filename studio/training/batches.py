"""Which rows make a step, and in which parts a step is computed: pure functions of lengths, seed and limits.

A step is a random batch of the recipe's size, so that its gradient is that of the recipe. The parts in which
it is computed change nothing but the time: their losses are sums divided by the rows of the whole step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from studio.tasks.base import Encoded

ROWS_PER_PART, TOKENS_PER_PART = 64, 16_384
MASK = "attention_mask"


@dataclass(frozen=True)
class Limits:
    """What is computed at once: at most so many rows and tokens, but always one row."""

    rows: int = ROWS_PER_PART
    tokens: int = TOKENS_PER_PART


class EncodedRows:
    """Tokenised rows without padding, each with its label id where labels are known.

    ``lengths`` are their tokens. ``parts`` holds input_ids and perhaps token_type_ids of all rows one after
    another, int32; which tokens are real need not be kept, as all are.
    """

    def __init__(self, encoded: Encoded, label_ids: Sequence[int] | None = None) -> None:
        self.lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
        self.label_ids = None if label_ids is None else np.asarray(label_ids, dtype=np.int64)
        self._ends = np.cumsum(self.lengths)
        total = int(self.lengths.sum())
        self.parts: Mapping[str, np.ndarray] = {
            name: np.fromiter(chain.from_iterable(column), dtype=np.int32, count=total)
            for name, column in encoded.items()
            if name != MASK
        }

    def __len__(self) -> int:
        return len(self.lengths)

    def row(self, name: str, number: int) -> np.ndarray:
        """One part of one row."""
        end = self._ends[number]
        return self.parts[name][end - self.lengths[number] : end]


def plan_epoch(rows: int, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Row numbers of each step of an epoch (0: the first): a random order in batches, the last smaller.

    Depends on its arguments alone, so that a resumed run sees the rows in the order it would have seen.

    >>> [len(step) for step in plan_epoch(10, 4, seed=0, epoch=0)]
    [4, 4, 2]
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    return [order[start : start + batch_size] for start in range(0, rows, batch_size)]


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
    best, begins = np.zeros(len(order) + 1), np.zeros(len(order) + 1, dtype=np.int64)
    for end in range(1, len(order) + 1):
        firsts = np.arange(max(0, end - limits.rows), end)
        padded = longest[firsts] * (end - firsts)
        costs = best[firsts] + padded + overhead
        costs[(padded > limits.tokens) & (end - firsts > 1)] = np.inf
        begins[end] = firsts[np.argmin(costs)]
        best[end] = costs.min()
    parts, end = [], len(order)
    while end > 0:
        parts.append(order[begins[end] : end])
        end = begins[end]
    return parts[::-1]
