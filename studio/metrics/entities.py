"""Scores of named entities: an entity is right where its boundaries and its label are (seqeval, strict).

Entities are tuples (start, end, label) with the end exclusive; ``truth`` and ``found`` hold a list of
them for each sentence. One that is listed twice counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from studio.metrics.classification import LabelScores, divide

Entity = tuple[int, int, str]
Sentences = Sequence[Iterable[Entity]]
Kind = Literal["type", "boundary", "both", "missed", "spurious"]
KINDS: tuple[Kind, ...] = ("type", "boundary", "both", "missed", "spurious")
"""What is wrong with an entity: its label; its boundaries; both; it was not found; it is not there."""


class EntityScores(NamedTuple):
    """Precision, recall and F1 of all entities together (micro)."""

    precision: float
    recall: float
    f1: float


class EntityError(NamedTuple):
    """A wrong entity: the number of its sentence, what is wrong, what is true and what was found there."""

    sentence: int
    kind: Kind
    truth: Entity | None
    found: Entity | None


def count_entities(truth: Sentences, found: Sentences) -> np.ndarray:
    """For each sentence the entities found rightly, those found, and those there are: int64 (sentences, 3).

    >>> count_entities([[(0, 2, "PER")], []], [[(0, 2, "PER"), (3, 4, "LOC")], []]).tolist()
    [[1, 2, 1], [0, 0, 0]]
    """
    counts = np.zeros((len(truth), 3), dtype=np.int64)
    for number, (true, given) in enumerate(zip(map(set, truth), map(set, found), strict=True)):
        counts[number] = len(true & given), len(given), len(true)
    return counts


def score_entities(counts: np.ndarray) -> EntityScores:
    """Micro scores of sentences, by what count_entities gives; 0 where a share has nothing to divide by.

    >>> score_entities(np.array([[1, 2, 1], [0, 0, 1]]))
    EntityScores(precision=0.5, recall=0.5, f1=0.5)
    """
    right, found, true = counts.sum(axis=0).tolist()
    return EntityScores(
        precision=right / found if found else 0.0,
        recall=right / true if true else 0.0,
        f1=2 * right / (found + true) if found + true else 0.0,
    )


def join_counts(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """What count_entities gives: of those there are (sentences, 1), and right and found (sentences, 2)."""
    return np.column_stack([scores, truth])


def precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Of the entities found, the share that is right; of counts as join_counts takes them."""
    return score_entities(join_counts(truth, scores)).precision


def recall(truth: np.ndarray, scores: np.ndarray) -> float:
    """Of the entities there are, the share that is found."""
    return score_entities(join_counts(truth, scores)).recall


def f1(truth: np.ndarray, scores: np.ndarray) -> float:
    """F1 of all entities together."""
    return score_entities(join_counts(truth, scores)).f1


def score_types(truth: Sentences, found: Sentences) -> tuple[tuple[str, ...], LabelScores]:
    """The labels that occur as truth or as answer, in order of characters, and the scores of each.

    >>> labels, scores = score_types([[(0, 2, "PER")]], [[(0, 2, "PER"), (3, 4, "LOC")]])
    >>> labels, scores.f1.tolist(), scores.support.tolist()
    (('LOC', 'PER'), [0.0, 1.0], [0, 1])
    """
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for own, answers in zip(map(set, truth), map(set, found), strict=True):
        right.update(label for _, _, label in own & answers)
        given.update(label for _, _, label in answers)
        true.update(label for _, _, label in own)
    labels = tuple(sorted({*given, *true}))
    rights, givens, trues = (np.array([count[label] for label in labels]) for count in (right, given, true))
    scores = LabelScores(
        precision=divide(rights, givens),
        recall=divide(rights, trues),
        f1=divide(2 * rights, givens + trues),
        support=trues,
    )
    return labels, scores


def find_errors(truth: Sentences, found: Sentences) -> list[EntityError]:
    """Every wrong entity once, by sentence and place.

    Where one that was found overlaps a true one that was not, they make one error: of the wrong ``type`` with
    the same boundaries, of the wrong ``boundary`` with the same label, else ``both``. Each entity is in one
    error only; pairs are made in that order, then by how many words they share, then from left to right. What
    is left is ``missed`` or ``spurious``.

    >>> truth = [[(0, 2, "PER"), (4, 6, "LOC"), (8, 9, "ORG")]]
    >>> found = [[(0, 2, "ORG"), (5, 6, "LOC"), (10, 11, "PER")]]
    >>> [error.kind for error in find_errors(truth, found)]
    ['type', 'boundary', 'missed', 'spurious']
    """
    errors: list[EntityError] = []
    for sentence, (true, given) in enumerate(zip(map(set, truth), map(set, found), strict=True)):
        if true != given:
            of_sentence = compare_sentence(sentence, sorted(true - given), sorted(given - true))
            errors.extend(sorted(of_sentence, key=place_of))
    return errors


def compare_sentence(sentence: int, missed: list[Entity], spurious: list[Entity]) -> Iterator[EntityError]:
    """The errors of a sentence, by its entities that were not found and those found that are not true."""
    pairs = sorted(
        (KINDS.index(kind_of(true, given)), -overlap(true, given), true, given)
        for true in missed
        for given in spurious
        if overlap(true, given) > 0
    )
    paired: set[tuple[bool, Entity]] = set()
    for kind, _, true, given in pairs:
        if (True, true) not in paired and (False, given) not in paired:
            paired |= {(True, true), (False, given)}
            yield EntityError(sentence, KINDS[kind], true, given)
    for true in missed:
        if (True, true) not in paired:
            yield EntityError(sentence, "missed", true, None)
    for given in spurious:
        if (False, given) not in paired:
            yield EntityError(sentence, "spurious", None, given)


def overlap(one: Entity, other: Entity) -> int:
    """How many words two entities share; less than 1 where they share none.

    >>> overlap((0, 3, "X"), (2, 5, "Y")), overlap((0, 2, "X"), (2, 5, "X"))
    (1, 0)
    """
    return min(one[1], other[1]) - max(one[0], other[0])


def kind_of(true: Entity, given: Entity) -> Kind:
    """What tells two different entities that overlap apart.

    >>> kind_of((0, 2, "X"), (0, 2, "Y")), kind_of((0, 2, "X"), (0, 3, "X"))
    ('type', 'boundary')
    """
    if true[:2] == given[:2]:
        return "type"
    return "boundary" if true[2] == given[2] else "both"


def place_of(error: EntityError) -> tuple[Entity, int]:
    """Where an error stands in its sentence: by the first of its entities."""
    return min(entity for entity in (error.truth, error.found) if entity), KINDS.index(error.kind)
