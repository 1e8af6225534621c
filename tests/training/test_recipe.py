"""A recipe is declared once, reads what people type, and refuses in plain words."""

from __future__ import annotations

import json

import pytest

from studio.errors import InvalidInput
from studio.training.recipe import FieldSpec, Recipe, field_specs

SPECS = {spec.name: spec for spec in field_specs()}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_every_field_has_a_title_one_sentence_of_help_and_limits_or_choices(spec: FieldSpec) -> None:
    assert spec.title and spec.title[0].isupper()
    assert spec.help.endswith(".") and spec.help.count(". ") == 0
    assert spec.choices or (spec.minimum is not None and spec.maximum is not None)
    assert spec.default is None or not spec.choices or spec.default in spec.choices


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_every_limit_is_accepted_and_what_lies_beyond_is_refused_with_field_value_and_limits(
    spec: FieldSpec,
) -> None:
    if spec.choices:
        beyond = ["sideways"]
        assert all(getattr(Recipe.from_settings({spec.name: c}), spec.name) == c for c in spec.choices)
    else:
        beyond = [spec.minimum - 1, spec.maximum + 1, "many"]
        for edge in (spec.minimum, spec.maximum):
            assert getattr(Recipe.from_settings({spec.name: str(edge)}), spec.name) == edge
    for value in beyond:
        with pytest.raises(InvalidInput) as caught:
            Recipe.from_settings({spec.name: value})
        assert spec.name in caught.value.message and str(value) in caught.value.message
        assert spec.allowed in caught.value.hint


def test_a_recipe_survives_json() -> None:
    recipe = Recipe(learning_rate=3e-5, dropout=0.2)
    assert Recipe.model_validate(json.loads(json.dumps(recipe.model_dump()))) == recipe


def test_texts_from_a_command_line_are_read_as_numbers() -> None:
    recipe = Recipe.from_settings({"learning_rate": " 5e-5 ", "epochs": "4", "dropout": "0.3"})
    assert (recipe.learning_rate, recipe.epochs, recipe.dropout) == (5e-5, 4, 0.3)


@pytest.mark.parametrize("word", ["", "none", None])
def test_no_dropout_means_the_checkpoints_own(word: object) -> None:
    assert Recipe.from_settings({"dropout": word}).dropout is None


@pytest.mark.parametrize("value", ["nan", "inf", float("nan")])
def test_a_learning_rate_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="learning_rate"):
        Recipe.from_settings({"learning_rate": value})


def test_an_unknown_field_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidInput) as caught:
        Recipe.from_settings({"learning_rat": 1e-4})
    assert "learning_rat" in caught.value.message
    assert caught.value.hint == "Did you mean learning_rate?"


def test_all_fields_that_do_not_fit_are_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        Recipe.from_settings({"epochs": 0, "batch_size": "x"})
    assert "epochs" in caught.value.message and "batch_size" in caught.value.message


def test_what_is_chosen_elsewhere_is_no_field_of_the_form_but_part_of_the_recipe() -> None:
    assert not {"checkpoint", "task", "preset"} & set(SPECS)
    assert Recipe.from_settings({"checkpoint": "x", "preset": "quick"}).preset == "quick"


def test_the_four_fields_everyone_meets_are_not_hidden_under_advanced() -> None:
    plain = [name for name, spec in SPECS.items() if not spec.advanced]
    assert plain == ["epochs", "learning_rate", "batch_size", "max_length"]
