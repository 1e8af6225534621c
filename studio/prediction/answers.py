"""What answers rows, and what the answers put into the columns of a table (no torch)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from studio.tasks.base import Row, Task
from studio.tasks.classification import CLASSIFICATION

Tell = Callable[[int], None]
"""Called with the number of rows answered so far."""


@dataclass(frozen=True)
class Answerer:
    """A model as a file needs it.

    ``scores`` gives the task's scores of a list of rows, and tells how far it is; ``roles`` are what it reads
    of each; ``fingerprint`` is another one for each model that could answer otherwise.
    """

    labels: tuple[str, ...]
    scores: Callable[[list[Row], Tell], np.ndarray]
    fingerprint: str = ""
    roles: tuple[str, ...] = ("text",)
    task: Task = CLASSIFICATION

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of the answers are called, where no other has the name."""
        return self.task.columns(self.labels)

    def cells(self, rows: list[Row], asked: np.ndarray, tell: Tell) -> list[list[str]]:
        """The cells of these columns for a table, of which these rows are asked.

        ``asked`` tells of each row of the table whether it is one of them; the others have no answer.

        >>> answerer = Answerer(("a", "b"), lambda rows, tell: np.array([[0.25, 0.75]] * len(rows)))
        >>> answerer.cells([{"text": "Hello"}], np.array([True, False]), print)
        [['b', ''], ['0.750000', ''], ['0.250000', ''], ['0.750000', '']]
        """
        if not rows:
            return [[""] * len(asked) for _ in self.columns]
        found = self.task.cells(self.scores(rows, tell), self.labels, rows)
        return found if asked.all() else [spread(column, asked) for column in found]


def free_names(wanted: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The names that new columns get in a table that has others already.

    >>> free_names(["prediction", "confidence"], ["text", "prediction", "prediction_2"])
    ['prediction_3', 'confidence']
    """
    used = set(taken)
    names = []
    for name in wanted:
        free, number = name, 2
        while free in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free)
        names.append(free)
    return names


def spread(cells: list[str], asked: np.ndarray) -> list[str]:
    """Cells of the rows that were asked among empty ones of the others."""
    spaced = np.full(len(asked), "", dtype=object)
    spaced[asked] = cells
    return list(spaced)
