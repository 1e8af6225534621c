"""Arrays of different lengths, one for each row, as one array that is indexed by rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def gather(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Arrays as an array of objects, (rows,), whatever their shapes.

    >>> gather([np.zeros(2), np.zeros(3)])[1].tolist()
    [0.0, 0.0, 0.0]
    """
    listed = list(parts)
    found = np.empty(len(listed), dtype=object)
    for place, part in enumerate(listed):
        found[place] = part
    return found


def spread(flat: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """An array cut along its first axis into one of so many for each row.

    >>> [part.tolist() for part in spread(np.arange(3), np.array([1, 2]))]
    [[0], [1, 2]]
    """
    return gather(np.split(flat, np.cumsum(counts)[:-1]) if len(counts) else [])


def flatten(rows: np.ndarray) -> np.ndarray:
    """The arrays of at least one row after another; an array that is not of objects stays as it is.

    >>> flatten(gather([np.zeros(2), np.ones(1)])).tolist(), flatten(np.zeros(2)).tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.0])
    """
    return np.concatenate(list(rows)) if rows.dtype == object else rows
