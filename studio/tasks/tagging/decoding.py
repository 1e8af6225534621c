"""From a model's numbers for each word to entities of the text: the likeliest tags that IOB2 allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.tasks.classification import softmax
from studio.tasks.tagging.schemes import OUTSIDE, begin_and_inside, split_tag
from studio.tasks.tagging.words import Offset


def tag_labels(types: Sequence[str]) -> tuple[str, ...]:
    """The outputs of a model that knows these types of entities: O, then two for each type.

    >>> tag_labels(["LOC", "PER"])
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    return (OUTSIDE, *(tag for label in types for tag in begin_and_inside(label)))


def types_of(outputs: Sequence[str]) -> tuple[str, ...]:
    """The types that have these outputs.

    >>> types_of(("O", "B-LOC", "I-LOC", "B-PER", "I-PER"))
    ('LOC', 'PER')
    """
    return tuple(split_tag(tag)[1] for tag in outputs[1::2])


def best_path(scores: np.ndarray) -> np.ndarray:
    """The labels with the greatest sum of scores among those that IOB2 allows, int64 (words,).

    ``scores`` (words, 2 * types + 1) is in the order of ``tag_labels``; I follows only B or I of its type. Of
    equally good labels the first is taken (Viterbi 1967).

    >>> best_path(np.log([[0.1, 0.3, 0.6], [0.3, 0.1, 0.6]])).tolist()
    [1, 2]
    """
    words, labels = scores.shape
    came_from = np.zeros((words, labels), dtype=np.int64)
    begins = np.arange(1, labels, 2)
    # Before the first word stands O.
    best = np.full(labels, -np.inf)
    best[0] = 0.0
    for word in range(words):
        came_from[word] = best.argmax()
        came_from[word, begins + 1] = begins + (best[begins + 1] > best[begins])
        best = best[came_from[word]] + scores[word]
    path = np.zeros(words, dtype=np.int64)
    label = int(best.argmax())
    for word in reversed(range(words)):
        path[word] = label
        label = int(came_from[word, label])
    return path


def find_entities(logits: np.ndarray) -> np.ndarray:
    """The entities of a text by the outputs of its words (words, 2 * types + 1); they never overlap.

    float64 (entities, 4): the first of its words, the one after its last, the number of its type, and its
    score, the mean probability of its words' labels. Logits are compared after a softmax, so logarithms of
    probabilities will do.

    >>> find_entities(np.log([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.9, 0.05, 0.05]])).round(3).tolist()
    [[0.0, 2.0, 0.0, 0.7]]
    """
    path = best_path(np.asarray(logits, dtype=np.float64))
    spans = spans_in_path(path)
    if not len(spans):
        return np.zeros((0, 4))
    sums = np.append(0.0, np.cumsum(softmax(logits)[np.arange(len(path)), path]))
    first, after = spans[:, 0], spans[:, 1]
    return np.column_stack([spans, (sums[after] - sums[first]) / (after - first)])


def spans_in_path(path: np.ndarray) -> np.ndarray:
    """The entities of words whose labels have these numbers, of which IOB2 allows each where it stands.

    int64 (entities, 3): the first word, the one after the last, the number of the type.

    >>> spans_in_path(np.array([1, 2, 0, 3])).tolist()
    [[0, 2, 0], [3, 4, 1]]
    """
    begins = np.flatnonzero(path % 2)
    goes_on = (path > 0) & (path % 2 == 0)
    stops = np.append(np.flatnonzero(~goes_on), len(path))
    ends = stops[np.searchsorted(stops, begins, side="right")]
    return np.column_stack([begins, ends, (path[begins] - 1) // 2])


def describe_entities(
    text: str, words: Sequence[Offset], found: np.ndarray, types: Sequence[str]
) -> list[dict[str, Any]]:
    """Entities as find_entities gives them, in characters of the text, by its words.

    >>> found = np.array([[0.0, 2.0, 0.0, 0.75]])
    >>> describe_entities("Anna Lee left", [(0, 4), (5, 8), (9, 13)], found, ["PER"])
    [{'label': 'PER', 'start': 0, 'end': 8, 'text': 'Anna Lee', 'score': 0.75}]
    """
    described = []
    for first, after, label, score in found.tolist():
        start, end = words[int(first)][0], words[int(after) - 1][1]
        entity = {"label": types[int(label)], "start": start, "end": end, "text": text[start:end]}
        described.append({**entity, "score": score})
    return described
