"""Text classification: one text or a pair of texts, one label out of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.tasks.base import Columns, Encoded, Role, Row, Task

TEXT = Role("text", "Text", "The column the model reads to decide.")
TEXT_B = Role(
    "text_b", "Second text", "Where two texts are compared: the column with the other one.", required=False
)
LABEL = Role("label", "Label", "The column with the right answer for each row.", answer=True)


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Turn texts, or pairs of them, into token ids, cut to ``max_length`` tokens and not padded.

    Of a pair that is too long the longer text is cut, token by token.
    """
    if not rows:
        return {"input_ids": [], "attention_mask": []}
    roles = [role.key for role in (TEXT, TEXT_B) if role.key in rows[0]]
    texts = ([row[role] for row in rows] for role in roles)
    # One list call: a fast tokenizer then works on all its threads, ten times faster than a loop.
    return dict(tokenizer(*texts, truncation=True, max_length=max_length, padding=False))


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


def decode(logits: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Turn logits (rows, labels) into answers with label, confidence and the probability of every label.

    >>> decode(np.array([[0.0, 0.0], [0.0, 1000.0]]), ["no", "yes"])[1]
    {'label': 'yes', 'confidence': 1.0, 'probabilities': {'no': 0.0, 'yes': 1.0}}
    """
    probabilities = softmax(logits)
    return [
        {
            "label": labels[int(row.argmax())],
            "confidence": float(row.max()),
            "probabilities": {label: float(value) for label, value in zip(labels, row, strict=True)},
        }
        for row in probabilities
    ]


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
    encode=encode,
    targets=targets,
    scores=softmax,
    decode=decode,
)
