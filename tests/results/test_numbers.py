"""Reports of numbers measure what scipy measures, and stand beside simple rivals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from studio.results.numbers import NumberBaselines, NumberPredictions, measure_numbers, worst_rows

WORTH = {"awful": 0.0, "poor": 1.0, "fine": 3.0, "lovely": 5.0}


def answered(count: int = 200, noise: float = 0.5) -> NumberPredictions:
    """Answers that are off by chance."""
    drawn = np.random.default_rng(0)
    words = drawn.choice(list(WORTH), count)
    truth = np.array([WORTH[word] for word in words])
    return NumberPredictions(
        asked={"text": tuple(f"the film is {word}, number {number}" for number, word in enumerate(words))},
        truth=truth,
        found=truth + drawn.normal(0, noise, count),
        lines=np.arange(count) + 2,
        files=("films.csv",) * count,
    )


def test_scores_are_those_of_scipy_with_intervals_around_them() -> None:
    predictions = answered()
    found = measure_numbers(predictions)
    assert found["metrics"]["spearman"] == pytest.approx(
        stats.spearmanr(predictions.truth, predictions.found).statistic
    )
    for name, value in found["metrics"].items():
        low, high = found["intervals"][name]
        assert low < value < high
    assert sum(one["count"] for one in found["residuals"]) == len(found["points"]) == 200
    assert found["sentence"].startswith("Of 200 texts, half are off by at most 0.3")


def test_the_worst_rows_come_first_with_where_they_stand() -> None:
    predictions = answered()
    worst = worst_rows(predictions)
    errors = worst["error"].abs().to_numpy()
    assert (np.diff(errors) <= 0).all() and errors[0] == np.abs(predictions.errors).max()
    first = worst.iloc[0]
    assert predictions.texts[first["line"] - 2] == first["text"]


def test_word_counts_beat_the_mean_where_words_say_it() -> None:
    train, test = answered(300, 0.0), answered(100)
    rivals = NumberBaselines.fit(train.texts, train.truth).score(test)
    assert rivals["tfidf"]["spearman"] > 0.9 and rivals["mean"]["spearman"] == 0.0
    assert rivals["mean"]["mse"] == pytest.approx(((test.truth - train.truth.mean()) ** 2).mean())
    silent = NumberBaselines.fit(["!", "?"], np.array([1.0, 2.0]))
    assert silent.pipeline is None and set(silent.score(test)) == {"mean"}


def test_the_same_rows_have_the_same_fingerprint_whatever_was_answered() -> None:
    assert answered(noise=0.1).fingerprint == answered(noise=0.9).fingerprint != answered(50).fingerprint


def test_without_rows_nothing_is_measured() -> None:
    empty = answered(0)
    assert measure_numbers(empty)["metrics"] == {} and worst_rows(empty).empty
