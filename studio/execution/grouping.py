"""Packed rows of like length side by side, so that attention takes a few large products.

With a product of its own for every length that occurs, a processor is busy with starting products: oneDNN
writes machine code for each new shape, and small ones use one core. So for attention alone rows are widened
to the next of a few widths, and what they are widened by is hidden from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

# Rows up to the second are widened to multiples of the first, longer ones to multiples of the third.
SHORT_MULTIPLE, SHORT, LONG_MULTIPLE = 8, 64, 16


@dataclass(frozen=True)
class Group:
    """Rows that are widened to one width, from a slot on.

    ``hidden`` is added to their scores (rows, heads, width, width): minus infinity for what no row has there;
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

    def scores(self, heads: int) -> int:
        """How many scores its attention has."""
        return self.rows * heads * self.width**2


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

        >>> found = Grouping.of([70, 65, 15, 9, 3])
        >>> [(group.start, group.rows, group.width) for group in found.groups]
        [(0, 2, 80), (160, 2, 16), (192, 1, 8)]
        """
        groups, tokens, token, slot = [], [], 0, 0
        for width, some in groupby(lengths, widened):
            own = np.array([*some])
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

    def parts_of(self, numbers: torch.Tensor, heads: int) -> Iterator[torch.Tensor]:
        """Cut a list of as many numbers as there are scores: (rows * heads, width, width) for each group."""
        sizes = [group.scores(heads) for group in self.groups]
        for group, part in zip(self.groups, numbers.split(sizes), strict=True):
            yield part.view(-1, group.width, group.width)


def widened(length: int) -> int:
    """The width to which a row is widened.

    >>> [widened(length) for length in (1, 8, 9, 64, 65, 512)]
    [8, 8, 16, 64, 80, 512]
    """
    multiple = SHORT_MULTIPLE if length <= SHORT else LONG_MULTIPLE
    return -(-length // multiple) * multiple


def hide(missing: np.ndarray) -> torch.Tensor:
    """What is added to scores (rows, heads, width, width) where columns (rows, width) are missing."""
    hidden = torch.zeros(missing.shape, dtype=torch.bfloat16)
    return hidden.masked_fill_(torch.from_numpy(missing), -torch.inf)[:, None, None]
