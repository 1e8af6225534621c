"""Predictions made up for tests: seeded, of any size, right as often as asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.results.predictions import Predictions
from tests.asked import asked

TOPICS = ("business", "politics", "sport")


def make_predictions(
    rows: int = 120, labels: Sequence[str] = TOPICS, *, skill: float = 2.0, seed: int = 0
) -> Predictions:
    """The same rows and true labels for every seed; answers are better the higher the skill."""
    truth = np.arange(rows) % len(labels)
    logits = np.random.default_rng(seed).normal(size=(rows, len(labels)))
    logits[np.arange(rows), truth] += skill
    shares = np.exp(logits)
    return Predictions.from_rows(
        labels,
        asked(f"text {row} about {labels[label]}" for row, label in enumerate(truth)),
        truth,
        shares / shares.sum(axis=1, keepdims=True),
        lines=np.arange(rows) + 2,
        files=["topics.csv"] * rows,
    )


def make_answers(true: str, predicted: str, labels: Sequence[str] = ("a", "b")) -> Predictions:
    """Predictions from two words: each letter is a row's true and predicted label, 80 % sure."""
    truth = [labels.index(letter) for letter in true]
    shares = np.full((len(true), len(labels)), 0.2 / (len(labels) - 1))
    for row, letter in enumerate(predicted):
        shares[row, labels.index(letter)] = 0.8
    return Predictions.from_rows(labels, asked(f"row {row}" for row in range(len(true))), truth, shares)
