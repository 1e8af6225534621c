"""How uncertain a score is: 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from studio.metrics.base import Metric

Z_95 = 1.959963984540054
RESAMPLES = 1000
CELLS_AT_MOST = 200_000_000  # of all resamples together


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """Interval of a share (Wilson 1927); (0, 1) where nothing was counted.

    >>> tuple(round(edge, 4) for edge in wilson_interval(8, 10))
    (0.4902, 0.9433)
    """
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, Z_95 * Z_95
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap_intervals(
    metrics: Sequence[Metric],
    true_ids: np.ndarray,
    probabilities: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap over rows for several metrics at once; the same seed gives the same numbers.

    Draws without any row that a metric is about, which give it no number, do not count for it. Where all
    cases of a score are right, or none is, every draw says the same: it has the interval of Wilson instead.

    >>> score = Metric("f1", "F1", "", "share", "high", lambda *_: 1.0, cases=lambda truth, _: len(truth))
    >>> bootstrap_intervals([score], np.zeros(6), np.zeros((6, 2)))
    {'f1': (0.6096657120978346, 1.0)}
    """
    rows = len(true_ids)
    if rows == 0 or not metrics:
        return {}
    # Many rows or labels make a resample dear, and their intervals are narrow: fewer resamples do.
    resamples = max(200, min(resamples, CELLS_AT_MOST // max(1, probabilities.size)))
    generator = np.random.default_rng(seed)
    values = np.empty((resamples, len(metrics)))
    for number in range(resamples):
        chosen = generator.integers(0, rows, rows)
        truth, given = true_ids[chosen], probabilities[chosen]
        values[number] = [metric.compute(truth, given) for metric in metrics]
    found = {metric.name: middle_95(column) for metric, column in zip(metrics, values.T, strict=True)}
    for metric in metrics:
        low, high = found[metric.name]
        if metric.cases and low == high in (0.0, 1.0):
            cases = metric.cases(true_ids, probabilities)
            found[metric.name] = wilson_interval(round(low) * cases, cases)
    return found


def middle_95(values: np.ndarray) -> tuple[float, float]:
    """The edges of the middle 95 % of the numbers among some values; NaN where none is a number.

    >>> middle_95(np.array([1.0, np.nan, 1.0])), middle_95(np.array([np.nan]))
    ((1.0, 1.0), (nan, nan))
    """
    numbers = values[~np.isnan(values)]
    low, high = np.quantile(numbers, [0.025, 0.975]) if len(numbers) else (np.nan, np.nan)
    return float(low), float(high)


def intervals_of(
    metrics: Mapping[str, Metric], true_ids: np.ndarray, probabilities: np.ndarray, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % interval of every metric that has one: Wilson for accuracy, a seeded bootstrap for the others."""
    others = [metric for name, metric in metrics.items() if metric.has_interval and name != "accuracy"]
    found = bootstrap_intervals(others, true_ids, probabilities, seed=seed)
    if "accuracy" in metrics:
        right = int((probabilities.argmax(axis=1) == true_ids).sum()) if len(true_ids) else 0
        found["accuracy"] = wilson_interval(right, len(true_ids))
    return {name: found[name] for name in metrics if name in found}
