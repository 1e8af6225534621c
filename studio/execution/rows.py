"""Tokenised rows of different lengths, kept without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from studio.ragged import flatten, gather, spread
from studio.tasks.base import OF_ROW, PLACES, Encoded

MASK = "attention_mask"
NO_TOKEN = -1


@dataclass(frozen=True)
class Places:
    """The tokens of each sequence for which there is a question, such as the first ones of its words.

    ``values`` are their places within the sequences, one sequence after another, int64; NO_TOKEN for a
    question about nothing that the tokenizer left. ``counts`` is how many each sequence has, int64.
    """

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Places:
        """Those of each sequence."""
        counts = np.array([len(each) for each in lists], dtype=np.int64)
        return cls(np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=int(counts.sum())), counts)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.counts)

    def chosen(self, numbers: np.ndarray) -> Places:
        """Those of some sequences, in the order of their numbers."""
        ends, counts = self._ends[numbers], self.counts[numbers]
        parts = [self.values[end - count : end] for end, count in zip(ends, counts, strict=True)]
        return Places(np.concatenate(parts) if parts else self.values[:0], counts)

    def within(self, numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Where those of some sequences stand among tokens in which each begins at its start.

        >>> Places.of([[1, NO_TOKEN], [2]]).within(np.array([1, 0]), np.array([0, 10])).tolist()
        [2, 11, -1]
        """
        own = self.chosen(numbers)
        return np.where(own.values < 0, NO_TOKEN, own.values + np.repeat(starts, own.counts))


@dataclass(frozen=True)
class EncodedRows:
    """Tokenised rows without padding, each with what a model is to answer where that is known.

    ``lengths`` are their tokens, int64. ``parts`` holds input_ids and perhaps token_type_ids of all rows one
    after another, int32; which tokens are real need not be kept, as all are. The first axis of ``targets``,
    label ids (int64) or numbers (float32), is rows. Where a row is several ``sequences``, such as the options
    to choose from, these stand one after another, and ``counts`` (int64) says how many each row has. Where
    there is not one question to a sequence but several, ``places`` says to which of its tokens; the targets
    are then an array for each row, and so are the answers.
    """

    lengths: np.ndarray
    parts: Mapping[str, np.ndarray]
    targets: np.ndarray | None = None
    sequences: EncodedRows | None = None
    counts: np.ndarray | None = None
    places: Places | None = None

    @classmethod
    def of(cls, encoded: Encoded, targets: Sequence[int] | np.ndarray | None = None) -> EncodedRows:
        """What a task made of rows."""
        lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
        total = int(lengths.sum())
        parts = {
            name: np.fromiter(chain.from_iterable(column), dtype=np.int32, count=total)
            for name, column in encoded.items()
            if name not in (MASK, OF_ROW, PLACES)
        }
        places = Places.of(encoded[PLACES]) if PLACES in encoded else None
        rows = cls(lengths, parts, places=places)
        if OF_ROW in encoded:
            rows = rows.grouped(np.bincount(np.asarray(encoded[OF_ROW], dtype=np.int64)))
        return rows.with_targets(targets)

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
        lengths = sum_each(self.lengths, counts)
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

    @cached_property
    def questions(self) -> np.ndarray | None:
        """How many questions there are to each row, int64 (rows,); None where there is one to each."""
        if self.sequences is not None and self.counts is not None:
            inside = self.sequences.questions
            return None if inside is None else sum_each(inside, self.counts)
        return None if self.places is None else self.places.counts

    def count_questions(self, numbers: np.ndarray) -> int:
        """How many questions there are to some of the rows.

        >>> rows = EncodedRows.of({"input_ids": [[5, 6], [7]], "places": [[0, 1], [0]], "row": [0, 0]})
        >>> rows.count_questions(np.array([0]))
        3
        """
        return len(numbers) if self.questions is None else int(self.questions[numbers].sum())

    def targets_of(self, numbers: np.ndarray) -> np.ndarray:
        """What is to be answered to the questions of some rows, one after another."""
        assert self.targets is not None
        return flatten(self.targets[numbers])

    def width(self, outputs: int) -> int:
        """How many numbers answer a question, where the head gives so many at a time."""
        return outputs if self.counts is None or self.questions is not None else self._most

    def room(self, outputs: int) -> np.ndarray:
        """Zeros for all answers: float32 (rows, width), or an array of (questions, outputs) for each row."""
        if self.questions is None:
            return np.zeros((len(self), self.width(outputs)), dtype=np.float32)
        return gather(np.zeros((count, outputs), dtype=np.float32) for count in self.questions)

    def by_row(self, answers: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """The answers to some rows, given one question after another, as ``room`` has room for them."""
        return answers if self.questions is None else spread(answers, self.questions[numbers])

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
        places = None if self.places is None else self.places.chosen(numbers)
        return EncodedRows(self.lengths[numbers], parts, targets, places=places)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.lengths)

    def row(self, name: str, number: int) -> np.ndarray:
        """One part of one row."""
        end = self._ends[number]
        return self.parts[name][end - self.lengths[number] : end]


def sum_each(numbers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sums of so many numbers after another, at least one each.

    >>> sum_each(np.array([1, 2, 3]), np.array([1, 2])).tolist()
    [1, 5]
    """
    return np.add.reduceat(numbers, np.cumsum(counts) - counts) if len(counts) else numbers[:0]


def joined(pieces: Sequence[EncodedRows]) -> EncodedRows:
    """Rows without targets one after another, those of the first piece first; at least one piece."""
    inside: list[Any] = [piece.sequences for piece in pieces]
    if all(inside):
        return joined(inside).grouped(np.concatenate([piece.counts for piece in pieces]))  # type: ignore[misc]
    parts = {name: np.concatenate([piece.parts[name] for piece in pieces]) for name in pieces[0].parts}
    lengths = np.concatenate([piece.lengths for piece in pieces])
    asked: list[Any] = [piece.places for piece in pieces]
    if asked[0] is None:
        return EncodedRows(lengths, parts)
    values, counts = (
        np.concatenate([getattr(each, name) for each in asked]) for name in ("values", "counts")
    )
    return EncodedRows(lengths, parts, places=Places(values, counts))
