"""Any number of labels: thresholds chosen on rows, and answers by them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from studio.errors import InvalidInput
from studio.tasks.multilabel import MULTILABEL, best_threshold, cells, decode, recode, scores, tune


def test_targets_are_ones_where_a_row_has_the_label() -> None:
    columns = {"labels": ['["b"]', "[]", '["a", "b"]']}
    assert MULTILABEL.targets(columns, ["a", "b"]).tolist() == [[0, 1], [0, 0], [1, 1]]
    with pytest.raises(InvalidInput, match="does not list"):
        MULTILABEL.targets({"labels": ['["c"]']}, ["a", "b"])
    with pytest.raises(InvalidInput, match="No training row has a label"):
        MULTILABEL.check({"labels": ["[]", "[]"]}, [])


@pytest.mark.parametrize("seed", range(20))
def test_no_other_threshold_gives_a_better_f1(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    probabilities = np.round(drawn.random(30), 1)
    truth = (drawn.random(30) < probabilities).astype(float)
    chosen = best_threshold(probabilities, truth)
    tried = [f1_score(truth, probabilities >= cut, zero_division=0) for cut in np.linspace(0, 1.05, 211)]
    assert f1_score(truth, probabilities >= chosen, zero_division=0) == pytest.approx(max(tried))


def test_a_label_with_few_rows_gets_the_threshold_of_all() -> None:
    drawn = np.random.default_rng(0)
    truth = np.stack([drawn.random(200) < 0.5, np.arange(200) < 3], axis=1).astype(float)
    outputs = np.where(truth > 0, -1.0, -3.0) + drawn.normal(0, 0.2, truth.shape)
    thresholds = tune(outputs, truth)["thresholds"]
    together = best_threshold(scores(outputs, {})[:, :, 0].ravel(), truth.ravel())
    assert thresholds[1] == together
    assert thresholds[0] < 0.5
    found = scores(outputs, {"thresholds": thresholds})
    assert (found[:, :, 1] == truth).mean() > 0.99
    assert not scores(outputs, {})[:, :, 1].any()


def test_answers_and_cells_say_the_same() -> None:
    outputs = np.array([[2.0, -2.0, 0.1], [-2.0, -2.0, -2.0]])
    tuned = {"thresholds": [0.5, 0.1, 0.6]}
    answers = decode(outputs, ["a", "b", "c"], tuned)
    assert [answer["labels"] for answer in answers] == [["a", "b"], ["b"]]
    assert np.allclose(recode(answers, ["a", "b", "c"]), scores(outputs, tuned))
    columns = cells(scores(outputs, tuned), ["a", "b", "c"])
    assert columns[0] == ["a | b", "b"]
    assert [float(column[0]) for column in columns[1:]] == pytest.approx(
        list(answers[0]["probabilities"].values()), abs=1e-6
    )
