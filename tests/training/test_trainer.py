"""The loss counts rows by the weight of their label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from studio.training.recipe import Recipe
from studio.training.trainer import class_weights, weighted_loss

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


def test_weighted_loss_is_the_mean_over_rows_of_weight_times_loss() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [np.log(3.0), 0.0]])
    labels = torch.tensor([0, 1, 1])
    weights = torch.tensor([0.5, 2.0])
    by_hand = (0.5 * np.log(2) + 2 * np.log(2) + 2 * np.log(4)) / 3
    assert float(weighted_loss(logits, labels, weights)) == pytest.approx(by_hand, abs=1e-6)
    plain = (np.log(2) + np.log(2) + np.log(4)) / 3
    assert float(weighted_loss(logits, labels, None)) == pytest.approx(plain, abs=1e-6)


def test_balanced_weights_leave_the_mean_over_a_balanced_table_as_it_is() -> None:
    found = class_weights(Recipe(class_weights="balanced"), [0, 1, 2] * 5, 3)
    assert found is not None and found.tolist() == pytest.approx([1.0, 1.0, 1.0])
