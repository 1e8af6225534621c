"""Tokenised rows of different lengths, kept without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from studio.ragged import flatten, gather, spread
from studio.tasks.base import ABOUT, OF_ROW, PLACES, Encoded

MASK = "attention_mask"
NO_TOKEN = -1
FACTS = 3
"""What is known about a place: the number of its sequence in the row, and its first and last character."""


@dataclass(frozen=True)
class Places:
    """The tokens of each sequence for which there is a question, such as the first ones of its words.

    ``values`` are their places within the sequences, one sequence after another, int64; NO_TOKEN for a
    question about nothing that the tokenizer left. ``counts`` is how many each sequence has, int64. ``about``
    tells FACTS of each, int32 (places, 3), where the task needs them.
    """

    values: np.ndarray
    counts: np.ndarray
    about: np.ndarray | None = None

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]], about: Sequence[np.ndarray] | None = None) -> Places:
        """Those of each sequence."""
        counts = np.array([len(each) for each in lists], dtype=np.int64)
        values = np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=int(counts.sum()))
        none = np.zeros((0, FACTS), dtype=np.int32)
        return cls(values, counts, None if about is None else np.concatenate([none, *about]))

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.counts)

    def chosen(self, numbers: np.ndarray) -> Places:
        """Those of some sequences, in the order of their numbers."""
        ends, counts = self._ends[numbers], self.counts[numbers]

        def of_these(column: np.ndarray) -> np.ndarray:
            parts = [column[end - count : end] for end, count in zip(ends, counts, strict=True)]
            return np.concatenate(parts) if parts else column[:0]

        return Places(of_these(self.values), counts, None if self.about is None else of_these(self.about))

    def within(self, numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Where those of some sequences stand among tokens in which each begins at its start.

        >>> Places.of([[1, NO_TOKEN], [2]]).within(np.array([1, 0]), np.array([0, 10])).tolist()
        [2, 11, -1]
        """
        own = Places(self.values, self.counts).chosen(numbers)
        return np.where(own.values < 0, NO_TOKEN, own.values + np.repeat(starts, own.counts))


@dataclass(frozen=True)
class EncodedRows:
    """Tokenised rows without padding, each with what a model is to answer where that is known.

    ``lengths`` are their tokens, int64. ``parts`` holds input_ids and perhaps token_type_ids of all rows one
    after another, int32; which tokens are real need not be kept, as all are. The first axis of ``targets``,
    label ids (int64) or numbers (float32), is rows. Where a row is several ``sequences``, such as the options
    to choose from, these stand one after another, and ``counts`` (int64) says how many each row has. Where
    there is not one question to a sequence but several, ``places`` says to which of its tokens; the targets
    are then an array for each row, and so are the answers. ``aims`` are what the loss compares answers with
    in the place of the targets, an array for each row.
    """

    lengths: np.ndarray
    parts: Mapping[str, np.ndarray]
    targets: np.ndarray | None = None
    sequences: EncodedRows | None = None
    counts: np.ndarray | None = None
    places: Places | None = None
    aims: np.ndarray | None = None

    @classmethod
    def of(cls, encoded: Encoded, targets: Sequence[int] | np.ndarray | None = None) -> EncodedRows:
        """What a task made of rows."""
        lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
        total = int(lengths.sum())
        parts = {
            name: np.fromiter(chain.from_iterable(column), dtype=np.int32, count=total)
            for name, column in encoded.items()
            if name not in (MASK, OF_ROW, PLACES, ABOUT)
        }
        places = Places.of(encoded[PLACES], encoded.get(ABOUT)) if PLACES in encoded else None
        rows = cls(lengths, parts, places=places)
        if OF_ROW in encoded:
            rows = rows.grouped(np.bincount(np.asarray(encoded[OF_ROW], dtype=np.int64)))
        return rows.with_targets(targets)

    def with_targets(
        self, targets: Sequence[int] | np.ndarray | None, aims: np.ndarray | None = None
    ) -> EncodedRows:
        """The same rows with what is to be answered."""
        return replace(self, targets=None if targets is None else np.asarray(targets), aims=aims)

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

    @cached_property
    def about(self) -> np.ndarray | None:
        """What is known about the places of each row, an array of FACTS for each; None where nothing is."""
        places = (self.sequences or self).places
        known = None if places is None else places.about
        return None if known is None or self.questions is None else spread(known, self.questions)

    def targets_of(self, numbers: np.ndarray) -> np.ndarray:
        """What the loss compares the answers to some rows with, one question after another.

        >>> targets = np.array([np.array([0, 1]), np.array([1])], dtype=object)
        >>> EncodedRows.of({"input_ids": [[5, 6], [7]]}, targets).targets_of(np.array([1, 0])).tolist()
        [1, 0, 1]
        """
        compared = self.targets if self.aims is None else self.aims
        assert compared is not None
        return flatten(compared[numbers])

    def width(self, outputs: int) -> int:
        """How many numbers answer a question, where the head gives so many at a time."""
        return outputs if self.counts is None or self.questions is not None else self._most

    def room(self, outputs: int) -> np.ndarray:
        """Zeros for all answers: float32 (rows, width), or an array of (questions, outputs) for each row.

        Behind the outputs of each question is room for what is known about it.
        """
        if self.questions is None:
            return np.zeros((len(self), self.width(outputs)), dtype=np.float32)
        columns = outputs + self._facts
        return gather(np.zeros((count, columns), dtype=np.float32) for count in self.questions)

    def by_row(self, answers: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """The answers to some rows, given one question after another, as ``room`` has room for them."""
        if self.questions is None:
            return answers
        if self.about is not None and len(numbers):
            answers = np.hstack([answers, flatten(self.about[numbers]).astype(np.float32)])
        return spread(answers, self.questions[numbers])

    def outputs_in(self, answers: np.ndarray) -> np.ndarray:
        """What the head gave, one question after another, of at least one row of what ``by_row`` gives."""
        flat = flatten(answers)
        return flat[:, : flat.shape[1] - self._facts] if self._facts else flat

    @property
    def _facts(self) -> int:
        places = (self.sequences or self).places
        return 0 if places is None or places.about is None else FACTS

    def chosen(self, numbers: np.ndarray) -> EncodedRows:
        """Some of the rows, in the order of their numbers.

        >>> rows = EncodedRows.of({"input_ids": [[5], [6, 7], [8]]}, [0, 1, 0])
        >>> rows.chosen(np.array([2, 1])).parts["input_ids"].tolist()
        [8, 6, 7]
        """
        targets = None if self.targets is None else self.targets[numbers]
        aims = None if self.aims is None else self.aims[numbers]
        if self.sequences is not None and self.counts is not None:
            flat = self.sequences.chosen(self.sequences_of(numbers))
            return flat.grouped(self.counts[numbers]).with_targets(targets, aims)
        parts = {
            name: np.concatenate([self.row(name, number) for number in numbers] or [column[:0]])
            for name, column in self.parts.items()
        }
        places = None if self.places is None else self.places.chosen(numbers)
        return EncodedRows(self.lengths[numbers], parts, targets, places=places, aims=aims)

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
    values, counts, about = (
        None if getattr(asked[0], name) is None else np.concatenate([getattr(each, name) for each in asked])
        for name in ("values", "counts", "about")
    )
    assert values is not None and counts is not None
    return EncodedRows(lengths, parts, places=Places(values, counts, about))
