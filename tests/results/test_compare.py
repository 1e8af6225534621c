"""Comparisons against scipy and hand-worked cases."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from studio.metrics.registry import get_metric
from studio.results.compare import ComparedModel, compare_models
from studio.results.paired import adjust_p_values, draw_accuracies, draw_scores, mcnemar_p_value
from studio.results.predictions import Predictions
from tests.results.samples import make_answers, make_predictions


def model(name: str, predictions: Predictions | None, **facts: object) -> ComparedModel:
    """A model of dataset bbc."""
    return ComparedModel(name, "bbc", predictions, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (3, 3), (1, 9), (0, 6), (40, 61), (500, 700)])
def test_the_p_value_is_the_exact_binomial_one(only_a: int, only_b: int) -> None:
    rows = only_a + only_b
    expected = stats.binomtest(only_a, rows).pvalue if rows else 1.0
    assert mcnemar_p_value(only_a, only_b) == pytest.approx(expected, rel=1e-9)


def test_corrected_p_values_are_those_worked_by_hand() -> None:
    assert adjust_p_values([0.02, 0.01, 0.9, 0.03]) == pytest.approx([0.06, 0.04, 0.9, 0.06])
    assert adjust_p_values([]) == []


def test_models_are_ranked_by_score_with_every_pair_compared() -> None:
    names = {"low": 0.5, "high": 4.0, "middle": 1.5}
    found = compare_models(
        [model(name, make_predictions(300, skill=skill, seed=7)) for name, skill in names.items()]
    ).to_json()
    assert found["models"] == ("low", "high", "middle")
    assert found["ranking"] == ("high", "middle", "low")
    assert [(entry["a"], entry["b"]) for entry in found["differences"]] == [
        ("high", "middle"),
        ("high", "low"),
        ("middle", "low"),
    ]
    for entry in found["differences"]:
        low, high = entry["interval"]
        assert low <= entry["difference"] <= high
        assert entry["verdict"] == "better"
        assert set(entry) >= {"a", "b", "metric", "difference", "interval", "p_value", "verdict"}
    json.dumps(found, allow_nan=False)


def test_a_small_difference_on_few_rows_is_within_chance() -> None:
    better = make_answers("ab" * 10, "ab" * 9 + "aa")
    worse = make_answers("ab" * 10, "ab" * 8 + "aaaa")
    (entry,) = compare_models([model("one", worse), model("two", better)]).differences
    assert (entry["a"], entry["b"]) == ("two", "one")
    assert entry["difference"] == pytest.approx(0.05)
    assert (entry["only_a_right"], entry["only_b_right"], entry["p_value"]) == (1, 0, 1.0)
    assert entry["verdict"] == "within chance"


def test_the_sentence_says_gap_chance_and_speed() -> None:
    truth = "ab" * 100
    base = model("base-2", make_answers(truth, truth), rows_per_second=50.0)
    distil = model("distil-1", make_answers(truth, truth[:-1] + "a"), rows_per_second=151.0)
    assert compare_models([distil, base]).sentence == (
        "distil-1 is 0.5 points below base-2, within chance on 200 rows, and three times as fast."
    )


def test_no_speed_is_claimed_from_few_rows_or_between_the_same_networks() -> None:
    def sentence_of(rows: int, *checkpoints: str) -> str:
        truth = "ab" * (rows // 2)
        speeds = zip(("one", "two"), checkpoints, (50.0, 151.0), strict=True)
        return compare_models(
            [
                model(
                    name,
                    make_answers(truth, truth),
                    rows_per_second=speed,
                    checkpoint=checkpoint,
                    parameters=9,
                    recipe={"max_length": 32},
                )
                for name, checkpoint, speed in speeds
            ]
        ).sentence

    assert sentence_of(200, "bert", "minilm") == (
        "two and one score the same on 200 rows, and two is three times as fast."
    )
    assert sentence_of(200, "minilm", "minilm") == "two and one score the same on 200 rows."
    assert sentence_of(12, "bert", "minilm") == "two and one score the same on 12 rows."


def test_two_models_with_the_same_answers_are_said_to_score_the_same() -> None:
    one, two = model("one", make_answers("abab", "abab")), model("two", make_answers("abab", "abab"))
    found = compare_models([one, two])
    assert found.sentence == "two and one score the same on 4 rows."
    assert found.disagreements == ()
    assert found.differences[0]["p_value"] == 1.0


def test_models_on_other_rows_are_set_apart_with_the_reason() -> None:
    other = make_answers("abba", "abba")
    elsewhere = ComparedModel("elsewhere", "other-data", make_answers("bb", "bb"))
    found = compare_models(
        [
            model("one", make_answers("abab", "abab")),
            model("two", make_answers("abab", "abaa")),
            model("split anew", other),
            elsewhere,
            model("not scored", None),
        ]
    )
    assert found.ranking == ("one", "two")
    assert {entry["name"]: entry["reason"] for entry in found.apart} == {
        "split anew": "It was scored on other test rows: 4 that are not the same.",
        "elsewhere": "It was scored on other rows: those of dataset other-data.",
        "not scored": "It has not been scored on the test rows yet.",
    }
    assert [row["ranked"] for row in found.table] == [True, True, False, False, False]
    assert found.sentence.endswith(" 3 more cannot be ranked with them.")


def test_one_model_alone_and_none_at_all_get_a_sentence() -> None:
    assert "no other model" in compare_models([model("one", make_answers("ab", "ab"))]).sentence
    assert "None of these models" in compare_models([model("one", None)]).sentence


def test_a_metric_that_is_best_when_low_ranks_the_lowest_first() -> None:
    sure = make_predictions(100, skill=6.0)
    found = compare_models(
        [model("worse", make_predictions(100)), model("better", sure)], "log_loss", draws=200
    )
    assert found.ranking == ("better", "worse")
    assert found.differences[0]["difference"] < 0
    assert found.differences[0]["verdict"] == "better"
    assert "worse is" in found.sentence and "above better" in found.sentence


def test_only_choices_that_differ_are_listed() -> None:
    recipes = [{"epochs": 3, "seed": 0, "method": "full"}, {"epochs": 4, "seed": 0, "method": "full"}]
    models = [
        model(name, make_answers("ab", "ab"), recipe=recipe)
        for name, recipe in zip(("one", "two"), recipes, strict=True)
    ]
    assert compare_models(models).recipe_differences == {"epochs": {"one": 3, "two": 4}}


def test_rows_on_which_they_disagree_carry_every_answer() -> None:
    one, two = make_answers("aabb", "aabb"), make_answers("aabb", "abba")
    found = compare_models([model("one", one), model("two", two)])
    assert found.disagreement_count == 2
    assert found.disagreements[0]["text"] == "row 1"
    assert found.disagreements[0]["true"] == "a"
    assert found.disagreements[0]["answers"] == {"one": "a", "two": "b"}


def test_labels_in_another_order_are_the_same_labels() -> None:
    one, two = make_answers("aabb", "aabb"), make_answers("aabb", "aabb", ("b", "a"))
    found = compare_models([model("one", one), model("two", two)])
    assert found.ranking == ("one", "two")
    assert found.disagreement_count == 0
    assert all(row["spread"] == 0 for row in found.per_label)


def test_per_label_differences_put_the_widest_first() -> None:
    one, two = make_answers("aabbbb", "aabbbb"), make_answers("aabbbb", "bbbbbb")
    rows = compare_models([model("one", one), model("two", two)]).per_label
    assert [row["label"] for row in rows] == ["a", "b"]
    assert rows[0]["f1"] == {"one": 1.0, "two": 0.0}


def test_drawing_groups_of_rows_has_the_same_spread_as_drawing_rows() -> None:
    models = [make_predictions(150, skill=1.0, seed=1), make_predictions(150, skill=1.0, seed=2)]
    groups = draw_accuracies(models, seed=5, draws=4000)
    rows = draw_scores(models, get_metric("accuracy").compute, seed=5, draws=1000)
    for found in (groups, rows):
        assert found.mean(axis=1) == pytest.approx([model.right.mean() for model in models], abs=0.004)
    spreads = [(found[0] - found[1]).std() for found in (groups, rows)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.08)


def test_a_model_drawn_against_itself_never_differs() -> None:
    model_answers = make_predictions(150, skill=1.0)
    for drawn in (
        draw_accuracies([model_answers] * 2, seed=5),
        draw_scores([model_answers] * 2, get_metric("f1_macro").compute, seed=5, draws=50),
    ):
        assert np.array_equal(drawn[0], drawn[1])


def test_the_bootstrap_interval_agrees_with_the_normal_one_on_many_rows() -> None:
    first, second = make_predictions(2000, skill=1.0, seed=1), make_predictions(2000, skill=1.2, seed=2)
    (entry,) = compare_models([model("first", first), model("second", second)]).differences
    gaps = second.right.astype(float) - first.right.astype(float)
    half = 1.96 * gaps.std() / np.sqrt(len(gaps))
    assert entry["interval"] == pytest.approx([gaps.mean() - half, gaps.mean() + half], abs=0.004)
