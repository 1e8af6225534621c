"""Texts that are too long for one sequence are read in several, each of which repeats some of the last."""

from __future__ import annotations

import numpy as np

# Of a sequence, what is shared with the one before, so that little stands near an end.
SHARED = 4


def overlap_of(limit: int) -> int:
    """How many tokens a sequence of at most so many shares with the one before.

    >>> overlap_of(128)
    32
    """
    return limit // SHARED


def lengths_of_parts(lengths: np.ndarray, limit: int) -> np.ndarray:
    """The tokens of the sequences in which texts of these lengths are read, int64.

    What stands in each sequence anew, such as a question, is not counted.

    >>> lengths_of_parts(np.array([100, 128, 200, 300]), 128).tolist()
    [128, 128, 128, 100, 128, 104, 108]
    """
    step = limit - overlap_of(limit)
    more = np.maximum(0, -(-(lengths - limit) // step))
    return np.concatenate([np.full(int(more.sum()), limit), lengths - more * step]).astype(np.int64)
