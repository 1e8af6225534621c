"""Multiple choice: a text, and two or more options of which one goes with it; how many may vary by row.

A model reads the text with each option alone and gives each a score; softmax over the options of a row makes
them shares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.tasks.base import (
    CONFIDENCE,
    PREDICTION,
    CardWords,
    Columns,
    Encoded,
    Role,
    Row,
    Task,
    Tuned,
    tune_nothing,
)
from studio.tasks.classification import softmax
from studio.tasks.texts import TEXT

SCORE = "score"
BETWEEN_OPTIONS = " | "


def read_options(cell: str) -> list[str]:
    """The options of a row as a dataset keeps them, a JSON list.

    >>> read_options('["yes", "no"]')
    ['yes', 'no']
    """
    return [str(option) for option in json.loads(cell)]


def write_options(options: Sequence[str]) -> str:
    """Options as a dataset keeps them, in their order."""
    return json.dumps(list(options), ensure_ascii=False)


def show_options(cell: str) -> str:
    """The options of a row as people read them.

    >>> show_options('["yes", "no"]')
    'yes | no'
    """
    return BETWEEN_OPTIONS.join(read_options(cell))


CHOICES = Role(
    "choices",
    "Options",
    "The columns that hold an option each, with commas between; or one column with a list.",
    shown=show_options,
)
ANSWER = Role(
    "label",
    "Right option",
    "The column that says which option is right: its number, from 0 or 1, its letter, or the option itself.",
    answer=True,
)


def count_options(row: Row) -> int:
    """How many options a row has."""
    return len(read_options(row[CHOICES.key]))


def check(columns: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where no training row has two options."""
    del labels
    if not any(len(read_options(cell)) > 1 for cell in columns[CHOICES.key]):
        raise InvalidInput(
            "No training row has two options, so there is nothing to choose.",
            "Check that the options were read from the right columns.",
        )


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Token ids of each option with its text, those of the first row first; cut to a length, not padded.

    Of text and option the longer one is cut, token by token.
    """
    pairs = [(row[TEXT.key], option) for row in rows for option in read_options(row[CHOICES.key])]
    if not pairs:
        return {"input_ids": [], "attention_mask": []}
    texts, options = map(list, zip(*pairs, strict=True))
    return dict(tokenizer(texts, options, truncation=True, max_length=max_length, padding=False))


def targets(columns: Columns, labels: Sequence[str]) -> np.ndarray:
    """Which option is right, counted from 0, int64 (rows,); InvalidInput where a row has no such option."""
    del labels
    counts = [len(read_options(cell)) for cell in columns[CHOICES.key]]
    found = np.array([int(cell) for cell in columns[ANSWER.key]], dtype=np.int64)
    if len(found) and ((found < 0) | (found >= counts)).any():
        raise InvalidInput(
            "There is a row whose right option is none of its options.",
            "Import the dataset again, so that its options are checked.",
        )
    return found


def scores(outputs: np.ndarray, _tuned: Tuned) -> np.ndarray:
    """The share of each option, float64 (rows, most options); 0 for those that a row has not."""
    return softmax(outputs)


def decode(outputs: np.ndarray, labels: Sequence[str], tuned: Tuned) -> list[dict[str, Any]]:
    """One ``{choice, confidence, probabilities}`` a row: the option's number from 0, and a share for each.

    >>> decode(np.array([[0.0, 1000.0, -np.inf]]), ["score"], {})
    [{'choice': 1, 'confidence': 1.0, 'probabilities': [0.0, 1.0]}]
    """
    del labels
    there = np.isfinite(outputs)
    return [
        {
            "choice": int(shares.argmax()),
            "confidence": float(shares.max()),
            "probabilities": [float(share) for share in shares[: int(has.sum())]],
        }
        for shares, has in zip(scores(outputs, tuned), there, strict=True)
    ]


def recode(answers: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> np.ndarray:
    """The shares of answers, (answers, most options).

    >>> recode([{"probabilities": [0.25, 0.75]}, {"probabilities": [1.0]}], ["score"])
    array([[0.25, 0.75],
           [1.  , 0.  ]])
    """
    del labels
    width = max((len(answer["probabilities"]) for answer in answers), default=0)
    found = np.zeros((len(answers), width))
    for row, answer in zip(found, answers, strict=True):
        row[: len(answer["probabilities"])] = answer["probabilities"]
    return found


def cells(shares: np.ndarray, labels: Sequence[str]) -> list[list[str]]:
    """The number of the option, from 1, and its share with six digits.

    >>> cells(np.array([[0.25, 0.75]]), ["score"])
    [['2'], ['0.750000']]
    """
    del labels
    best = shares.argmax(axis=1) if len(shares) else []
    return [[f"{place + 1}" for place in best], [f"{share:.6f}" for share in shares.max(axis=1, initial=0.0)]]


MULTIPLE_CHOICE = Task(
    key="multiple-choice",
    title="Choose an option",
    help="Choose which of several options goes with a text, such as how a story ends; each row has its own.",
    roles=(TEXT, CHOICES, ANSWER),
    head="multiple-choice",
    problem="multiple_choice",
    metrics=("accuracy",),
    watched=("accuracy",),
    primary_metric="accuracy",
    check=check,
    outputs=lambda _labels: (SCORE,),
    encode=encode,
    targets=targets,
    tune=tune_nothing,
    scores=scores,
    agree=lambda one, other: one.argmax(axis=1) == other.argmax(axis=1),
    decode=decode,
    recode=recode,
    columns=lambda _labels: (PREDICTION, CONFIDENCE),
    cells=cells,
    say=lambda answer: f"option {answer['choice'] + 1} ({100 * answer['confidence']:.3g} %)",
    card=CardWords(
        gives="which of several options goes with it",
        limit="It always chooses one of the options it is given, also where none fits.",
    ),
    sequences=count_options,
)
