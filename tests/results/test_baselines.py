"""The two simple classifiers a model must beat."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from studio.results import baselines as rooms
from studio.results.baselines import fit_baselines

ENGLISH = ["my card is lost", "send the transfer now", "a lost card again", "the transfer was sent"]
CHINESE = ["酒店很好", "房间太脏", "服务很好", "又脏又吵"]


def test_the_majority_is_that_of_the_training_rows() -> None:
    fitted = fit_baselines(["x", "y", "z"], [1, 0, 1], ("a", "b"))
    dummy = DummyClassifier(strategy="most_frequent").fit([[0]] * 3, [1, 0, 1])
    assert fitted.majority_probabilities(2).argmax(axis=1).tolist() == dummy.predict([[0]] * 2).tolist()


@pytest.mark.parametrize(("texts", "unit"), [(ENGLISH, "words"), (CHINESE, "characters")])
def test_words_or_characters_are_counted_as_the_script_asks(texts: list[str], unit: str) -> None:
    fitted = fit_baselines(texts, [0, 1, 0, 1], ("a", "b"))
    assert fitted.unit == unit
    probabilities = fitted.tfidf_probabilities(texts)
    assert probabilities is not None
    assert probabilities.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert probabilities.sum(axis=1) == pytest.approx(1.0)


def test_a_label_without_training_rows_gets_no_probability() -> None:
    probabilities = fit_baselines(ENGLISH, [0, 2, 0, 2], ("a", "b", "c")).tfidf_probabilities(["a card"])
    assert probabilities is not None
    assert probabilities.shape == (1, 3)
    assert probabilities[0, 1] == 0.0


def test_the_same_seed_gives_the_same_answers() -> None:
    first, second = (fit_baselines(ENGLISH, [0, 1, 0, 1], ("a", "b"), seed=3) for _ in range(2))
    assert np.array_equal(first.tfidf_probabilities(ENGLISH), second.tfidf_probabilities(ENGLISH))


@pytest.mark.parametrize(
    ("texts", "ids", "reason"),
    [
        ([], [], "fewer than two labels"),
        (["x", "y"], [0, 0], "fewer than two labels"),
        (["!", "?"], [0, 1], "no words"),
    ],
)
def test_where_nothing_can_be_learnt_the_reason_is_given(
    texts: list[str], ids: list[int], reason: str
) -> None:
    fitted = fit_baselines(texts, ids, ("a", "b"))
    assert fitted.tfidf_probabilities(["x"]) is None
    assert reason in fitted.note


def test_above_fifty_thousand_rows_a_seeded_part_is_read() -> None:
    rows = rooms.pick_rows(60_000, seed=1)
    assert len(rows) == 50_000
    assert len(set(rows.tolist())) == 50_000
    assert rows.tolist() == sorted(rows.tolist())
    assert np.array_equal(rows, rooms.pick_rows(60_000, seed=1))
