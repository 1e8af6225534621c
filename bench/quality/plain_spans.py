"""Windows of passages and the best spans in them, as plain scripts of transformers have them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

STRIDE, BEST, MOST_TOKENS = 128, 20, 30
ARTICLES = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True)
class SpanWindow:
    """A question with a window of its passage: what the model is given, and where its tokens stand.

    ``offsets`` holds the characters of each token of the passage, and None of all else.
    """

    question: int
    context: str
    inputs: dict[str, Any]
    offsets: list[tuple[int, int] | None]


def cut_windows(
    questions: Sequence[str],
    contexts: Sequence[str],
    answers: Sequence[list[list[Any]]],
    tokenizer: Any,
    max_length: int,
) -> list[SpanWindow]:
    """Every window of every question; those in which the first answer does not stand point at token 0."""
    given = tokenizer(
        list(questions), list(contexts), truncation="only_second", max_length=max_length,
        stride=min(STRIDE, max_length // 4), return_overflowing_tokens=True, return_offsets_mapping=True,
    )  # fmt: skip
    names = [name for name in ("input_ids", "token_type_ids", "attention_mask") if name in given]
    windows = []
    for place, number in enumerate(given["overflow_to_sample_mapping"]):
        pairs = zip(given["offset_mapping"][place], given.sequence_ids(place), strict=True)
        offsets = [tuple(offset) if sequence == 1 else None for offset, sequence in pairs]
        start, end = target_tokens(offsets, answers[number])
        inputs = {name: given[name][place] for name in names}
        inputs |= {"start_positions": start, "end_positions": end}
        windows.append(SpanWindow(number, contexts[number], inputs, offsets))
    return windows


def target_tokens(
    offsets: Sequence[tuple[int, int] | None], answers: Sequence[Sequence[Any]]
) -> tuple[int, int]:
    """The first and last token of the first answer, or twice 0."""
    if not answers:
        return 0, 0
    start, text = answers[0]
    end = start + len(text)
    starts = [at for at, one in enumerate(offsets) if one and one[0] <= start < one[1]]
    ends = [at for at, one in enumerate(offsets) if one and one[0] < end <= one[1]]
    return (starts[0], ends[0]) if starts and ends else (0, 0)


def best_answers(
    windows: Sequence[SpanWindow], starts: Any, ends: Any, questions: int, some_have_none: bool
) -> list[str]:
    """The best span of each question over its windows.

    Where ``some_have_none`` it is "" for a question for which token 0 is better in every window.
    """
    best = [(-np.inf, "")] * questions
    nothing = np.full(questions, np.inf if some_have_none else -np.inf)
    for window, start, end in zip(windows, np.asarray(starts), np.asarray(ends), strict=True):
        nothing[window.question] = min(nothing[window.question], start[0] + end[0])
        found = best_span(window, start, end)
        best[window.question] = max(best[window.question], found, key=lambda one: one[0])
    return [text if score > none else "" for (score, text), none in zip(best, nothing, strict=True)]


def best_span(window: SpanWindow, start: np.ndarray, end: np.ndarray) -> tuple[float, str]:
    """Score and text of the best span of a window."""
    best = (-np.inf, "")
    for first in np.argsort(-start)[:BEST]:
        for last in np.argsort(-end)[:BEST]:
            inside = max(first, last) < len(window.offsets) and 0 <= last - first < MOST_TOKENS
            if not inside or window.offsets[first] is None or window.offsets[last] is None:
                continue
            score = float(start[first] + end[last])
            if score > best[0]:
                best = (score, window.context[window.offsets[first][0] : window.offsets[last][1]])
    return best


def answer_f1(found: str, right: Sequence[str]) -> float:
    """SQuAD's F1 of an answer, the best over the right ones; none of these stands for no answer."""
    return max(words_f1(words_of(found), words_of(one)) for one in (right or [""]))


def words_f1(found: Sequence[str], right: Sequence[str]) -> float:
    """F1 of two lists of words; where one is empty, whether both are."""
    if not found or not right:
        return float(list(found) == list(right))
    common = sum((Counter(found) & Counter(right)).values())
    return 2 * common / (len(found) + len(right))


def words_of(answer: str) -> list[str]:
    """The words that SQuAD compares."""
    plain = "".join(mark for mark in answer.lower() if mark not in string.punctuation)
    return ARTICLES.sub(" ", plain).split()
