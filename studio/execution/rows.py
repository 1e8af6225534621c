"""Tokenised rows of different lengths, kept without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from studio.tasks.base import Encoded

MASK = "attention_mask"


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
