"""Text classification: one text or a pair of texts, one label out of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.tasks.base import CONFIDENCE, PREDICTION, CardWords, Columns, Role, Row, Task, Tuned, tune_nothing
from studio.tasks.texts import TEXT, TEXT_B, encode

LABEL = Role("label", "Label", "The column with the right answer for each row.", answer=True)


def check(columns: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where there is nothing to tell apart."""
    del columns
    if len(labels) < 2:
        raise InvalidInput(
            f"The dataset has {len(labels)} label, so there is nothing to tell apart.",
            "Import rows of at least two labels.",
        )


def targets(columns: Columns, labels: Sequence[str]) -> np.ndarray:
    """Label ids, int64 (rows,); raises InvalidInput for a label that the dataset does not list."""
    ids = {label: number for number, label in enumerate(labels)}
    column = columns[LABEL.key]
    unknown = [label for label in column if label not in ids]
    if unknown:
        raise InvalidInput(
            f"{len(unknown)} rows carry labels that the dataset does not list, such as '{unknown[0]}'.",
            "Import the dataset again, so that its labels are read from all its rows.",
        )
    return np.array([ids[label] for label in column], dtype=np.int64)


def scores(logits: np.ndarray, _tuned: Tuned) -> np.ndarray:
    """The probabilities of labels, of logits (rows, labels)."""
    return softmax(logits)


def decode(
    logits: np.ndarray, labels: Sequence[str], tuned: Tuned, _rows: Sequence[Row] = ()
) -> list[dict[str, Any]]:
    """Turn logits (rows, labels) into answers with label, confidence and the probability of every label.

    >>> decode(np.array([[0.0, 0.0], [0.0, 1000.0]]), ["no", "yes"], {})[1]
    {'label': 'yes', 'confidence': 1.0, 'probabilities': {'no': 0.0, 'yes': 1.0}}
    """
    probabilities = scores(logits, tuned)
    return [
        {
            "label": labels[int(row.argmax())],
            "confidence": float(row.max()),
            "probabilities": {label: float(value) for label, value in zip(labels, row, strict=True)},
        }
        for row in probabilities
    ]


def recode(
    answers: Sequence[Mapping[str, Any]], labels: Sequence[str], _rows: Sequence[Row] = ()
) -> np.ndarray:
    """The probabilities of answers, (answers, labels).

    >>> recode([{"label": "b", "confidence": 0.75, "probabilities": {"b": 0.75, "a": 0.25}}], ["a", "b"])
    array([[0.25, 0.75]])
    """
    found = [[answer["probabilities"][label] for label in labels] for answer in answers]
    return np.array(found, dtype=np.float64).reshape(len(answers), len(labels))


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of which rows the most probable label is the same, of probabilities (rows, labels)."""
    return np.asarray(one.argmax(axis=1) == other.argmax(axis=1))


def say(answer: Mapping[str, Any]) -> str:
    """The label and how sure it is.

    >>> say({"label": "late", "confidence": 0.973})
    'late (97.3 %)'
    """
    return f"{answer['label']} ({100 * answer['confidence']:.3g} %)"


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """The label, how sure that is, and the probability of every label."""
    return (PREDICTION, CONFIDENCE, *(f"p_{label}" for label in labels))


def cells(probabilities: np.ndarray, labels: Sequence[str], _rows: Sequence[Row] = ()) -> list[list[str]]:
    """Columns of labels and of shares with six digits, of probabilities (rows, labels).

    >>> cells(np.array([[0.25, 0.75]]), ["a", "b"])
    [['b'], ['0.750000'], ['0.250000'], ['0.750000']]
    """
    best = [labels[place] for place in probabilities.argmax(axis=1)] if len(probabilities) else []
    shares = np.column_stack([probabilities.max(axis=1, initial=0.0), probabilities])
    return [best, *([f"{share:.6f}" for share in column] for column in shares.T.tolist())]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits (rows, labels) into probabilities (float64) that sum to 1 in each row.

    >>> softmax(np.array([[0.0, np.log(3.0)]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    given = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(given - given.max(axis=-1, keepdims=True)) if given.size else np.zeros_like(given)
    return shifted / shifted.sum(axis=-1, keepdims=True) if given.size else shifted


CLASSIFICATION = Task(
    key="classification",
    title="Classify texts",
    help="Give each text, or pair of texts, one label out of several, such as the intent of a message.",
    roles=(TEXT, TEXT_B, LABEL),
    head="sequence-classification",
    problem="single_label_classification",
    metrics=(
        "accuracy",
        "balanced_accuracy",
        "f1",
        "f1_macro",
        "f1_weighted",
        "precision_macro",
        "recall_macro",
        "mcc",
        "log_loss",
        "ece",
    ),
    watched=("accuracy", "f1_macro"),
    primary_metric="accuracy",
    check=check,
    outputs=tuple,
    encode=encode,
    targets=targets,
    tune=tune_nothing,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="one of {labels}", limit="It always answers with one of its labels, also where none fits."
    ),
)
