"""The loss counts rows by the weight of their label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from studio.training.losses import LOSSES, class_weights, cross_entropy, share_of_loss
from studio.training.recipe import Recipe

pytestmark = pytest.mark.slow
LABELS = [0] * 6 + [1] * 3 + [2]


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    found = class_weights(Recipe(class_weights="balanced"), LABELS, 3)
    assert found is not None
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    assert found.tolist() == pytest.approx(expected.tolist())


def test_no_weights_where_the_recipe_wants_none() -> None:
    assert class_weights(Recipe(), LABELS, 3) is None


def test_a_label_without_training_rows_changes_nothing_for_the_others() -> None:
    found = class_weights(Recipe(class_weights="balanced"), [0, 0, 0, 1], 3)
    assert found is not None
    assert found.tolist() == pytest.approx([4 / 6, 2.0, 1.0])


def test_the_loss_of_a_batch_is_the_mean_over_rows_of_weight_times_loss() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [np.log(3.0), 0.0]])
    labels = torch.tensor([0, 1, 1])
    weights = torch.tensor([0.5, 2.0])
    by_hand = (0.5 * np.log(2) + 2 * np.log(2) + 2 * np.log(4)) / 3
    assert float(share_of_loss(cross_entropy(logits, labels), labels, weights, 3)) == pytest.approx(
        by_hand, abs=1e-6
    )
    parts = [
        share_of_loss(cross_entropy(logits[cut], labels[cut]), labels[cut], weights, 3)
        for cut in (slice(0, 1), slice(1, 3))
    ]
    assert float(sum(parts)) == pytest.approx(by_hand, abs=1e-6), "however the batch is cut"
    plain = (np.log(2) + np.log(2) + np.log(4)) / 3
    assert float(share_of_loss(cross_entropy(logits, labels), labels, None, 3)) == pytest.approx(
        plain, abs=1e-6
    )


def test_balanced_weights_leave_the_mean_over_a_balanced_table_as_it_is() -> None:
    found = class_weights(Recipe(class_weights="balanced"), [0, 1, 2] * 5, 3)
    assert found is not None and found.tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_one_label_alone_can_be_guessed_without_an_endless_loss() -> None:
    assert LOSSES["single_label_classification"].of_guessing(1) > 0
