"""What answers rows, and what the answers put into the columns of a table (no torch)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.tasks.base import Row

PREDICTION, CONFIDENCE, LABEL_PREFIX = "prediction", "confidence", "p_"

Tell = Callable[[int], None]
"""Called with the number of rows answered so far."""


@dataclass(frozen=True)
class Answerer:
    """A model as a file needs it.

    ``probabilities`` gives an array (rows, labels) for a list of rows, and tells how far it is; ``roles`` are
    what it reads of each; ``fingerprint`` is another one for each model that could answer otherwise.
    """

    labels: tuple[str, ...]
    probabilities: Callable[[list[Row], Tell], np.ndarray]
    fingerprint: str = ""
    roles: tuple[str, ...] = ("text",)


def array_of(answers: Sequence[dict[str, Any]], labels: Sequence[str]) -> np.ndarray:
    """The probabilities of answers, (answers, labels).

    >>> array_of([{"label": "b", "confidence": 0.75, "probabilities": {"b": 0.75, "a": 0.25}}], ["a", "b"])
    array([[0.25, 0.75]])
    """
    found = [[answer["probabilities"][label] for label in labels] for answer in answers]
    return np.array(found, dtype=np.float64).reshape(len(answers), len(labels))


def answer_names(labels: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The names of the columns of answers in a table that has others already.

    >>> answer_names(["x"], ["text", "prediction", "prediction_2"])
    ['prediction_3', 'confidence', 'p_x']
    """
    used = set(taken)
    names = []
    for name in (PREDICTION, CONFIDENCE, *(LABEL_PREFIX + label for label in labels)):
        free, number = name, 2
        while free in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free)
        names.append(free)
    return names


def answer_columns(labels: Sequence[str], probabilities: np.ndarray, asked: np.ndarray) -> list[list[str]]:
    """The cells of the columns that ``answer_names`` names, as they are written: shares with six digits.

    ``asked`` tells of each row whether it was; the others have no answer. ``probabilities``: (asked, labels).

    >>> answer_columns(["a", "b"], np.array([[0.25, 0.75]]), np.array([True, False]))
    [['b', ''], ['0.750000', ''], ['0.250000', ''], ['0.750000', '']]
    """
    best = [labels[place] for place in probabilities.argmax(axis=1)] if len(probabilities) else []
    shares = np.column_stack([probabilities.max(axis=1, initial=0.0), probabilities])
    columns = [best, *([f"{share:.6f}" for share in column] for column in shares.T.tolist())]
    if asked.all():
        return columns
    return [spread(column, asked) for column in columns]


def spread(cells: list[str], asked: np.ndarray) -> list[str]:
    """Cells of the rows that were asked among empty ones of the others."""
    spaced = np.full(len(asked), "", dtype=object)
    spaced[asked] = cells
    return list(spaced)
