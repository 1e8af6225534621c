"""The loss of each problem, and how the losses of rows become that of a batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from studio.tasks.base import Problem
from studio.training.recipe import Recipe

TOKENS_OF_A_WINDOW = 512  # the most that most encoders read


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of one number a row, (rows,)."""
    return (outputs[:, 0] - targets) ** 2


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of one label a row: ``targets`` are label ids (rows,)."""
    return functional.cross_entropy(outputs, targets, reduction="none")


def binary_cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of any number of labels a row: ``targets`` are 0 or 1 (rows, labels); the mean over labels, (rows,)."""
    losses = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    return losses.mean(dim=-1)


def cross_entropy_of_ends(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of the first and the last token of an answer: the mean of both, (windows,).

    ``outputs`` (tokens, 2) are those of the tokens of one window after another; ``targets`` (windows, 3) say
    how many tokens each window has, and at which of them, from 0, the answer begins and ends.

    >>> outputs = torch.tensor([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    >>> cross_entropy_of_ends(outputs, torch.tensor([[2, 0, 1], [1, 0, 0]])).tolist()
    [0.6931471824645996, 0.0]
    """
    lengths = targets[:, 0]
    places = torch.arange(len(targets), device=targets.device)
    window = places.repeat_interleave(lengths, output_size=len(outputs))
    peaks = outputs.new_full((len(targets), 2), -torch.inf)
    peaks = peaks.scatter_reduce(0, window[:, None].expand(-1, 2), outputs.detach(), "amax")
    sums = outputs.new_zeros((len(targets), 2)).index_add(0, window, (outputs - peaks[window]).exp())
    right = (lengths.cumsum(0) - lengths)[:, None] + targets[:, 1:]
    return (peaks + sums.log() - outputs.gather(0, right)).mean(dim=1)


@dataclass(frozen=True)
class Loss:
    """What a problem minimises.

    ``of_rows`` takes outputs (rows, outputs) and targets and gives the loss of each row, (rows,); where there
    are several questions to a row, of questions.
    ``of_guessing`` is what one who knows nothing loses a row, given how many outputs there are. ``right``
    tells which rows are answered rightly, (rows,), where that is a question. ``scales``: targets are numbers
    of any scale. ``has_labels``: targets are label ids, whose rows can be weighted.
    """

    of_rows: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    of_guessing: Callable[[int], float]
    right: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    scales: bool = False
    has_labels: bool = False


LOSSES: dict[Problem, Loss] = {
    "single_label_classification": Loss(
        of_rows=cross_entropy,
        of_guessing=lambda labels: math.log(max(2, labels)),
        right=lambda outputs, targets: outputs.argmax(dim=-1) == targets,
        has_labels=True,
    ),
    "multiple_choice": Loss(
        of_rows=cross_entropy,
        of_guessing=lambda options: math.log(max(2, options)),
        right=lambda outputs, targets: outputs.argmax(dim=-1) == targets,
    ),
    "multi_label_classification": Loss(of_rows=binary_cross_entropy, of_guessing=lambda _labels: math.log(2)),
    # Labels of words: each is a question, as a row with one label is.
    "token_classification": Loss(of_rows=cross_entropy, of_guessing=lambda labels: math.log(max(2, labels))),
    "question_answering": Loss(
        of_rows=cross_entropy_of_ends, of_guessing=lambda _outputs: math.log(TOKENS_OF_A_WINDOW)
    ),
    # Of numbers scaled to a variance of 1, their mean costs 1.
    "regression": Loss(of_rows=squared_error, of_guessing=lambda _outputs: 1.0, scales=True),
}


def class_weights(recipe: Recipe, label_ids: Sequence[int], label_count: int) -> torch.Tensor | None:
    """Weight of each label, rows / (labels x rows of the label), or None where all count the same.

    >>> class_weights(Recipe(class_weights="balanced"), [0, 0, 0, 1], 2).tolist()
    [0.6666666865348816, 2.0]
    """
    if recipe.class_weights == "none":
        return None
    counts = np.bincount(np.asarray(label_ids, dtype=np.int64), minlength=label_count)
    present = counts > 0
    weights = np.where(present, len(label_ids) / (present.sum() * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)


def share_of_loss(
    losses: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None, in_batch: int
) -> torch.Tensor:
    """What the losses of some rows of a batch add to its mean, each row counting by the weight of its label.

    Divided by the rows of the whole batch (or the questions, where a row has several), so that the shares of
    its parts add up however it is cut; and by rows, not by their weights, so that a batch of rare labels
    counts more.
    """
    return (losses if weights is None else losses * weights[labels]).sum() / in_batch
