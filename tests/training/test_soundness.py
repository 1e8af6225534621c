"""A loss that is no number, or grows without end, is noticed at its step; a hard batch is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.training.recipe import Recipe
from studio.training.soundness import LossWatch, went_wrong


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_the_first_loss_that_is_no_number_is_named(bad: float) -> None:
    watch = LossWatch(math.log(3))
    assert watch.find_fault([1.1] * 30) is None
    assert watch.find_fault([1.1, 1.0, bad, bad]) == (2, "The training loss is no longer a number")


def test_a_loss_that_stays_far_above_guessing_is_named_after_some_steps() -> None:
    watch = LossWatch(math.log(2))
    assert watch.find_fault([0.7] * 40) is None
    found = watch.find_fault([0.7 * 1.5**step for step in range(40)])
    assert found is not None and "has grown to" in found[1] and "guessing costs 0.7" in found[1]
    assert 0.7 * 1.5 ** found[0] > 5 * 0.7


@pytest.mark.parametrize("losses", [[0.01] * 40 + [30.0] + [0.5] * 40, [0.69] * 20 + [2.0] * 100, [8.0] * 60])
def test_one_hard_batch_noise_and_a_bad_start_are_no_alarm(losses: list[float]) -> None:
    assert LossWatch(math.log(2)).find_fault(losses) is None


def test_rare_labels_that_count_more_are_no_alarm() -> None:
    generator = np.random.default_rng(0)
    losses = np.where(generator.random(5000) < 0.005, 0.7 * 100, 0.7 * 0.5)
    assert LossWatch(100 * math.log(2)).find_fault(losses.tolist()) is None


def test_a_watch_goes_on_after_a_break_as_if_there_had_been_none() -> None:
    losses = [0.7 * 1.05**step for step in range(120)]
    whole, first = LossWatch(math.log(2)), LossWatch(math.log(2))
    found = whole.find_fault(losses)
    assert found is not None and first.find_fault(losses[:25]) is None
    again = LossWatch(**first.to_json()).find_fault(losses[25:])
    assert again is not None and again[0] + 25 == found[0] and again[1] == found[1]


def test_the_error_names_the_step_and_a_lower_learning_rate_and_what_is_left() -> None:
    error = went_wrong("The training loss is no longer a number", 12, Recipe(learning_rate=0.01), "step 8")
    assert error.message == "The training loss is no longer a number at step 12. All was well until step 8."
    assert "from 0.01 to 0.002" in error.hint and "fp32" in error.hint
    plain = went_wrong("It", 1, Recipe(precision="fp32"), "")
    assert plain.message == "It at step 1." and "fp32" not in plain.hint
