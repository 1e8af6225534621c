"""Sentences never claim more than their numbers."""

from __future__ import annotations

import pytest

from studio.results.report_words import add_warning, describe_score
from studio.results.wording import percent


@pytest.mark.parametrize("share", [0.0, 1e-6, 4e-5, 0.004, 0.5, 0.99, 0.9994, 0.9996, 1 - 1e-12, 1.0])
def test_only_all_are_100_percent_and_only_none_are_0_percent(share: float) -> None:
    text = percent(share)
    assert (text == "100 %") == (share == 1.0)
    assert (text == "0 %") == (share == 0.0)
    assert "e" not in text.removeprefix("over ").removeprefix("under ")


def test_one_mistake_in_5000_is_not_told_as_none() -> None:
    sentence = describe_score(5000, "test", 4999 / 5000, [0.9989, 0.99996])
    assert sentence.startswith("Right on over 99.9 % of 5,000 test texts")


@pytest.mark.parametrize(
    ("own", "rival", "words"),
    [(0.4, 0.3, "better than the model: before"), (0.4, 0.38, "about as good"), (0.4, 0.41, "")],
)
def test_a_simple_way_that_is_less_far_off_is_said_to_be_as_good_or_better(
    own: float, rival: float, words: str
) -> None:
    told = add_warning("Told.", {"mae": own}, {"mae": [0.35, 0.45]}, {"mean": {"mae": rival}}, "mae")
    assert words in told and (told == "Told.") == (not words)
    assert "By mean absolute error" in told or not words
