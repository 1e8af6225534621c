"""Scores of a classifier; where scikit-learn has the same number it is the definition followed here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.metrics.calibration import expected_calibration_error

POSITIVE_ID = 1


@dataclass(frozen=True)
class LabelScores:
    """Scores of each label; four arrays of length labels, support counts rows."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def confusion_matrix(true_ids: np.ndarray, predicted_ids: np.ndarray, label_count: int) -> np.ndarray:
    """Count rows by true label (down) and predicted label (across).

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.asarray(true_ids, dtype=np.int64) * label_count + np.asarray(predicted_ids, dtype=np.int64)
    return np.bincount(cells, minlength=label_count * label_count).reshape(label_count, label_count)


def score_labels(matrix: np.ndarray) -> LabelScores:
    """Precision, recall, F1 and support of each label; 0 where a share has nothing to divide by."""
    right = np.diag(matrix).astype(np.float64)
    support, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    return LabelScores(
        precision=divide(right, predicted),
        recall=divide(right, support),
        f1=divide(2 * right, predicted + support),
        support=support,
    )


def divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide element by element, giving 0 for 0/0."""
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def matrix_of(true_ids: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Confusion matrix of the most probable labels."""
    return confusion_matrix(true_ids, probabilities.argmax(axis=1), probabilities.shape[1])


def mean_of_seen(values: np.ndarray, matrix: np.ndarray) -> float:
    """Mean over the labels that occur as truth or as prediction; a label absent from both says nothing."""
    seen = (matrix.sum(axis=1) + matrix.sum(axis=0)) > 0
    return float(values[seen].mean()) if seen.any() else 0.0


def accuracy(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Share of rows whose most probable label is the true one."""
    return float((probabilities.argmax(axis=1) == true_ids).mean()) if len(true_ids) else 0.0


def balanced_accuracy(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean recall over the labels that have rows."""
    scores = score_labels(matrix_of(true_ids, probabilities))
    present = scores.support > 0
    return float(scores.recall[present].mean()) if present.any() else 0.0


def f1_macro(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean F1 of the labels, each label counting the same."""
    matrix = matrix_of(true_ids, probabilities)
    return mean_of_seen(score_labels(matrix).f1, matrix)


def f1_weighted(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean F1 of the labels, each counting by its rows."""
    scores = score_labels(matrix_of(true_ids, probabilities))
    rows = scores.support.sum()
    return float((scores.f1 * scores.support).sum() / rows) if rows else 0.0


def f1_positive(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """F1 of the second of two labels."""
    return float(score_labels(matrix_of(true_ids, probabilities)).f1[POSITIVE_ID])


def precision_macro(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean precision of the labels."""
    matrix = matrix_of(true_ids, probabilities)
    return mean_of_seen(score_labels(matrix).precision, matrix)


def recall_macro(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean recall of the labels."""
    matrix = matrix_of(true_ids, probabilities)
    return mean_of_seen(score_labels(matrix).recall, matrix)


def mcc(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Matthews correlation (Gorodkin 2004 for several labels): 1 is perfect, 0 is chance."""
    matrix = matrix_of(true_ids, probabilities).astype(np.float64)
    total, right = matrix.sum(), np.trace(matrix)
    actual, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    spread = (total**2 - predicted @ predicted) * (total**2 - actual @ actual)
    return float((right * total - actual @ predicted) / np.sqrt(spread)) if spread > 0 else 0.0


def log_loss(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean negative logarithm of the probability given to the true label."""
    if not len(true_ids):
        return 0.0
    given = probabilities[np.arange(len(true_ids)), true_ids].astype(np.float64)
    return float(-np.log(np.clip(given, np.finfo(np.float64).eps, 1.0)).mean())


def ece(true_ids: np.ndarray, probabilities: np.ndarray) -> float:
    """Expected calibration error of the answers, in 15 bins of equal width."""
    right = probabilities.argmax(axis=1) == true_ids
    return expected_calibration_error(probabilities.max(axis=1), right) if len(true_ids) else 0.0
