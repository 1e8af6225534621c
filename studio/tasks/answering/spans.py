"""Answers as spans of a passage: from logits of where they start and end, over windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from studio.tasks.tagging.words import Offset

N_BEST = 20
MAX_ANSWER_TOKENS = 30


@dataclass(frozen=True, eq=False)
class Window:
    """What a model said of a question and a stretch of its passage: logits of start and end, (tokens,).

    ``places`` (tokens, 2) gives the first character of the passage that each of its tokens stands for, and
    the one after the last, without blanks around them; -1 for all other tokens. The logits of the first token
    are those of no answer.
    """

    start: np.ndarray
    end: np.ndarray
    places: np.ndarray


class Spans(NamedTuple):
    """The spans of a passage, int64 (spans, 2), best first, their logits, and the logit of no answer."""

    places: np.ndarray
    logits: np.ndarray
    null: float

    @property
    def null_minus_best(self) -> float:
        """The logit of no answer less that of the best span, inf where there is none."""
        return self.null - float(self.logits[0]) if len(self.logits) else float("inf")


def find_spans(
    windows: Sequence[Window], n_best: int = N_BEST, max_answer_tokens: int = MAX_ANSWER_TOKENS
) -> Spans:
    """The best spans of a passage over at least one window (Devlin et al. 2019).

    The logit of a span is the sum of those of its start and its end, the greatest among windows; that of no
    answer is the least among windows. Of equally good ones the first is better, then the shorter.

    >>> places = np.array([[-1, -1], [-1, -1], [0, 4], [5, 8], [9, 13]])
    >>> window = Window(np.array([1, 0, 3, 0, 0]), np.array([0, 0, 0, 2, 1]), places)
    >>> found = find_spans([window], n_best=2)
    >>> found.places.tolist(), found.logits.tolist(), found.null
    ([[0, 8], [0, 13]], [5.0, 4.0], 1.0)
    """
    best: dict[Offset, float] = {}
    for window in windows:
        for span, logit in best_of_window(window, n_best, max_answer_tokens).items():
            best[span] = max(logit, best.get(span, logit))
    ranked = sorted(best, key=lambda span: (-best[span], span))[:n_best]
    null = min(float(window.start[0]) + float(window.end[0]) for window in windows)
    places = np.array(ranked, dtype=np.int64).reshape(-1, 2)
    return Spans(places, np.array([best[span] for span in ranked], dtype=np.float64), null)


def best_of_window(window: Window, n_best: int, max_answer_tokens: int) -> dict[Offset, float]:
    """The logits of the ``n_best`` spans of a window, or of some more."""
    sums = add_logits(window, max_answer_tokens)
    width = sums.shape[1]
    flat = sums.ravel()
    count = n_best
    while True:
        count = min(count, len(flat))
        least = np.partition(flat, -count)[-count]
        chosen = np.flatnonzero((flat >= least) & (flat > -np.inf))
        first, more = np.divmod(chosen, width)
        spans = zip(window.places[first, 0].tolist(), window.places[first + more, 1].tolist(), strict=True)
        found: dict[Offset, float] = {}
        for span, logit in zip(spans, flat[chosen].tolist(), strict=True):
            found[span] = max(logit, found.get(span, logit))
        # Tokens that share their characters, such as bytes of one emoji, give one span several times.
        if len(found) >= n_best or count == len(flat):
            return found
        count *= 2


def add_logits(window: Window, max_answer_tokens: int) -> np.ndarray:
    """The logit of each span, float64 (tokens, span lengths): by its first token and how many more it has.

    It is -inf where the first or the last token is none of the passage, and where no character is left.

    >>> places = np.array([[-1, -1], [0, 1], [1, 2]])
    >>> add_logits(Window(np.array([9, 1, 2]), np.array([9, 3, 4]), places), 2).tolist()
    [[-inf, -inf], [4.0, 5.0], [6.0, -inf]]
    """
    tokens = len(window.places)
    width = min(max_answer_tokens, tokens)
    first, after = window.places.T
    end = np.full(tokens + width - 1, -np.inf)
    end[:tokens] = window.end
    ends = np.zeros(tokens + width - 1, dtype=np.int64)
    ends[:tokens] = after
    view = np.lib.stride_tricks.sliding_window_view
    sums = np.asarray(window.start, dtype=np.float64)[:, None] + view(end, width)
    # The character after a token that is none of the passage is -1, and so before all others.
    return np.where((first[:, None] >= 0) & (view(ends, width) > first[:, None]), sums, -np.inf)
