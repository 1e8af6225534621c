"""Every score agrees with scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from studio.metrics import classification as score


def draw(rows: int, labels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random truth, and probabilities that lean towards it."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, labels, rows)
    logits = generator.normal(size=(rows, labels))
    logits[np.arange(rows), truth] += 1.0
    probabilities = np.exp(logits)
    return truth, probabilities / probabilities.sum(axis=1, keepdims=True)


ORACLES = {
    score.accuracy: lambda t, p, g: oracle.accuracy_score(t, g),
    score.balanced_accuracy: lambda t, p, g: oracle.balanced_accuracy_score(t, g),
    score.f1_macro: lambda t, p, g: oracle.f1_score(t, g, average="macro", zero_division=0),
    score.f1_weighted: lambda t, p, g: oracle.f1_score(t, g, average="weighted", zero_division=0),
    score.precision_macro: lambda t, p, g: oracle.precision_score(t, g, average="macro", zero_division=0),
    score.recall_macro: lambda t, p, g: oracle.recall_score(t, g, average="macro", zero_division=0),
    score.mcc: lambda t, p, g: oracle.matthews_corrcoef(t, g),
    score.log_loss: lambda t, p, g: oracle.log_loss(t, p, labels=list(range(p.shape[1]))),
}
CASES = [(200, 2, 0), (300, 5, 1), (7, 6, 2), (400, 77, 3), (1, 3, 4)]


@pytest.mark.parametrize("compute", ORACLES, ids=lambda compute: compute.__name__)
@pytest.mark.parametrize("case", CASES)
def test_scores_agree_with_scikit_learn(compute, case) -> None:
    truth, probabilities = draw(*case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = ORACLES[compute](truth, probabilities, probabilities.argmax(axis=1))
    assert compute(truth, probabilities) == pytest.approx(expected, abs=1e-12)


def test_f1_of_two_labels_is_that_of_the_second() -> None:
    truth, probabilities = draw(100, 2, 5)
    assert score.f1_positive(truth, probabilities) == pytest.approx(
        oracle.f1_score(truth, probabilities.argmax(axis=1), pos_label=1)
    )


def test_confusion_matrix_and_label_scores_agree_with_scikit_learn() -> None:
    truth, probabilities = draw(150, 6, 6)
    predicted = probabilities.argmax(axis=1)
    matrix = score.confusion_matrix(truth, predicted, 7)
    assert matrix.tolist() == oracle.confusion_matrix(truth, predicted, labels=range(7)).tolist()
    found = score.score_labels(matrix)
    expected = oracle.precision_recall_fscore_support(truth, predicted, labels=range(7), zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), expected, strict=True):
        assert np.allclose(ours, theirs)


def test_one_label_everywhere_gives_no_correlation_instead_of_a_division_by_zero() -> None:
    assert score.mcc(np.array([0, 0]), np.array([[0.9, 0.1], [0.8, 0.2]])) == 0.0


@pytest.mark.parametrize("compute", [*ORACLES, score.ece, score.f1_positive], ids=lambda c: c.__name__)
def test_no_rows_give_zero_instead_of_an_error(compute) -> None:
    assert compute(np.zeros(0, dtype=np.int64), np.zeros((0, 3))) == 0.0


def test_a_true_label_with_no_probability_costs_much_but_not_everything() -> None:
    assert 30 < score.log_loss(np.array([0]), np.array([[0.0, 1.0]])) < 40
