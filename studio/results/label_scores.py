"""Precision, recall and F1 of each label, and the pairs of labels most often confused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.metrics.classification import confusion_matrix, score_labels
from studio.metrics.intervals import wilson_interval
from studio.results.predictions import Predictions, find_differing, tell_differences


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


def compare_labels(scored: Sequence[list[dict[str, Any]]], names: Sequence[str]) -> list[dict[str, Any]]:
    """F1 of each model per label: {label, support, f1: {model: value}, spread}, the widest spread first.

    ``scored`` has for each model the scores of its labels, as ``label_rows`` gives them.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, entries in zip(names, scored, strict=True):
        for entry in entries:
            row = rows.setdefault(
                entry["label"], {"label": entry["label"], "support": entry["support"], "f1": {}}
            )
            row["f1"][name] = entry["f1"]
    for row in rows.values():
        row["spread"] = max(row["f1"].values()) - min(row["f1"].values())
    return sorted(rows.values(), key=lambda row: -row["spread"])


def find_disagreements(
    answers: Sequence[Predictions], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows on which the models give different answers, those most models miss last.

    The first of them, and how many there are.
    """
    named = [[answer.labels[label] for label in answer.predicted_ids] for answer in answers]
    rows = find_differing(answers, named)
    first = answers[0]
    true = [first.labels[label] for label in first.true_ids]
    return tell_differences(answers, names, rows[:at_most], true, named, sure=True), len(rows)
