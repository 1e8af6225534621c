"""Tokenised rows of different lengths, kept without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np

from studio.tasks.base import Encoded

MASK = "attention_mask"


@dataclass(frozen=True)
class EncodedRows:
    """Tokenised rows without padding, each with what a model is to answer where that is known.

    ``lengths`` are their tokens, int64. ``parts`` holds input_ids and perhaps token_type_ids of all rows one
    after another, int32; which tokens are real need not be kept, as all are. The first axis of ``targets``,
    label ids (int64) or numbers (float32), is rows. Where a row is several ``sequences``, such as the options
    to choose from, these stand one after another, and ``counts`` (int64) says how many each row has.
    """

    lengths: np.ndarray
    parts: Mapping[str, np.ndarray]
    targets: np.ndarray | None = None
    sequences: EncodedRows | None = None
    counts: np.ndarray | None = None

    @classmethod
    def of(cls, encoded: Encoded, targets: Sequence[int] | np.ndarray | None = None) -> EncodedRows:
        """What a tokenizer gave."""
        lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
        total = int(lengths.sum())
        parts = {
            name: np.fromiter(chain.from_iterable(column), dtype=np.int32, count=total)
            for name, column in encoded.items()
            if name != MASK
        }
        return cls(lengths, parts).with_targets(targets)

    def with_targets(self, targets: Sequence[int] | np.ndarray | None) -> EncodedRows:
        """The same rows with what is to be answered."""
        return replace(self, targets=None if targets is None else np.asarray(targets))

    def grouped(self, counts: Sequence[int] | np.ndarray) -> EncodedRows:
        """The same sequences, so many of them for each row.

        >>> rows = EncodedRows.of({"input_ids": [[5], [6, 7], [8]]}).grouped([1, 2])
        >>> rows.lengths.tolist(), rows.row("input_ids", 1).tolist()
        ([1, 3], [6, 7, 8])
        >>> rows.sequences_of(np.array([1])).tolist()
        [1, 2]
        """
        counts = np.asarray(counts, dtype=np.int64)
        starts = np.cumsum(counts) - counts
        lengths = np.add.reduceat(self.lengths, starts) if len(counts) else self.lengths
        return EncodedRows(lengths, self.parts, self.targets, sequences=self, counts=counts)

    @cached_property
    def _starts(self) -> np.ndarray:
        assert self.counts is not None
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def _most(self) -> int:
        return 0 if self.counts is None else int(self.counts.max(initial=1))

    def sequences_of(self, numbers: np.ndarray) -> np.ndarray:
        """Which of the sequences belong to some of the rows, those of the first row first."""
        assert self.counts is not None
        ends = zip(self._starts[numbers], self.counts[numbers], strict=True)
        found = [np.arange(start, start + count) for start, count in ends]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def width(self, outputs: int) -> int:
        """How many numbers a model gives for a row, of which its head gives so many for a sequence."""
        return self._most or outputs

    def chosen(self, numbers: np.ndarray) -> EncodedRows:
        """Some of the rows, in the order of their numbers.

        >>> rows = EncodedRows.of({"input_ids": [[5], [6, 7], [8]]}, [0, 1, 0])
        >>> rows.chosen(np.array([2, 1])).parts["input_ids"].tolist()
        [8, 6, 7]
        """
        targets = None if self.targets is None else self.targets[numbers]
        if self.sequences is not None and self.counts is not None:
            flat = self.sequences.chosen(self.sequences_of(numbers))
            return flat.grouped(self.counts[numbers]).with_targets(targets)
        parts = {
            name: np.concatenate([self.row(name, number) for number in numbers] or [column[:0]])
            for name, column in self.parts.items()
        }
        return EncodedRows(self.lengths[numbers], parts, targets)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.lengths)

    def row(self, name: str, number: int) -> np.ndarray:
        """One part of one row."""
        end = self._ends[number]
        return self.parts[name][end - self.lengths[number] : end]


def joined(pieces: Sequence[EncodedRows]) -> EncodedRows:
    """Rows without targets one after another, those of the first piece first; at least one piece."""
    parts = {name: np.concatenate([piece.parts[name] for piece in pieces]) for name in pieces[0].parts}
    return EncodedRows(np.concatenate([piece.lengths for piece in pieces]), parts)
