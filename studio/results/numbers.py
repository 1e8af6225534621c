"""What a model of numbers answered on one split, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.metrics.intervals import bootstrap_intervals
from studio.metrics.registry import compute_metrics, get_metric
from studio.numbers import format_number, short_number
from studio.results import report_words as words
from studio.results.baselines import choose_unit, cut, fit_words, pick_rows
from studio.results.predictions import Asked, by_role, rows_fingerprint, tell_differences
from studio.results.report import Report, ReportInputs
from studio.results.wording import count_words
from studio.tasks.base import Row
from studio.tasks.registry import get_task
from studio.tasks.regression import REGRESSION

POINTS_SHOWN, BINS = 500, 20


@dataclass(frozen=True)
class NumberPredictions(Asked):
    """What was asked, the true and the predicted numbers of one split, in the order of its rows.

    ``asked`` has a column of texts for each role that the model reads; ``truth`` and ``found`` are float64
    (rows,); ``lines`` are physical lines of the source file (0: unknown), ``files`` its name per row.
    """

    asked: Mapping[str, tuple[str, ...]]
    truth: np.ndarray
    found: np.ndarray
    lines: np.ndarray
    files: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.truth)

    @property
    def scores(self) -> np.ndarray:
        """The predicted numbers."""
        return self.found

    @property
    def right(self) -> np.ndarray:
        """None: a number is only more or less far off."""
        return np.zeros(self.rows, dtype=bool)

    @property
    def errors(self) -> np.ndarray:
        """How far each answer is above the truth."""
        return self.found - self.truth

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, [format_number(value) for value in self.truth])

    @classmethod
    def of(
        cls, asked: Sequence[Row], truth: np.ndarray, found: np.ndarray, frame: pd.DataFrame
    ) -> NumberPredictions:
        """Answers to rows of a split, of which ``frame`` has line and file."""
        return cls(
            asked=by_role(asked),
            truth=np.asarray(truth, dtype=np.float64),
            found=np.asarray(found, dtype=np.float64),
            lines=frame["line"].to_numpy(dtype=np.int64),
            files=tuple(frame["file"]),
        )

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {"task": REGRESSION.key, "roles": list(self.asked), "fingerprint": self.fingerprint}

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> NumberPredictions:
        """What ``to_frame`` and ``about`` gave."""
        return cls(
            asked={role: tuple(table.column(role).to_pylist()) for role in about["roles"]},
            truth=table.column("true").to_numpy(),
            found=table.column("predicted").to_numpy(),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row each: text (and text_b), true, predicted, error, line, file."""
        asked = {role: list(texts) for role, texts in self.asked.items()}
        numbers = {"true": self.truth, "predicted": self.found, "error": self.errors}
        return pd.DataFrame({**asked, **numbers, "line": self.lines, "file": list(self.files)})


@dataclass(frozen=True)
class NumberBaselines:
    """Two simple models fitted on the training rows: their mean, and word counts with a linear model."""

    mean: float
    pipeline: Any | None

    @classmethod
    def fit(cls, texts: Sequence[str], numbers: np.ndarray, seed: int = 0) -> NumberBaselines:
        """The same rows and seed give the same answers; of more than 50,000 rows a random 50,000 are used."""
        from sklearn.linear_model import Ridge

        rows = pick_rows(len(numbers), seed)
        unit = choose_unit([texts[row] for row in rows])
        pipeline = fit_words(
            [cut(texts[row]) for row in rows], numbers[rows], unit, Ridge(alpha=1.0, random_state=seed)
        )
        return cls(float(numbers.mean()), pipeline)

    def score(self, predictions: NumberPredictions) -> dict[str, dict[str, float]]:
        """The metrics of both on rows of a split, by name: mean, and tfidf where it could be fitted."""
        answers = {"mean": np.full(predictions.rows, self.mean)}
        if self.pipeline is not None:
            answers["tfidf"] = self.pipeline.predict([cut(text) for text in predictions.texts])
        return {
            name: compute_metrics(REGRESSION.metrics, predictions.truth, found)
            for name, found in answers.items()
        }


def measure_numbers(
    predictions: NumberPredictions, seed: int = 0, names: Sequence[str] = REGRESSION.metrics
) -> dict[str, Any]:
    """{metrics, intervals, residuals, points, sentence} of answers; empty parts where there are no rows.

    ``residuals`` are [{low, high, count}] of the errors; ``points`` are [{true, predicted}] of 500 rows.
    """
    if not predictions.rows:
        return {"metrics": {}, "intervals": {}, "residuals": [], "points": [], "sentence": ""}
    metrics = compute_metrics(names, predictions.truth, predictions.found)
    drawn = bootstrap_intervals(
        [get_metric(name) for name in names], predictions.truth, predictions.found, seed=seed
    )
    counts, edges = np.histogram(predictions.errors, bins=BINS)
    shown = np.random.default_rng(seed).permutation(predictions.rows)[:POINTS_SHOWN]
    return {
        "metrics": metrics,
        "intervals": {name: list(edge) for name, edge in drawn.items()},
        "residuals": [
            {"low": float(low), "high": float(high), "count": int(count)}
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ],
        "points": [
            {"true": float(predictions.truth[row]), "predicted": float(predictions.found[row])}
            for row in shown
        ],
        "sentence": describe_errors(predictions, metrics),
    }


def describe_errors(predictions: NumberPredictions, metrics: Mapping[str, float]) -> str:
    """How far off answers are, in the unit of the numbers."""
    half, most = (short_number(edge, 3) for edge in np.quantile(np.abs(predictions.errors), [0.5, 0.9]))
    rows = count_words(predictions.rows, "text")
    return (
        f"Of {rows}, half are off by at most {half} and nine of ten by at most {most}; "
        f"the order is right to {metrics['spearman']:.3g} (Spearman, 1 is perfect)."
    )


def worst_rows(predictions: NumberPredictions) -> pd.DataFrame:
    """All rows, those whose answer is farthest off first."""
    frame = predictions.to_frame()
    order = np.argsort(-np.abs(predictions.errors), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def find_gaps(
    answers: Sequence[NumberPredictions], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """The rows on which models lie farthest apart, and on how many they differ at all.

    Each has the shape that find_disagreements gives; numbers have three digits that count, and no confidence.
    """
    found = np.array([each.found for each in answers])
    spread = found.max(axis=0) - found.min(axis=0)
    true, *told = ([short_number(value, 3) for value in each] for each in (answers[0].truth, *found))
    apart = [row for row in np.argsort(-spread, kind="stable")[:at_most] if spread[row] > 0]
    rows = tell_differences(answers, names, apart, true, told)
    return rows, int((spread > 0).sum())


def build_number_report(inputs: ReportInputs[NumberPredictions, NumberBaselines]) -> Report:
    """Measure one model of numbers on one split; an empty split gives a report that says so."""
    task = get_task(inputs.task)
    predictions = inputs.predictions
    measured = measure_numbers(predictions, inputs.seed, task.metrics)
    rivals = inputs.baselines.score(predictions) if inputs.baselines and predictions.rows else {}
    score = measured["sentence"] or words.describe_empty(inputs.split)
    told = describe_rivals(measured["metrics"], rivals)
    baselines = words.add_warning(told, measured["metrics"], measured["intervals"], rivals, "mae")
    return Report(
        model=inputs.model,
        dataset=inputs.dataset,
        split=inputs.split,
        task=task.key,
        rows=predictions.rows,
        primary_metric=task.primary_metric,
        metrics=measured["metrics"],
        intervals=measured["intervals"],
        baselines=rivals,
        mistakes=0,
        rows_fingerprint=predictions.fingerprint,
        sentences={"score": score, "baselines": baselines},
        sentence=" ".join(filter(None, (score, baselines))),
        numbers={"residuals": measured["residuals"], "points": measured["points"]},
        notes=list(inputs.notes),
    )


def describe_rivals(metrics: Mapping[str, float], rivals: Mapping[str, Mapping[str, float]]) -> str:
    """What simple models reach on the same rows.

    >>> describe_rivals({"mae": 0.4}, {"mean": {"mae": 1.2}, "tfidf": {"mae": 0.8}})
    'TF-IDF with a linear model is off by 0.8 on average, always the mean by 1.2, this model by 0.4.'
    """
    names = {"tfidf": "TF-IDF with a linear model is off by {} on average", "mean": "always the mean by {}"}
    told = [names[name].format(short_number(rivals[name]["mae"], 3)) for name in names if name in rivals]
    if len(told) < 2:
        return ""
    return f"{', '.join(told)}, this model by {short_number(metrics['mae'], 3)}."
