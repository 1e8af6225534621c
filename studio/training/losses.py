"""The loss of a batch, in which rows of rare labels may count more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from studio.training.recipe import Recipe


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
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None, batch_rows: int
) -> torch.Tensor:
    """What some rows of a batch add to its mean cross-entropy, each row counting by the weight of its label.

    Divided by the rows of the whole batch, so that the shares of its parts add up however it is cut; and by
    rows, not by their weights, so that a batch of rare labels counts more.
    """
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return (losses if weights is None else losses * weights[labels]).sum() / batch_rows
