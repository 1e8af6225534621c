"""Scores of rows that have any number of labels, as scikit-learn defines them.

``truth`` is 0 or 1 for each label, (rows, labels). ``scores`` holds the probability of each label and whether
it is given to the row, 0 or 1: (rows, labels, 2).
"""

from __future__ import annotations

import numpy as np

from studio.metrics.classification import divide


def count_answers(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each label: the rows rightly given it, the rows given it, and those that have it; int64 (labels,).

    >>> given = np.array([[[0.9, 1], [0.2, 0]], [[0.8, 1], [0.7, 1]]])
    >>> [counts.tolist() for counts in count_answers(np.array([[1, 1], [0, 1]]), given)]
    [[1, 1], [2, 1], [1, 2]]
    """
    has, given = truth > 0, scores[:, :, 1] > 0
    return (has & given).sum(axis=0), given.sum(axis=0), has.sum(axis=0)


def f1_micro(truth: np.ndarray, scores: np.ndarray) -> float:
    """F1 of all labels of all rows together; 0 where no row has or gets one."""
    right, given, has = (int(counts.sum()) for counts in count_answers(truth, scores))
    return 2 * right / (given + has) if given + has else 0.0


def f1_macro(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean of the labels' F1, which is 0 for a label that no row has or gets."""
    right, given, has = count_answers(truth, scores)
    return float(divide(2.0 * right, given + has).mean()) if len(right) else 0.0


def subset_accuracy(truth: np.ndarray, scores: np.ndarray) -> float:
    """Share of rows that are given exactly their labels."""
    return float(((truth > 0) == (scores[:, :, 1] > 0)).all(axis=1).mean()) if len(truth) else 0.0


def lrap(truth: np.ndarray, scores: np.ndarray) -> float:
    """Label ranking average precision; a row that has all labels or none counts 1.

    For each label of a row: of the labels at least as probable, the share that the row has.
    """
    if not truth.size:
        return 0.0
    order = np.argsort(-scores[:, :, 0], axis=1, kind="stable")
    ranked = np.take_along_axis(scores[:, :, 0], order, axis=1)
    has = np.take_along_axis(truth > 0, order, axis=1)
    count = has.shape[1]
    # Labels that are equally probable share the last of their places.
    is_last = np.ones(has.shape, dtype=bool)
    is_last[:, :-1] = ranked[:, :-1] != ranked[:, 1:]
    places = np.where(is_last, np.arange(count), count)
    places = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(has.cumsum(axis=1), places, axis=1)
    number = has.sum(axis=1)
    precision = np.where(has, found / (places + 1), 0.0).sum(axis=1)
    mean = np.divide(precision, number, out=np.ones(len(has)), where=(number > 0) & (number < count))
    return float(mean.mean())
