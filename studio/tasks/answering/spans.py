"""Answers as spans of a passage: from logits of where they start and end, over windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from studio.tasks.classification import softmax
from studio.tasks.tagging.words import Offset

N_BEST = 20
MAX_ANSWER_TOKENS = 30


@dataclass(frozen=True, eq=False)
class Window:
    """What a model said of a question and a stretch of its passage: logits of start and end, (tokens,).

    ``offsets`` gives the characters of the passage for each of its tokens, None for all others. The logits of
    the first token are those of no answer.
    """

    start: np.ndarray
    end: np.ndarray
    offsets: Sequence[Offset | None]


class Answers(NamedTuple):
    """The answers {answer, start, end, score} to a question, best first, and how likely there is none.

    ``score`` and ``null_score`` are probabilities among these answers and none: together 1.
    ``null_minus_best`` is the logit of no answer less that of the best, inf where there is no other.
    """

    answers: list[dict[str, Any]]
    null_score: float
    null_minus_best: float


def decode_spans(
    passage: str,
    windows: Sequence[Window],
    n_best: int = N_BEST,
    max_answer_tokens: int = MAX_ANSWER_TOKENS,
) -> Answers:
    """The best spans of a passage over at least one window (Devlin et al. 2019).

    The logit of a span is the sum of those of its start and its end, the greatest among windows; that of no
    answer is the least among windows. Blanks around a span are left out. Of equally good ones the first is
    better, then the shorter.

    >>> offsets = [None, None, (0, 4), (5, 8), (9, 13)]
    >>> window = Window(np.array([1, 0, 3, 0, 0]), np.array([0, 0, 0, 2, 1]), offsets)
    >>> found = decode_spans("Anna Lee left", [window], n_best=2)
    >>> [(each["answer"], each["start"], each["end"], round(each["score"], 2)) for each in found.answers]
    [('Anna Lee', 0, 8, 0.72), ('Anna Lee left', 0, 13, 0.27)]
    >>> round(found.null_score, 2), found.null_minus_best
    (0.01, -4.0)
    """
    logits: dict[Offset, float] = {}
    for window in windows:
        for span, logit in best_of_window(passage, window, n_best, max_answer_tokens).items():
            logits[span] = max(logit, logits.get(span, logit))
    ranked = sorted(logits, key=lambda span: (-logits[span], span))[:n_best]
    null = min(float(window.start[0]) + float(window.end[0]) for window in windows)
    scores = softmax(np.array([*(logits[span] for span in ranked), null])).tolist()
    answers = [
        {"answer": passage[start:end], "start": start, "end": end, "score": score}
        for (start, end), score in zip(ranked, scores[:-1], strict=True)
    ]
    return Answers(answers, scores[-1], null - logits[ranked[0]] if ranked else float("inf"))


def best_of_window(passage: str, window: Window, n_best: int, max_answer_tokens: int) -> dict[Offset, float]:
    """The logits of the ``n_best`` spans of a window, or of some more."""
    sums = add_logits(window, max_answer_tokens)
    width = sums.shape[1]
    flat = sums.ravel()
    count = n_best
    while True:
        count = min(count, len(flat))
        least = np.partition(flat, -count)[-count]
        places = np.flatnonzero((flat >= least) & (flat > -np.inf))
        found: dict[Offset, float] = {}
        for place, logit in zip(places.tolist(), flat[places].tolist(), strict=True):
            first, more = divmod(place, width)
            span = span_between(passage, window.offsets[first], window.offsets[first + more])
            if span:
                found[span] = max(logit, found.get(span, logit))
        # Tokens that share their characters, such as bytes of one emoji, give one span several times.
        if len(found) >= n_best or count == len(flat):
            return found
        count *= 2


def add_logits(window: Window, max_answer_tokens: int) -> np.ndarray:
    """The logit of each span, float64 (tokens, span lengths): by its first token and how many more it has.

    It is -inf where the first or the last token is none of the passage.

    >>> offsets = [None, (0, 1), (1, 2)]
    >>> add_logits(Window(np.array([9, 1, 2]), np.array([9, 3, 4]), offsets), 2).tolist()
    [[-inf, -inf], [4.0, 5.0], [6.0, -inf]]
    """
    tokens = len(window.offsets)
    width = min(max_answer_tokens, tokens)
    is_passage = np.array([offset is not None for offset in window.offsets])
    start = np.where(is_passage, window.start, -np.inf)
    end = np.full(tokens + width - 1, -np.inf)
    end[:tokens][is_passage] = np.asarray(window.end)[is_passage]
    return np.asarray(start[:, None] + np.lib.stride_tricks.sliding_window_view(end, width))


def span_between(passage: str, first: Offset | None, last: Offset | None) -> Offset | None:
    """The characters from one token to another, without blanks around them; None where nothing is left.

    >>> span_between("of Rome ", (2, 7), (7, 8)), span_between("of Rome ", (7, 8), (7, 8))
    ((3, 7), None)
    """
    if first is None or last is None:
        return None
    text = passage[first[0] : last[1]]
    start = first[0] + len(text) - len(text.lstrip())
    length = len(text.strip())
    return (start, start + length) if length else None
