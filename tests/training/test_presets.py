"""Presets fit the checkpoint, the rows and the machine, and are recipes that can be used as they are."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from studio.training.presets import PRESETS, PresetFacts, preset_recipe
from studio.training.recipe import Recipe

MINILM = PresetFacts(
    parameters=22_713_216, rows=1000, median_tokens=20, p95_tokens=40, device="cpu", max_tokens=512
)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_valid_recipe_for_every_size(preset: str) -> None:
    sizes, rows, tokens = (4_400_000, 22_000_000, 110_000_000, 335_000_000), (10, 1000, 10**6), (5, 90, 4000)
    for parameters, count, p95 in itertools.product(sizes, rows, tokens):
        facts = replace(MINILM, parameters=parameters, rows=count, p95_tokens=p95)
        recipe = Recipe.from_settings({**preset_recipe(preset, facts), "preset": preset})
        assert recipe.max_length <= 512


@pytest.mark.parametrize("preset", PRESETS)
def test_a_larger_encoder_gets_smaller_steps(preset: str) -> None:
    rates = [
        preset_recipe(preset, replace(MINILM, parameters=size))["learning_rate"]
        for size in (22_000_000, 110_000_000, 335_000_000)
    ]
    assert rates == sorted(rates, reverse=True) and rates[0] > rates[-1]
    assert 2e-5 <= rates[1] <= 5e-5, "the range of the BERT paper for base models"


def test_width_counts_more_than_parameters_where_it_is_known() -> None:
    albert = replace(MINILM, parameters=11_683_584, hidden=768)
    mini = replace(MINILM, parameters=11_170_560, hidden=256)
    assert preset_recipe("balanced", albert)["learning_rate"] <= 5e-5
    assert preset_recipe("balanced", mini)["learning_rate"] == 3e-4


def test_training_only_additions_or_the_head_wants_larger_steps() -> None:
    rates = [
        preset_recipe("balanced", replace(MINILM, method=method))["learning_rate"]
        for method in ("full", "lora", "frozen")
    ]
    assert min(rates[1:]) >= 5 * rates[0]


def test_quick_is_never_longer_than_balanced_and_balanced_never_than_best() -> None:
    for rows, p95 in itertools.product((100, 1000, 50_000), (20, 100, 400, 900)):
        made = [preset_recipe(preset, replace(MINILM, rows=rows, p95_tokens=p95)) for preset in PRESETS]
        for field in ("epochs", "max_length"):
            values = [recipe[field] for recipe in made]
            assert values == sorted(values), field


def test_few_rows_get_more_passes_and_many_rows_fewer() -> None:
    passes = [
        preset_recipe("balanced", replace(MINILM, rows=rows))["epochs"] for rows in (20, 150, 1000, 100_000)
    ]
    assert passes == sorted(passes, reverse=True) and passes[0] > passes[1] > passes[2] > passes[3]


def test_texts_are_not_cut_where_the_preset_can_afford_it_nor_padded_to_more_than_they_have() -> None:
    assert 40 <= preset_recipe("balanced", MINILM)["max_length"] <= 64
    assert preset_recipe("best", replace(MINILM, p95_tokens=900, max_tokens=128))["max_length"] == 128


def test_an_unknown_preset_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        preset_recipe("magic", MINILM)
