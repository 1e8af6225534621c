"""Answers are the best spans there are, each once, and are the passage at their offsets."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tasks.answering.spans import Spans, Window, find_spans
from studio.tasks.answering.windows import describe_tokens, edges_of
from studio.tasks.tagging.words import split_words
from tests.tasks.random_texts import random_texts

Places = list[tuple[int, int] | None]
PASSAGES = st.lists(st.sampled_from(["Anna", " ", "\r\n", "北京", "e\u0301", "👩\u200d🚀", "a", "שלום"])).map(
    "".join
)


def window_of(passage: str, start: np.ndarray, end: np.ndarray, offsets: Places) -> Window:
    """A window over tokens that stand for these characters, None for those of no passage."""
    places = np.array([offset or (0, 0) for offset in offsets]).reshape(-1, 2)
    of_passage = np.array([offset is not None for offset in offsets])
    return Window(start, end, describe_tokens(places, of_passage, edges_of(passage), 0)[:, 1:])


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, list[Window]]:
    """A passage in windows of a few tokens, some with the same characters, some blank, some of no passage."""
    passage = draw(PASSAGES)
    drawn = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    is_round = draw(st.booleans())
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        offsets: Places = [None]
        for _ in range(draw(st.integers(0, 9))):
            place = int(drawn.integers(0, len(passage) + 1))
            end = min(len(passage), place + int(drawn.integers(0, 4)))
            again = offsets[-1]
            offsets.append([(place, end), None, again, (place, end)][int(drawn.integers(4))])
        logits = drawn.normal(0, 3, (2, len(offsets)))
        start, end_logits = np.round(logits) if is_round else logits
        windows.append(window_of(passage, start.astype(np.float32), end_logits.astype(np.float32), offsets))
    return passage, windows


def all_answers(windows: list[Window], longest: int) -> list[tuple[float, int, int]]:
    """Every span of every window, each once with its best logit: (-logit, start, end), best first."""
    best: dict[tuple[int, int], float] = {}
    for window in windows:
        places = window.places.tolist()
        for first, (start, _) in enumerate(places):
            for last in range(first, min(len(places), first + longest)):
                end = places[last][1]
                if start >= 0 and end > start:
                    logit = float(window.start[first]) + float(window.end[last])
                    best[start, end] = max(logit, best.get((start, end), -np.inf))
    return sorted((-logit, *span) for span, logit in best.items())


def places_of(found: Spans) -> list[tuple[int, int]]:
    """Where the spans stand."""
    return [(start, end) for start, end in found.places.tolist()]


@given(asked(), st.integers(1, 25), st.integers(1, 12))
def test_answers_are_the_best_of_all_spans(
    question: tuple[str, list[Window]], n_best: int, longest: int
) -> None:
    passage, windows = question
    found = find_spans(windows, n_best, longest)
    expected = all_answers(windows, longest)[:n_best]
    assert places_of(found) == [(start, end) for _, start, end in expected]
    assert found.logits == pytest.approx([-lost for lost, _, _ in expected])
    for start, end in places_of(found):
        assert passage[start:end] == passage[start:end].strip() != ""
    null = min(float(window.start[0]) + float(window.end[0]) for window in windows)
    assert found.null == pytest.approx(null)
    assert found.null_minus_best == (pytest.approx(null + expected[0][0]) if expected else np.inf)


@given(asked(), st.integers(0, 2**32 - 1))
def test_the_order_of_windows_changes_nothing(question: tuple[str, list[Window]], seed: int) -> None:
    _, windows = question
    order = np.random.default_rng(seed).permutation(len(windows))
    one, other = find_spans([windows[each] for each in order]), find_spans(windows)
    assert (places_of(one), one.logits.tolist(), one.null) == (
        places_of(other),
        other.logits.tolist(),
        other.null,
    )


@given(asked())
def test_more_answers_begin_with_those_of_fewer(question: tuple[str, list[Window]]) -> None:
    _, windows = question
    assert places_of(find_spans(windows, 3)) == places_of(find_spans(windows, 30))[:3]


def test_tokens_of_one_character_give_one_answer_and_do_not_crowd_out_others() -> None:
    offsets: Places = [None, *[(0, 1)] * 40, (2, 4)]
    start = np.array([0.0, *np.full(40, 5.0), 1.0])
    found = find_spans([window_of("😀 ab", start, start, offsets)], 3, 42)
    assert places_of(found) == [(0, 1), (0, 4), (2, 4)]


def test_without_a_token_of_the_passage_there_is_no_answer() -> None:
    found = find_spans([window_of("", np.zeros(3), np.zeros(3), [None, None, None])])
    assert (places_of(found), found.logits.tolist(), found.null_minus_best) == ([], [], np.inf)


def test_logits_without_end_are_never_chosen() -> None:
    start = np.array([0.0, -np.inf, 1.0])
    found = find_spans([window_of("a b", start, np.zeros(3), [None, (0, 1), (2, 3)])])
    assert places_of(found) == [(2, 3)]


def windows_of(text: str, drawn: np.random.Generator, size: int, stride: int) -> list[Window]:
    """Windows over the words of a text, after a question of three tokens, the last of them padded."""
    words = split_words(text)
    windows = []
    for begin in range(0, max(1, len(words) - stride), size - stride):
        offsets: Places = [None, None, None, *words[begin : begin + size]]
        offsets += [None] * (size + 3 - len(offsets))
        logits = drawn.normal(0, 3, (2, len(offsets))).astype(np.float32)
        windows.append(window_of(text, logits[0], logits[1], offsets))
    return windows


def test_every_answer_in_ten_thousand_texts_is_the_text_at_its_offsets() -> None:
    drawn = np.random.default_rng(5)
    count = 0
    for text in random_texts(10_000, seed=4):
        found = places_of(find_spans(windows_of(text, drawn, 12, 4), n_best=5))
        for start, end in found:
            assert text[start:end] == text[start:end].strip() != ""
            count += 1
        assert len(set(found)) == len(found)
    assert count > 40_000


def test_a_thousand_windows_of_512_tokens_take_seconds() -> None:
    drawn = np.random.default_rng(6)
    windows = windows_of("word " * 3600, drawn, 512, 128)
    began = time.process_time()
    for _ in range(100):
        find_spans(windows)
    assert len(windows) == 10 and time.process_time() - began < 10
