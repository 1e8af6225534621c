"""How far a model's confidence can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BIN_COUNT = 15


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies in (low, high]; shares are None where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def bin_numbers(confidences: np.ndarray, bin_count: int) -> np.ndarray:
    """Number of the bin of each confidence; bins are open below and closed above."""
    return np.clip(np.ceil(np.asarray(confidences) * bin_count).astype(np.int64) - 1, 0, bin_count - 1)


def reliability_bins(confidences: np.ndarray, right: np.ndarray, bin_count: int = 10) -> list[ReliabilityBin]:
    """Mean confidence and share of right answers in bins of equal width.

    >>> bins = reliability_bins(np.array([0.6, 0.9, 1.0]), np.array([True, True, False]), 2)
    >>> [(b.low, b.high, b.count, b.accuracy and round(b.accuracy, 3)) for b in bins]
    [(0.0, 0.5, 0, None), (0.5, 1.0, 3, 0.667)]
    """
    numbers = bin_numbers(confidences, bin_count)
    counts = np.bincount(numbers, minlength=bin_count)
    confidence_sums = np.bincount(numbers, weights=confidences, minlength=bin_count)
    right_sums = np.bincount(numbers, weights=np.asarray(right, dtype=np.float64), minlength=bin_count)
    edges = np.linspace(0.0, 1.0, bin_count + 1)
    return [
        ReliabilityBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            count=int(counts[i]),
            confidence=float(confidence_sums[i] / counts[i]) if counts[i] else None,
            accuracy=float(right_sums[i] / counts[i]) if counts[i] else None,
        )
        for i in range(bin_count)
    ]


def expected_calibration_error(
    confidences: np.ndarray, right: np.ndarray, bin_count: int = BIN_COUNT
) -> float:
    """Mean distance between confidence and share of right answers, weighted by rows (Guo et al. 2017).

    >>> expected_calibration_error(np.array([0.8, 0.8]), np.array([True, False])).__round__(3)
    0.3
    """
    bins = [b for b in reliability_bins(confidences, right, bin_count) if b.count]
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / total if total else 0.0  # type: ignore[operator]
