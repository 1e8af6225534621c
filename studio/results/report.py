"""The report of one model on one split: scores with intervals, what they are worth, and where it errs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np

from studio.metrics.calibration import reliability_bins
from studio.metrics.intervals import intervals_of, wilson_interval
from studio.metrics.registry import choose_metrics, compute_metrics
from studio.results import report_words as words
from studio.results.baselines import Baselines
from studio.results.label_scores import confused_pairs, confusion_of, label_rows
from studio.results.paired import draw_accuracies, interval_of, mcnemar_p_value
from studio.results.predictions import Predictions
from studio.tasks.base import Tuned
from studio.tasks.registry import get_task

CONFIDENT = 0.9
HISTOGRAM_BINS = 20
PAIRS_KEPT = 50
CHANCE_LEVEL = 0.05


P = TypeVar("P")
B = TypeVar("B")


@dataclass(frozen=True)
class ReportInputs(Generic[P, B]):
    """What a report is made of; ``notes`` are sentences that stand before its own.

    ``tuned`` is what the task chose on the validation rows.
    """

    model: str
    dataset: str
    split: str
    predictions: P
    task: str = "classification"
    baselines: B | None = None
    notes: tuple[str, ...] = ()
    tuned: Tuned = field(default_factory=dict)
    seed: int = 0


LabelInputs = ReportInputs[Predictions, Baselines]


@dataclass(frozen=True)
class Report:
    """The CONTRACT shape of ``evaluate`` and what stands beside it on the results page.

    ``sentences`` are {score, baselines, confusion, confidence, calibration, errors}, those that the task has;
    ``sentence`` sums up. What is about labels is empty for other tasks, and so is what is
    about ``numbers``, ``options``, ``entities`` or ``questions``.
    """

    model: str
    dataset: str
    split: str
    task: str
    rows: int
    primary_metric: str
    metrics: dict[str, float]
    intervals: dict[str, list[float]]
    baselines: dict[str, Any]
    mistakes: int
    rows_fingerprint: str
    sentences: dict[str, str]
    sentence: str
    labels: list[str] = field(default_factory=list)
    per_label: list[dict[str, Any]] = field(default_factory=list)
    confusion: dict[str, Any] = field(default_factory=dict)
    confused_pairs: list[dict[str, Any]] = field(default_factory=list)
    calibration: dict[str, Any] = field(default_factory=dict)
    confidence: dict[str, Any] = field(default_factory=dict)
    absent_labels: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    entities: dict[str, Any] = field(default_factory=dict)
    questions: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any] | str) -> Report:
        """Read what to_json wrote, as a mapping or as text; fields of later versions are left out."""
        found = json.loads(value) if isinstance(value, str) else value
        return cls(**{name: found[name] for name in cls.__dataclass_fields__ if name in found})


def build_report(inputs: LabelInputs) -> Report:
    """Measure one model on one split; an empty split gives a report that says so."""
    predictions, task = inputs.predictions, get_task(inputs.task)
    names = task.metrics if predictions.rows else ()
    metrics = choose_metrics(names, len(predictions.labels))
    values = (predictions.true_ids, predictions.probabilities)
    matrix = confusion_of(predictions)
    pairs = confused_pairs(predictions.labels, matrix)
    scores = compute_metrics(names, *values)
    intervals = {
        name: list(edges) for name, edges in intervals_of(metrics, *values, seed=inputs.seed).items()
    }
    per_label = label_rows(predictions)
    absent = [row["label"] for row in per_label if not row["support"]]
    baselines = score_baselines(inputs)
    confidence = measure_confidence(predictions)
    calibration = measure_calibration(predictions, scores.get("ece", 0.0))
    sentences = {
        "score": describe_score(inputs, scores, intervals),
        "baselines": " ".join(
            filter(None, (words.describe_baselines(baselines), describe_sameness(predictions)))
        ),
        "confusion": words.describe_confusion(pairs) if predictions.rows else "",
        "confidence": confidence["sentence"],
        "calibration": calibration["sentence"],
    }
    return Report(
        model=inputs.model,
        dataset=inputs.dataset,
        split=inputs.split,
        task=inputs.task,
        rows=predictions.rows,
        labels=list(predictions.labels),
        primary_metric=task.primary_metric,
        metrics=scores,
        intervals=intervals,
        per_label=per_label,
        confusion={"labels": list(predictions.labels), "matrix": matrix.tolist()},
        confused_pairs=pairs[:PAIRS_KEPT],
        calibration=calibration,
        confidence=confidence,
        baselines=baselines,
        absent_labels=absent,
        mistakes=int((~predictions.right).sum()),
        rows_fingerprint=predictions.fingerprint,
        sentences=sentences,
        sentence=" ".join(sentences[part] for part in ("score", "baselines", "confusion") if sentences[part]),
        notes=collect_notes(inputs, absent),
    )


def describe_score(inputs: LabelInputs, scores: dict[str, float], intervals: dict[str, list[float]]) -> str:
    """The first sentence of the report."""
    if not inputs.predictions.rows:
        return words.describe_empty(inputs.split)
    return words.describe_score(
        inputs.predictions.rows, inputs.split, scores["accuracy"], intervals["accuracy"]
    )


def describe_sameness(predictions: Predictions) -> str:
    """A sentence where all texts get one answer."""
    both = (predictions.predicted_ids, predictions.true_ids)
    given, true = ([predictions.labels[number] for number in np.unique(ids)] for ids in both)
    return words.describe_sameness(given, true)


def measure_confidence(predictions: Predictions) -> dict[str, Any]:
    """How sure the answers were: {histogram: [{low, high, right, wrong}], threshold, count, ...}."""
    confidence, right = predictions.confidence, predictions.right
    bins = reliability_bins(confidence, right, HISTOGRAM_BINS)
    above = confidence > CONFIDENT
    count, count_right = int(above.sum()), int((above & right).sum())
    rows = predictions.rows
    return {
        "histogram": [
            {"low": b.low, "high": b.high, "right": found, "wrong": b.count - found}
            for b in bins
            for found in [round((b.accuracy or 0.0) * b.count)]
        ],
        "threshold": CONFIDENT,
        "count": count,
        "right_share": count_right / count if count else None,
        "covered_share": count / rows if rows else None,
        "sentence": words.describe_confidence(CONFIDENT, count, count_right, rows) if rows else "",
    }


def measure_calibration(predictions: Predictions, ece: float) -> dict[str, Any]:
    """Whether confidence can be taken at its word: {bins, ece, mean_confidence, accuracy, sentence}."""
    rows = predictions.rows
    mean = float(predictions.confidence.mean()) if rows else None
    accuracy = float(predictions.right.mean()) if rows else None
    return {
        "bins": [asdict(b) for b in reliability_bins(predictions.confidence, predictions.right)],
        "ece": ece if rows else None,
        "mean_confidence": mean,
        "accuracy": accuracy,
        "sentence": words.describe_calibration(mean, accuracy, ece, rows)
        if mean is not None and accuracy is not None
        else "",
    }


def score_baselines(inputs: LabelInputs) -> dict[str, Any]:
    """What the two simple classifiers reach on the same rows: {majority, tfidf}, each None where missing."""
    baselines, predictions = inputs.baselines, inputs.predictions
    if baselines is None or not predictions.rows:
        return {"majority": None, "tfidf": None}
    padding = ((0, 0), (0, len(predictions.labels) - len(baselines.labels)))
    majority = np.pad(baselines.majority_probabilities(predictions.rows), padding)
    tfidf = baselines.tfidf_probabilities(predictions.texts)
    found: dict[str, Any] = {"majority": None, "tfidf": None}
    if baselines.majority_id is not None:
        label = baselines.labels[baselines.majority_id]
        found["majority"] = {"label": label, **score_simple(predictions, majority)}
    if tfidf is not None:
        rival = replace(predictions, probabilities=np.pad(tfidf, padding))
        found["tfidf"] = {
            **score_simple(predictions, rival.probabilities),
            **compare_with(predictions, rival, inputs.seed),
            "unit": baselines.unit,
            "training_rows": baselines.used_rows,
        }
    return found


def score_simple(predictions: Predictions, probabilities: np.ndarray) -> dict[str, Any]:
    """Accuracy with its interval and macro F1 of a simple classifier on the same rows."""
    scores = compute_metrics(("accuracy", "f1_macro"), predictions.true_ids, probabilities)
    right = int((probabilities.argmax(axis=1) == predictions.true_ids).sum())
    return {**scores, "interval": list(wilson_interval(right, predictions.rows))}


def compare_with(model: Predictions, rival: Predictions, seed: int) -> dict[str, Any]:
    """By how much the model is ahead of a rival on the same rows, and whether that is more than chance."""
    drawn = draw_accuracies([model, rival], seed)
    only_model = int((model.right & ~rival.right).sum())
    only_rival = int((rival.right & ~model.right).sum())
    p_value = mcnemar_p_value(only_model, only_rival)
    ahead = only_model > only_rival
    return {
        "difference": float(model.right.mean() - rival.right.mean()),
        "difference_interval": list(interval_of(drawn[0] - drawn[1])),
        "p_value": p_value,
        "verdict": "within chance" if p_value >= CHANCE_LEVEL else "better" if ahead else "worse",
    }


def collect_notes(inputs: LabelInputs, absent: Sequence[str]) -> list[str]:
    """What a reader must know to read the numbers rightly."""
    predictions, notes = inputs.predictions, list(inputs.notes)
    if predictions.rows and absent:
        notes.append(words.describe_absent(absent, inputs.split))
    if inputs.baselines is not None and inputs.baselines.note:
        notes.append(f"TF-IDF was not fitted. {inputs.baselines.note}")
    if inputs.baselines is not None and inputs.baselines.used_rows < inputs.baselines.training_rows:
        notes.append(
            f"TF-IDF was fitted on {inputs.baselines.used_rows:,} of the "
            f"{inputs.baselines.training_rows:,} training rows, chosen at random."
        )
    return notes
