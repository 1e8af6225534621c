"""For each task: true answers, what a good model makes of them and a bad one, and a column of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from studio.data.columns import main_text
from studio.metrics.base import Metric
from studio.ragged import gather
from studio.tasks.base import Task
from studio.tasks.registry import TASKS

IDS = np.array([0, 1, 1, 0, 1, 0])
SETS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
NUMBERS = np.array([0.5, 2.0, 1.0, 4.5, 3.0, 2.5])
ENTITIES = np.array([[1], [2], [0], [1], [3], [1]])
ANSWERED = np.array([True, False, True, True, False, True])
# Of "a text" after a question of one token: [CLS], question, [SEP], two tokens of the passage, [SEP].
WINDOW = np.array([[0, -1, -1]] * 3 + [[0, 0, 1], [0, 2, 6], [0, -1, -1]])


@dataclass(frozen=True)
class Example:
    """Truth and scores as metrics read them, outputs of a head for "a text", and 40 cells of a table.

    The texts of such a table hold the word "text", or begin with it or another one of four letters.
    ``asked`` has a cell for each role that is read beside the text, as a table may hold it in row {n}.
    """

    truth: np.ndarray
    good: np.ndarray
    bad: np.ndarray
    outputs: np.ndarray
    cells: tuple[str, ...]
    asked: Mapping[str, str] = field(default_factory=dict)


EXAMPLES = {
    "classification": Example(
        truth=IDS,
        good=np.where(np.arange(2) == IDS[:, None], 0.97, 0.03),
        bad=np.where(np.arange(2) == IDS[:, None], 0.03, 0.97),
        outputs=np.array([[0.0, 2.0], [1.0, 0.0]]),
        cells=("yes", "no") * 20,
    ),
    "multilabel": Example(
        truth=SETS,
        good=np.stack([np.where(SETS > 0, 0.9, 0.1), SETS], axis=-1),
        bad=np.stack([np.where(SETS > 0, 0.1, 0.9), 1.0 - SETS], axis=-1),
        outputs=np.array([[0.0, 2.0], [-1.0, 0.5]]),
        cells=("yes|no", "no", "yes", "") * 10,
    ),
    "multiple-choice": Example(
        truth=IDS,
        good=np.where(np.arange(2) == IDS[:, None], 0.97, 0.03),
        bad=np.where(np.arange(2) == IDS[:, None], 0.03, 0.97),
        outputs=np.array([[0.0, 2.0], [1.0, 0.0]]),
        cells=("1", "2") * 20,
        asked={"choices": '["{n}a {n}b {n}c {n}d {n}e {n}f", "{n}g {n}h {n}i {n}j {n}k"]'},
    ),
    "regression": Example(
        truth=NUMBERS,
        good=NUMBERS + np.array([0.1, -0.1, 0.1, 0.0, -0.1, 0.1]),
        bad=-NUMBERS,
        outputs=np.array([[2.5], [-1.0]]),
        cells=tuple(f"{number / 8}" for number in range(40)),
    ),
    "question-answering": Example(
        truth=ANSWERED,
        good=np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 0.8], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]),
        bad=np.array([[0.0, 0.2], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]),
        outputs=gather([np.hstack([np.eye(6)[:, [4, 4]], WINDOW])] * 2),
        cells=("text", "") * 20,
        asked={"question": "What is it, {n}?"},
    ),
    "token-classification": Example(
        truth=ENTITIES,
        good=np.hstack([ENTITIES, ENTITIES]),
        bad=np.hstack([ENTITIES // 2, ENTITIES + 1]),
        outputs=gather([np.array([[0.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]])] * 2),
        cells=('[[0, 4, "yes"]]', '[[0, 4, "no"]]') * 20,
    ),
}


def text_of(task: Task) -> str:
    """The role of the text that the rows of a task are about."""
    role = main_text([role.key for role in task.roles])
    assert role is not None
    return role


def example_of(metric: Metric) -> Example:
    """The example of a task that has the metric."""
    return next(EXAMPLES[task.key] for task in TASKS.values() if metric.name in task.metrics)
