"""From a model's numbers for each word to entities of the text: the likeliest tags that IOB2 allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.tasks.classification import softmax
from studio.tasks.tagging.schemes import OUTSIDE, begin_and_inside, spans_of
from studio.tasks.tagging.words import Offset


def tag_labels(types: Sequence[str]) -> tuple[str, ...]:
    """The outputs of a model that knows these types of entities: O, then two for each type.

    >>> tag_labels(["LOC", "PER"])
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    return (OUTSIDE, *(tag for label in types for tag in begin_and_inside(label)))


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


def decode_entities(
    text: str, words: Sequence[Offset], logits: np.ndarray, types: Sequence[str]
) -> list[dict[str, Any]]:
    """The entities of a text, by its words and their outputs (words, 2 * types + 1); they never overlap.

    Logits are compared after a softmax, so logarithms of probabilities will do. The score of an entity is the
    mean probability of its words' labels.

    >>> logits = np.log([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.9, 0.05, 0.05]])
    >>> found = decode_entities("Anna Lee left", [(0, 4), (5, 8), (9, 13)], logits, ["PER"])
    >>> [(each["label"], each["start"], each["end"], each["text"], round(each["score"], 3)) for each in found]
    [('PER', 0, 8, 'Anna Lee', 0.7)]
    """
    path = best_path(np.asarray(logits, dtype=np.float64))
    sure = softmax(logits)[np.arange(len(path)), path]
    labels = tag_labels(types)
    found = []
    for span in spans_of([labels[number] for number in path]):
        start, end = words[span.start][0], words[span.end - 1][1]
        score = float(sure[span.start : span.end].mean())
        entity = {"label": span.label, "start": start, "end": end, "text": text[start:end], "score": score}
        found.append(entity)
    return found
