"""Precision, recall and F1 of each label, and the pairs of labels most often confused."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.metrics.classification import confusion_matrix, score_labels
from studio.metrics.intervals import wilson_interval
from studio.results.predictions import Predictions


def confusion_of(predictions: Predictions) -> np.ndarray:
    """Rows by true label (down) and predicted label (across), int (labels, labels)."""
    return confusion_matrix(predictions.true_ids, predictions.predicted_ids, len(predictions.labels))


def label_rows(predictions: Predictions) -> list[dict[str, Any]]:
    """One entry per label, in the order of the labels.

    ``support`` counts its rows and ``predicted`` the answers that named it; scores are 0 where there
    is nothing to divide by; ``recall_interval`` is 95 % (Wilson), None where the label has no rows.
    """
    matrix = confusion_of(predictions)
    scores = score_labels(matrix)
    return [
        {
            "label": label,
            "precision": float(scores.precision[k]),
            "recall": float(scores.recall[k]),
            "f1": float(scores.f1[k]),
            "support": int(scores.support[k]),
            "predicted": int(matrix[:, k].sum()),
            "recall_interval": recall_interval(int(matrix[k, k]), int(scores.support[k])),
        }
        for k, label in enumerate(predictions.labels)
    ]


def recall_interval(right: int, rows: int) -> list[float] | None:
    """Interval of the share of a label's rows that were found."""
    return list(wilson_interval(right, rows)) if rows else None


def confused_pairs(labels: tuple[str, ...], matrix: np.ndarray) -> list[dict[str, Any]]:
    """Pairs {true, predicted, count, of, share} with at least one row, the most frequent first.

    ``of`` counts the rows of the true label; of equals, the larger share comes first.
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    rows = matrix.sum(axis=1)
    pairs = [
        {
            "true": labels[true],
            "predicted": labels[predicted],
            "count": int(wrong[true, predicted]),
            "of": int(rows[true]),
            "share": float(wrong[true, predicted] / rows[true]),
        }
        for true, predicted in np.argwhere(wrong > 0).tolist()
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], -pair["share"]))
