"""Whether two models differ on the same rows by more than chance: paired bootstrap and McNemar's test."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from studio.results.predictions import Answers

DRAWS, FEWEST_DRAWS = 2000, 200
CELLS_AT_MOST = 20_000_000  # of all draws together
Score = Callable[[np.ndarray, np.ndarray], float]


def draw_accuracies(models: Sequence[Answers], seed: int, draws: int = DRAWS) -> np.ndarray:
    """Accuracy of each model on the same resampled rows, float (models, draws).

    Rows count only by which models got them right, so that whole groups of equal rows are drawn at
    once: the same distribution as drawing single rows, in time that does not grow with them.
    """
    right = np.array([model.right for model in models])
    patterns, sizes = np.unique(right, axis=1, return_counts=True)
    rows = right.shape[1]
    drawn = np.random.default_rng(seed).multinomial(rows, sizes / rows, size=draws)
    return (drawn @ patterns.T.astype(np.float64) / rows).T


def draw_scores(models: Sequence[Answers], score: Score, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Scores of each model on the same resampled rows, float (models, draws).

    ``score`` takes the truth and the scores of rows; differences between rows of the answer are paired. With
    many rows or labels a draw is dear, and the scores hardly move: fewer draws do.
    """
    rows = models[0].rows
    cells = sum(model.scores.size for model in models)
    draws = min(draws, max(FEWEST_DRAWS, CELLS_AT_MOST // max(1, cells)))
    rng = np.random.default_rng(seed)
    values = np.empty((len(models), draws))
    for draw in range(draws):
        pick = rng.integers(0, rows, size=rows)
        for position, model in enumerate(models):
            values[position, draw] = score(model.truth[pick], model.scores[pick])
    return values


def interval_of(differences: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of bootstrap differences (percentile method)."""
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)


def bootstrap_p_value(differences: np.ndarray) -> float:
    """Two-sided p-value of bootstrap differences: twice the smaller share beyond zero.

    One is added to both counts, so that no finite number of draws claims certainty
    (Davison and Hinkley, Bootstrap Methods and their Application, section 4.2).
    """
    draws = len(differences)
    beyond = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (draws + 1))


def mcnemar_p_value(only_a: int, only_b: int) -> float:
    """Exact two-sided McNemar p-value from the rows only one of the two models got right.

    >>> round(mcnemar_p_value(1, 9), 4), mcnemar_p_value(4, 4)
    (0.0215, 1.0)
    """
    rows, fewer = only_a + only_b, min(only_a, only_b)
    if only_a == only_b:
        return 1.0
    logs = [
        math.lgamma(rows + 1) - math.lgamma(k + 1) - math.lgamma(rows - k + 1) - rows * math.log(2)
        for k in range(fewer + 1)
    ]
    return min(1.0, 2 * math.fsum(math.exp(value) for value in logs))


def adjust_p_values(p_values: Sequence[float]) -> list[float]:
    """Holm's correction for as many comparisons as there are p-values.

    >>> adjust_p_values([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted
