"""Intervals hold the score, shrink with rows and repeat with the seed."""

from __future__ import annotations

import numpy as np
import pytest

from studio.metrics.intervals import bootstrap_intervals, intervals_of, wilson_interval
from studio.metrics.registry import METRICS, choose_metrics
from studio.tasks.classification import CLASSIFICATION


def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Two labels, about 80 % right."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, rows)
    sure = np.where(generator.uniform(size=rows) < 0.8, truth, 1 - truth)
    return truth, np.where(sure[:, None] == np.arange(2), 0.9, 0.1)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_intervals_published_by_newcombe(right: int, total: int, low: float, high: float) -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (81/263: 0.2553 to 0.3662).
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("rows", [30, 300, 1000])
def test_every_interval_holds_its_score_and_only_the_calibration_error_has_none(rows: int) -> None:
    truth, probabilities = draw(rows)
    chosen = choose_metrics(CLASSIFICATION.metrics, 2)
    found = intervals_of(chosen, truth, probabilities)
    assert list(found) == [name for name in chosen if name != "ece"]
    for name, (low, high) in found.items():
        assert low <= chosen[name].compute(truth, probabilities) <= high


def test_drawing_rows_again_lifts_the_calibration_error_of_a_model_that_has_none() -> None:
    generator = np.random.default_rng(0)
    sure = generator.uniform(0.5, 1.0, 1000)
    truth = (generator.uniform(size=1000) < sure).astype(int)
    drawn = bootstrap_intervals([METRICS["ece"]], truth, np.stack([1 - sure, sure], axis=1))
    assert drawn["ece"][0] > 0.01  # though 0 is the truth: so it is shown without an interval


def test_the_bootstrap_repeats_with_its_seed_and_is_close_to_wilson() -> None:
    truth, probabilities = draw(400)
    metric = METRICS["accuracy"]
    first = bootstrap_intervals([metric], truth, probabilities, seed=3)
    assert first == bootstrap_intervals([metric], truth, probabilities, seed=3)
    right = int((probabilities.argmax(axis=1) == truth).sum())
    assert first["accuracy"] == pytest.approx(wilson_interval(right, 400), abs=0.01)


def test_more_rows_give_a_narrower_interval() -> None:
    widths = []
    for rows in (100, 2000):
        low, high = intervals_of(choose_metrics(["f1_macro"], 2), *draw(rows))["f1_macro"]
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


ALL_FOUND = np.array([[1, 1]] * 12 + [[0, 0]] * 500)
LABELS = np.array([[1, 0]] * 7 + [[0, 0]] * 93)


@pytest.mark.parametrize(
    ("name", "truth", "scores", "cases"),
    [
        ("f1", np.array([True] * 6 + [False] * 10), np.ones((16, 2)), 16),
        ("f1_has_answer", np.array([True] * 6 + [False] * 10), np.ones((16, 2)), 6),
        ("exact_match_no_answer", np.array([True] * 6 + [False] * 10), np.ones((16, 2)), 10),
        ("f1", np.array([1] * 9 + [0] * 200), np.eye(2)[[1] * 9 + [0] * 200], 9),
        ("f1", ALL_FOUND[:, :1], ALL_FOUND, 12),
        ("precision", ALL_FOUND[:, :1], ALL_FOUND, 12),
        ("subset_accuracy", LABELS, np.stack([LABELS, LABELS], axis=-1), 100),
    ],
)
def test_where_all_is_right_the_interval_is_that_of_the_cases_a_score_is_about(
    name: str, truth: np.ndarray, scores: np.ndarray, cases: int
) -> None:
    assert bootstrap_intervals([METRICS[name]], truth, scores)[name] == wilson_interval(cases, cases)


def test_a_score_that_is_one_half_in_every_draw_is_no_share_of_cases() -> None:
    truth, always_first = np.arange(400) % 2, np.tile([0.9, 0.1], (400, 1))
    drawn = bootstrap_intervals([METRICS["recall_macro"], METRICS["f1"]], truth, always_first)
    assert drawn["recall_macro"] == (0.5, 0.5)
    assert drawn["f1"] == wilson_interval(0, 200)


def test_a_score_that_is_no_share_keeps_what_the_draws_gave() -> None:
    truth = np.arange(30) % 2
    right = np.where(truth[:, None] == np.arange(2), 0.9, 0.1)
    assert bootstrap_intervals([METRICS["mcc"]], truth, right)["mcc"] == (1.0, 1.0)


def test_no_rows_give_no_bootstrap() -> None:
    assert bootstrap_intervals([METRICS["mcc"]], np.zeros(0, dtype=int), np.zeros((0, 2))) == {}
