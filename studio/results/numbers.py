"""What a model of numbers answered on one split, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from studio.metrics.intervals import bootstrap_intervals
from studio.metrics.registry import compute_metrics, get_metric
from studio.numbers import format_number
from studio.results.baselines import choose_unit, cut, make_vectorizer, pick_rows
from studio.results.predictions import rows_fingerprint
from studio.results.wording import count_words
from studio.tasks.base import BETWEEN_TEXTS
from studio.tasks.regression import REGRESSION

POINTS_SHOWN, BINS = 500, 20


@dataclass(frozen=True)
class NumberPredictions:
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

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was asked in each row, as one text."""
        return tuple(map(BETWEEN_TEXTS.join, zip(*self.asked.values(), strict=True)))

    @property
    def errors(self) -> np.ndarray:
        """How far each answer is above the truth."""
        return self.found - self.truth

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, [format_number(value) for value in self.truth])

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
    unit: str

    @classmethod
    def fit(cls, texts: Sequence[str], numbers: np.ndarray, seed: int = 0) -> NumberBaselines:
        """The same rows and seed give the same answers; of more than 50,000 rows a random 50,000 are used."""
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline

        rows = pick_rows(len(numbers), seed)
        unit = choose_unit([texts[row] for row in rows])
        pipeline = make_pipeline(make_vectorizer(unit), Ridge(alpha=1.0, random_state=seed))
        try:
            pipeline.fit([cut(texts[row]) for row in rows], numbers[rows])
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            pipeline = None
        return cls(float(numbers.mean()), pipeline, unit)

    def score(self, predictions: NumberPredictions) -> dict[str, dict[str, float]]:
        """The metrics of both on rows of a split, by name: mean, and tfidf where it could be fitted."""
        answers = {"mean": np.full(predictions.rows, self.mean)}
        if self.pipeline is not None:
            answers["tfidf"] = self.pipeline.predict([cut(text) for text in predictions.texts])
        return {
            name: compute_metrics(REGRESSION.metrics, predictions.truth, found)
            for name, found in answers.items()
        }


def measure_numbers(predictions: NumberPredictions, seed: int = 0) -> dict[str, Any]:
    """{metrics, intervals, residuals, points, sentence} of answers; empty parts where there are no rows.

    ``residuals`` are [{low, high, count}] of the errors; ``points`` are [{true, predicted}] of 500 rows.
    """
    if not predictions.rows:
        return {"metrics": {}, "intervals": {}, "residuals": [], "points": [], "sentence": ""}
    metrics = compute_metrics(REGRESSION.metrics, predictions.truth, predictions.found)
    drawn = bootstrap_intervals(
        [get_metric(name) for name in REGRESSION.metrics], predictions.truth, predictions.found, seed=seed
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
    half, most = np.quantile(np.abs(predictions.errors), [0.5, 0.9])
    rows = count_words(predictions.rows, "text")
    return (
        f"Of {rows}, half are off by at most {half:.3g} and nine of ten by at most {most:.3g}; "
        f"the order is right to {metrics['spearman']:.3g} (Spearman, 1 is perfect)."
    )


def worst_rows(predictions: NumberPredictions) -> pd.DataFrame:
    """All rows, those whose answer is farthest off first."""
    frame = predictions.to_frame()
    order = np.argsort(-np.abs(predictions.errors), kind="stable")
    return frame.iloc[order].reset_index(drop=True)
