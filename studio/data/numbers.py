"""The numbers that a model is to learn, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.tasks.regression import read_number

BINS = 20


def describe_numbers(cells: Sequence[str]) -> dict[str, Any]:
    """Bins of equal width (edges has one more than counts), median, mean, minimum and maximum; cells without
    a number are left out.

    >>> found = describe_numbers(["0", "1,5", "3", "?"])
    >>> found["min"], found["median"], found["max"], sum(found["counts"])
    (0.0, 1.5, 3.0, 3)
    """
    numbers = np.array([read_number(cell) for cell in cells], dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return {}
    counts, edges = np.histogram(numbers, bins=BINS)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "median": float(np.median(numbers)),
        "mean": float(numbers.mean()),
        "min": float(numbers.min()),
        "max": float(numbers.max()),
    }
