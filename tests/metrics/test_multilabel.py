"""Scores of rows with any number of labels equal those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, label_ranking_average_precision_score

from studio.metrics.multilabel import f1_macro, f1_micro, lrap, subset_accuracy


@given(
    st.integers(1, 12), st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.7, 1.0])
)
def test_scores_equal_scikit_learn(rows: int, labels: int, seed: int, share: float) -> None:
    drawn = np.random.default_rng(seed)
    truth = (drawn.random((rows, labels)) < share).astype(np.float32)
    # Few distinct probabilities, so that many are equal.
    probabilities = drawn.integers(0, 4, (rows, labels)) / 4
    given_labels = probabilities >= drawn.random(labels)
    scores = np.stack([probabilities, given_labels.astype(float)], axis=-1)
    wanted = truth.astype(int), given_labels.astype(int)
    assert f1_micro(truth, scores) == pytest.approx(f1_score(*wanted, average="micro", zero_division=0))
    assert f1_macro(truth, scores) == pytest.approx(f1_score(*wanted, average="macro", zero_division=0))
    assert subset_accuracy(truth, scores) == pytest.approx(accuracy_score(*wanted))
    expected = label_ranking_average_precision_score(wanted[0], probabilities)
    assert lrap(truth, scores) == pytest.approx(expected)


def test_without_rows_every_score_is_zero() -> None:
    nothing = np.zeros((0, 3)), np.zeros((0, 3, 2))
    assert [score(*nothing) for score in (f1_micro, f1_macro, subset_accuracy, lrap)] == [0.0, 0.0, 0.0, 0.0]
