"""Scores of numbers equal those of scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from studio.metrics.regression import mae, mse, pearson, spearman

NUMBERS = st.lists(
    st.tuples(*[st.integers(-1000, 1000).map(lambda number: number / 8)] * 2), min_size=2, max_size=60
)


@given(NUMBERS)
def test_they_are_those_of_scipy_and_scikit_learn(rows: list[tuple[float, float]]) -> None:
    truth, found = np.array(rows).T
    assert mse(truth, found) == pytest.approx(sk.mean_squared_error(truth, found))
    assert mae(truth, found) == pytest.approx(sk.mean_absolute_error(truth, found))
    if np.ptp(truth) and np.ptp(found):
        assert pearson(truth, found) == pytest.approx(stats.pearsonr(truth, found).statistic, abs=1e-9)
        assert spearman(truth, found) == pytest.approx(stats.spearmanr(truth, found).statistic, abs=1e-9)


def test_where_all_numbers_are_the_same_there_is_no_correlation() -> None:
    same, rising = np.full(5, 3.0), np.arange(5.0)
    for score in (pearson, spearman):
        assert score(same, rising) == score(rising, same) == score(same[:1], rising[:1]) == 0.0
    assert (
        mse(np.zeros(0), np.zeros(0)) == mae(np.zeros(0), np.zeros(0)) == spearman(np.zeros(0), np.zeros(0))
    )


def test_a_correlation_never_leaves_its_range() -> None:
    truth = np.array([1e8, 1e8 + 1, 1e8 + 2])
    assert 1 - 1e-12 < pearson(truth, truth) <= 1.0 and -1.0 <= pearson(truth, -truth) < 1e-12 - 1
