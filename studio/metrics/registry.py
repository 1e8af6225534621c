"""Every metric the studio knows: one line each, with the words a reader needs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from studio.errors import NotFound
from studio.metrics import answers, entities, multilabel, regression
from studio.metrics import classification as score
from studio.metrics.base import Metric


def f1_macro(truth: np.ndarray, scores: np.ndarray) -> float:
    """F1 averaged over labels, of rows that have one label (rows,) or any number of them (rows, labels)."""
    return (multilabel if truth.ndim > 1 else score).f1_macro(truth, scores)


def f1(truth: np.ndarray, scores: np.ndarray) -> float:
    """F1 of the second of two labels, of rows that have one (rows,); of entities, by counts (rows, 1); or of
    answers to questions, of which some have one, bool (rows,).
    """
    if truth.dtype == bool:
        return answers.mean_of("f1")(truth, scores)
    return entities.f1(truth, scores) if truth.ndim > 1 else score.f1_positive(truth, scores)


def rows_of(truth: np.ndarray, _scores: np.ndarray) -> int:
    """How many rows there are."""
    return len(truth)


def there_are(truth: np.ndarray, _scores: np.ndarray) -> int:
    """How many labels rows have (rows, labels), entities (rows, 1), or questions an answer, bool (rows,)."""
    return int(truth.sum())


def named(_truth: np.ndarray, scores: np.ndarray) -> int:
    """How many entities are found, rightly or not: the second of (rows, 2)."""
    return int(scores[:, 1].sum())


def has_none(truth: np.ndarray, _scores: np.ndarray) -> int:
    """How many questions have none."""
    return int((~truth).sum())


def cases_of_f1(truth: np.ndarray, scores: np.ndarray) -> int:
    """Questions, entities, or rows of the second of two labels."""
    if truth.dtype == bool and truth.ndim == 1:
        return len(truth)
    return there_are(truth, scores) if truth.ndim > 1 else int((truth == 1).sum())


_ALL = (
    Metric(
        "accuracy",
        "Accuracy",
        "Share of rows that got the right label, or option.",
        "share",
        "high",
        score.accuracy,
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Accuracy of each label, averaged, so that rare labels count as much as common ones.",
        "share",
        "high",
        score.balanced_accuracy,
    ),
    Metric(
        "f1",
        "F1",
        "The balance of finding all that is asked for and naming nothing else: entities, the words of an "
        "answer, or rows of the second of two labels.",
        "share",
        "high",
        f1,
        two_labels_only=True,
        cases=cases_of_f1,
    ),
    Metric(
        "f1_macro",
        "F1 (macro)",
        "The balance of finding all rows of a label and naming only those, averaged over labels.",
        "share",
        "high",
        f1_macro,
    ),
    Metric(
        "f1_weighted",
        "F1 (weighted)",
        "F1 averaged over labels, each counting by how many rows it has.",
        "share",
        "high",
        score.f1_weighted,
    ),
    Metric(
        "precision_macro",
        "Precision (macro)",
        "Of the rows given a label, the share that deserve it, averaged over labels.",
        "share",
        "high",
        score.precision_macro,
    ),
    Metric(
        "recall_macro",
        "Recall (macro)",
        "Of the rows that have a label, the share that were found, averaged over labels.",
        "share",
        "high",
        score.recall_macro,
    ),
    Metric(
        "mcc",
        "Matthews correlation",
        "Agreement between truth and answers: 1 is perfect, 0 is chance, below 0 is worse than chance.",
        "number",
        "high",
        score.mcc,
    ),
    Metric(
        "log_loss",
        "Log loss",
        "How little probability the true labels got; 0 is certain and right, and sure mistakes cost most.",
        "number",
        "low",
        score.log_loss,
    ),
    Metric(
        "ece",
        "Calibration error",
        "How far confidence and the share of right answers lie apart; 0 means it can be taken at its word. "
        "It has no interval: chance alone lifts it above 0, most of all with few rows.",
        "share",
        "low",
        score.ece,
        has_interval=False,
    ),
    Metric(
        "f1_micro",
        "F1 (micro)",
        "The balance of finding all labels of all rows and giving only those.",
        "share",
        "high",
        multilabel.f1_micro,
        cases=there_are,
    ),
    Metric(
        "subset_accuracy",
        "Subset accuracy",
        "Share of rows that are given exactly their labels, none too many and none too few.",
        "share",
        "high",
        multilabel.subset_accuracy,
        cases=rows_of,
    ),
    Metric(
        "lrap",
        "Label ranking average precision",
        "How far up the labels of a row stand where all are put in order of probability: 1 is on top.",
        "number",
        "high",
        multilabel.lrap,
    ),
    Metric(
        "precision",
        "Precision",
        "Of the entities that are named, the share that is right in both boundaries and in the label.",
        "share",
        "high",
        entities.precision,
        cases=named,
    ),
    Metric(
        "recall",
        "Recall",
        "Of the entities there are, the share that is named with both boundaries and the label right.",
        "share",
        "high",
        entities.recall,
        cases=there_are,
    ),
    Metric(
        "exact_match",
        "Exact match",
        "Share of questions whose answer is exactly a right one, but for capitals, articles and punctuation.",
        "share",
        "high",
        answers.mean_of("exact_match"),
        cases=rows_of,
    ),
    Metric(
        "exact_match_has_answer",
        "Exact match (answerable)",
        "Exact match among the questions that have an answer in their passage.",
        "share",
        "high",
        answers.mean_of("exact_match_has_answer"),
        cases=there_are,
    ),
    Metric(
        "f1_has_answer",
        "F1 (answerable)",
        "How many words answers share with the right ones, among the questions that have an answer.",
        "share",
        "high",
        answers.mean_of("f1_has_answer"),
        cases=there_are,
    ),
    Metric(
        "exact_match_no_answer",
        "Exact match (unanswerable)",
        "Share of the questions without an answer in their passage that are left without one.",
        "share",
        "high",
        answers.mean_of("exact_match_no_answer"),
        cases=has_none,
    ),
    Metric(
        "f1_no_answer",
        "F1 (unanswerable)",
        "The same share: an answer where there is none has no word right, and none at all has them all.",
        "share",
        "high",
        answers.mean_of("f1_no_answer"),
        cases=has_none,
    ),
    Metric(
        "pearson",
        "Pearson correlation",
        "How well the answers rise with the true numbers: 1 is on a straight line, 0 is no relation.",
        "number",
        "high",
        regression.pearson,
    ),
    Metric(
        "spearman",
        "Spearman correlation",
        "How well the answers put the rows into the right order: 1 is the same order, 0 is no relation.",
        "number",
        "high",
        regression.spearman,
    ),
    Metric(
        "mse",
        "Mean squared error",
        "The square of how far answers are off, averaged; large errors count most.",
        "number",
        "low",
        regression.mse,
    ),
    Metric(
        "mae",
        "Mean absolute error",
        "How far answers are off, averaged, in the unit of the numbers.",
        "number",
        "low",
        regression.mae,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}


def get_metric(name: str) -> Metric:
    """Return a metric by its name; raises NotFound with the names there are."""
    if name not in METRICS:
        raise NotFound(f"There is no metric '{name}'.", f"Choose one of: {', '.join(METRICS)}.")
    return METRICS[name]


def choose_metrics(names: Iterable[str], label_count: int) -> dict[str, Metric]:
    """Keep the metrics that mean something for so many labels, in the order given."""
    chosen = (get_metric(name) for name in names)
    return {metric.name: metric for metric in chosen if metric.applies(label_count)}


def compute_metrics(names: Iterable[str], truth: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Compute metrics from the truth of rows and what a task makes of a model's outputs.

    Those that mean nothing for these rows are left out.
    """
    chosen = choose_metrics(names, scores.shape[1] if scores.ndim > 1 else 1)
    values = {name: metric.compute(truth, scores) for name, metric in chosen.items()}
    return {name: value for name, value in values.items() if not np.isnan(value)}
