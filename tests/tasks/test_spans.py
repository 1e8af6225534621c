"""Answers are the best spans there are, each once, and are the passage at their offsets."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tasks.spans import Answers, Window, decode_spans
from studio.tasks.tagging.words import split_words
from tests.tasks.random_texts import random_texts

PASSAGES = st.lists(st.sampled_from(["Anna", " ", "\r\n", "北京", "e\u0301", "👩\u200d🚀", "a", "שלום"])).map(
    "".join
)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, list[Window]]:
    """A passage in windows of a few tokens, some with the same characters, some blank, some of no passage."""
    passage = draw(PASSAGES)
    drawn = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    is_round = draw(st.booleans())
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        offsets: list[tuple[int, int] | None] = [None]
        for _ in range(draw(st.integers(0, 9))):
            place = int(drawn.integers(0, len(passage) + 1))
            end = min(len(passage), place + int(drawn.integers(0, 4)))
            again = offsets[-1]
            offsets.append([(place, end), None, again, (place, end)][int(drawn.integers(4))])
        logits = drawn.normal(0, 3, (2, len(offsets)))
        start, end_logits = np.round(logits) if is_round else logits
        windows.append(Window(start.astype(np.float32), end_logits.astype(np.float32), offsets))
    return passage, windows


def all_answers(passage: str, windows: list[Window], longest: int) -> list[tuple[float, int, int]]:
    """Every span of every window, each once with its best logit: (-logit, start, end), best first."""
    best: dict[tuple[int, int], float] = {}
    for window in windows:
        for first, begin in enumerate(window.offsets):
            for last in range(first, min(len(window.offsets), first + longest)):
                end = window.offsets[last]
                if begin is None or end is None or not passage[begin[0] : end[1]].strip():
                    continue
                start, stop = begin[0], end[1]
                while passage[start].isspace():
                    start += 1
                while passage[stop - 1].isspace():
                    stop -= 1
                logit = float(window.start[first]) + float(window.end[last])
                best[start, stop] = max(logit, best.get((start, stop), -np.inf))
    return sorted((-logit, *span) for span, logit in best.items())


def places_of(found: Answers) -> list[tuple[int, int]]:
    """Where the answers stand."""
    return [(each["start"], each["end"]) for each in found.answers]


@given(asked(), st.integers(1, 25), st.integers(1, 12))
def test_answers_are_the_best_of_all_spans(
    question: tuple[str, list[Window]], n_best: int, longest: int
) -> None:
    passage, windows = question
    found = decode_spans(passage, windows, n_best, longest)
    expected = all_answers(passage, windows, longest)[:n_best]
    assert places_of(found) == [(start, end) for _, start, end in expected]
    assert all(each["answer"] == passage[each["start"] : each["end"]] for each in found.answers)
    null = min(float(window.start[0] + window.end[0]) for window in windows)
    weights = np.exp(np.array([*(-lost for lost, _, _ in expected), null]))
    shares = [*(each["score"] for each in found.answers), found.null_score]
    assert shares == pytest.approx((weights / weights.sum()).tolist())
    assert found.null_minus_best == (pytest.approx(null + expected[0][0]) if expected else np.inf)


@given(asked(), st.integers(0, 2**32 - 1))
def test_the_order_of_windows_changes_nothing(question: tuple[str, list[Window]], seed: int) -> None:
    passage, windows = question
    order = np.random.default_rng(seed).permutation(len(windows))
    assert decode_spans(passage, [windows[each] for each in order]) == decode_spans(passage, windows)


@given(asked())
def test_more_answers_begin_with_those_of_fewer(question: tuple[str, list[Window]]) -> None:
    passage, windows = question
    assert places_of(decode_spans(passage, windows, 3)) == places_of(decode_spans(passage, windows, 30))[:3]


def test_tokens_of_one_character_give_one_answer_and_do_not_crowd_out_others() -> None:
    offsets = [None, *[(0, 1)] * 40, (2, 4)]
    start = np.array([0.0, *np.full(40, 5.0), 1.0])
    found = decode_spans("😀 ab", [Window(start, start, offsets)], 3, 42)
    assert [each["answer"] for each in found.answers] == ["😀", "😀 ab", "ab"]


def test_without_a_token_of_the_passage_there_is_no_answer() -> None:
    found = decode_spans("", [Window(np.zeros(3), np.zeros(3), [None, None, None])])
    assert found == ([], 1.0, np.inf)


def test_logits_without_end_are_never_chosen() -> None:
    start = np.array([0.0, -np.inf, 1.0])
    found = decode_spans("a b", [Window(start, np.zeros(3), [None, (0, 1), (2, 3)])])
    assert [each["answer"] for each in found.answers] == ["b"]


def windows_of(text: str, drawn: np.random.Generator, size: int, stride: int) -> list[Window]:
    """Windows over the words of a text, after a question of three tokens, the last of them padded."""
    words = split_words(text)
    windows = []
    for begin in range(0, max(1, len(words) - stride), size - stride):
        offsets = [None, None, None, *words[begin : begin + size]]
        offsets += [None] * (size + 3 - len(offsets))
        windows.append(Window(*drawn.normal(0, 3, (2, len(offsets))).astype(np.float32), offsets))
    return windows


def test_every_answer_in_ten_thousand_texts_is_the_text_at_its_offsets() -> None:
    drawn = np.random.default_rng(5)
    count = 0
    for text in random_texts(10_000, seed=4):
        found = decode_spans(text, windows_of(text, drawn, 12, 4), n_best=5)
        for each in found.answers:
            assert each["answer"] == text[each["start"] : each["end"]] == each["answer"].strip() != ""
            count += 1
        assert len(set(places_of(found))) == len(found.answers)
    assert count > 40_000


def test_a_thousand_windows_of_512_tokens_take_seconds() -> None:
    drawn = np.random.default_rng(6)
    windows = windows_of("word " * 3600, drawn, 512, 128)
    began = time.process_time()
    for _ in range(100):
        decode_spans("word " * 3600, windows)
    assert len(windows) == 10 and time.process_time() - began < 10
