"""The plain script's windows and spans, beside which the studio's answers are judged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.quality.plain_spans import SpanWindow, answer_f1, best_answers, cut_windows
from studio.metrics.answers import score_answer
from tests.encoders import build_tokenizer

WORDS = st.lists(st.sampled_from(["The", "red", "house,", "a", "U.S.", "12", "an"]), max_size=5).map(" ".join)
# Of a right answer something is left once it is normalised: others do not count in SQuAD.
RIGHT = WORDS.map("red {}".format)


@given(WORDS, st.lists(RIGHT, max_size=3))
def test_its_f1_is_that_of_squad(found: str, right: list[str]) -> None:
    assert answer_f1(found, right) == pytest.approx(score_answer(found, right, False)[1])


def test_a_window_points_at_the_first_answer_or_at_token_0() -> None:
    passage = "the red house stands beside the old river and the mill " * 3
    windows = cut_windows(
        ["where is the house", "why"], [passage, passage], [[[4, "red house"]], []], build_tokenizer(), 24
    )
    assert {window.question for window in windows} == {0, 1}
    pointed = [window for window in windows if window.inputs["start_positions"]]
    assert pointed and all(window.question == 0 for window in pointed)
    first = pointed[0]
    start, end = (first.inputs[name] for name in ("start_positions", "end_positions"))
    assert passage[first.offsets[start][0] : first.offsets[end][1]] == "red house"


def test_the_best_span_of_all_windows_answers_unless_token_0_is_better() -> None:
    offsets = [None, None, (0, 3), (4, 7)]
    windows = [SpanWindow(0, "one two", {}, offsets), SpanWindow(0, "six ten", {}, offsets)]
    starts = np.array([[0.0, 9.0, 1.0, 0.0], [0.0, 9.0, 0.0, 3.0]])
    ends = np.array([[0.0, 9.0, 1.0, 0.0], [0.0, 9.0, 0.0, 2.0]])
    assert best_answers(windows, starts, ends, 1, some_have_none=True) == ["ten"]
    starts[:, 0] = 6.0
    assert best_answers(windows, starts, ends, 1, some_have_none=True) == [""]
    assert best_answers(windows, starts, ends, 1, some_have_none=False) == ["ten"]
