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
    """Tokenised rows without padding, each with its label id where labels are known.

    ``lengths`` are their tokens, int64. ``parts`` holds input_ids and perhaps token_type_ids of all rows one
    after another, int32; which tokens are real need not be kept, as all are.
    """

    lengths: np.ndarray
    parts: Mapping[str, np.ndarray]
    label_ids: np.ndarray | None = None

    @classmethod
    def of(cls, encoded: Encoded, label_ids: Sequence[int] | None = None) -> EncodedRows:
        """What a tokenizer gave."""
        lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
        total = int(lengths.sum())
        parts = {
            name: np.fromiter(chain.from_iterable(column), dtype=np.int32, count=total)
            for name, column in encoded.items()
            if name != MASK
        }
        return cls(lengths, parts).labelled(label_ids)

    def labelled(self, label_ids: Sequence[int] | None) -> EncodedRows:
        """The same rows with these labels."""
        return replace(self, label_ids=None if label_ids is None else np.asarray(label_ids, dtype=np.int64))

    def chosen(self, numbers: np.ndarray) -> EncodedRows:
        """Some of the rows, in the order of their numbers.

        >>> rows = EncodedRows.of({"input_ids": [[5], [6, 7], [8]]}, [0, 1, 0])
        >>> rows.chosen(np.array([2, 1])).parts["input_ids"].tolist()
        [8, 6, 7]
        """
        parts = {
            name: np.concatenate([self.row(name, number) for number in numbers] or [column[:0]])
            for name, column in self.parts.items()
        }
        labels = None if self.label_ids is None else self.label_ids[numbers]
        return EncodedRows(self.lengths[numbers], parts, labels)

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
    """Rows without labels one after another, those of the first piece first; at least one piece."""
    parts = {name: np.concatenate([piece.parts[name] for piece in pieces]) for name in pieces[0].parts}
    return EncodedRows(np.concatenate([piece.lengths for piece in pieces]), parts)
