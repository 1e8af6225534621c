"""Packed rows of like length side by side, so that attention takes a few large products.

With a product of its own for every length that occurs, a processor is busy with starting products: oneDNN
writes machine code for each new shape, and small ones use one core. So for attention alone rows are widened
to the next of a few widths, and what they are widened by is hidden from them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

# Rows up to the second are widened to multiples of the first, longer ones to multiples of the third.
SHORT_MULTIPLE, SHORT, LONG_MULTIPLE = 8, 64, 16
# To start a group's products takes as long as this many scores of each head.
SCORES_PER_START = 8192


@dataclass(frozen=True)
class Group:
    """Rows that are widened to one width, from a slot on.

    ``hidden`` is added to their scores (rows, heads, any, width): minus infinity for what no row has there;
    None where all are as wide.
    """

    start: int
    rows: int
    width: int
    hidden: torch.Tensor | None

    def of(self, table: torch.Tensor, heads: int) -> torch.Tensor:
        """Its part of a table (slots, heads * a head's width) as (rows, heads, width, a head's width)."""
        part = table[self.start : self.start + self.rows * self.width]
        return part.view(self.rows, self.width, heads, -1).transpose(1, 2)


@dataclass(frozen=True)
class Grouping:
    """Where the tokens of packed rows stand in groups: ``tokens`` of slots, ``slots`` of tokens.

    Those of ``pads`` belong to no token. Tokens after the last row, ``filling``, are in no group.
    """

    groups: tuple[Group, ...]
    tokens: torch.Tensor
    slots: torch.Tensor
    pads: torch.Tensor
    filling: int

    @classmethod
    def of(cls, lengths: Sequence[int], filling: int = 0) -> Grouping:
        """Group rows that stand from long to short.

        >>> found = Grouping.of([130, 129, 15, 9, 3])
        >>> [(group.start, group.rows, group.width) for group in found.groups]
        [(0, 2, 144), (288, 3, 16)]
        """
        groups, tokens, token, slot = [], [], 0, 0
        for own in map(np.array, gathered(lengths)):
            width = widened(int(own[0]))
            there = np.arange(width) < own[:, None]
            hidden = None if there.all() else hide(~there)
            groups.append(Group(slot, len(own), width, hidden))
            tokens.append(
                np.where(there, (token + own.cumsum() - own)[:, None] + np.arange(width), -1).ravel()
            )
            token, slot = token + int(own.sum()), slot + there.size
        found = np.concatenate(tokens)
        places = (np.maximum(found, 0), np.flatnonzero(found >= 0), np.flatnonzero(found < 0))
        return cls(tuple(groups), *map(torch.from_numpy, places), filling)

    def spread(self, table: torch.Tensor) -> torch.Tensor:
        """What is in slots (slots, numbers) of what tokens have (tokens, numbers); pads have a token's."""
        return table.index_select(0, self.tokens)

    def gather(self, table: torch.Tensor) -> torch.Tensor:
        """What tokens have (tokens, numbers) of what is in slots (slots, numbers); those of no row have 0."""
        if not self.filling:
            return table.index_select(0, self.slots)
        found = table.new_zeros(len(self.slots) + self.filling, table.shape[1])
        torch.index_select(table, 0, self.slots, out=found[: len(self.slots)])
        return found

    @functools.cached_property
    def of_firsts(self) -> Grouping:
        """The same rows, in the same groups, where there is a table of the first token of each alone."""
        sizes = [group.rows for group in self.groups]
        starts = np.cumsum([0, *sizes]).tolist()
        groups = tuple(Group(start, rows, 1, None) for start, rows in zip(starts, sizes, strict=False))
        every = torch.arange(starts[-1])
        return Grouping(groups, every, every, every[:0], 0)


def gathered(lengths: Sequence[int]) -> list[Sequence[int]]:
    """Lengths from long to short, in groups that take the least time together.

    >>> gathered([130, 129, 40, 22, 20, 3])
    [[130, 129], [40, 22, 20, 3]]
    """
    starts = [0, *(at for at in range(1, len(lengths)) if widened(lengths[at]) < widened(lengths[at - 1]))]
    # The best way to gather the rows before each border: what it takes, and where its last group starts.
    best = {0: (0, 0)}
    for end in [*starts[1:], len(lengths)]:
        best[end] = min(
            (best[start][0] + SCORES_PER_START + (end - start) * widened(lengths[start]) ** 2, start)
            for start in best
        )
    groups, end = list[Sequence[int]](), len(lengths)
    while end:
        start = best[end][1]
        groups.insert(0, lengths[start:end])
        end = start
    return groups


def widened(length: int) -> int:
    """The width to which a row is widened.

    >>> [widened(length) for length in (1, 8, 9, 64, 65, 512)]
    [8, 8, 16, 64, 80, 512]
    """
    multiple = SHORT_MULTIPLE if length <= SHORT else LONG_MULTIPLE
    return -(-length // multiple) * multiple


def hide(missing: np.ndarray) -> torch.Tensor:
    """What is added to scores (rows, heads, any, width) where columns (rows, width) are missing."""
    hidden = torch.zeros(missing.shape, dtype=torch.bfloat16)
    return hidden.masked_fill_(torch.from_numpy(missing), -torch.inf)[:, None, None]
