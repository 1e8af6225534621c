"""The Compare page: what is compared, and what is said about it."""

from __future__ import annotations

import csv

import pytest

from studio.bootstrap import Studio
from studio.errors import InvalidInput
from studio.pages.compare import details, ranking
from studio.pages.compare.choosing import (
    Comparisons,
    Selection,
    dataset_choices,
    dataset_of,
    model_choices,
    models_of,
    select,
)
from studio.pages.compare.page import FIRST_TAB, TABS, render_empty, render_missing
from studio.services.datasets import ImportRequest
from tests.results.kept_models import keep_model


@pytest.fixture(scope="module", autouse=True)
def models(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A good and a poor model on the same rows, and one on other rows."""
    for name, rows in (("messages", 600), ("others", 90)):
        path = tmp_path_factory.mktemp("tables") / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["text", "label"])
            writer.writerows([f"{name} number {row}", "ab"[row % 2]] for row in range(rows))
        studio.datasets.import_file(ImportRequest(path=path, name=name))
    keep_model(studio, "others", "stranger")
    keep_model(studio, "messages", "good", skill=5.0)
    keep_model(studio, "messages", "poor", skill=0.5, seed=2, learning_rate=3e-05)


def comparison_of(studio: Studio, *names: str) -> object:
    return Comparisons(studio).of(Selection(names))


def test_an_address_names_models_or_a_dataset_and_without_either_the_fullest_is_taken(studio: Studio) -> None:
    known = studio.models.list()
    assert set(select(known, None, None, None).models) == {"good", "poor"}
    assert select(known, None, "others", None).models == ("stranger",)
    assert select(known, "good,gone,stranger", None, "validation") == Selection(
        ("good", "stranger"), "validation"
    )
    assert select(known, None, None, "train").split == "test"
    assert select([], None, None, None) == Selection()


def test_what_an_address_names_and_is_not_there_is_said(studio: Studio) -> None:
    known = studio.models.list()
    one = render_missing(known, "none", None)
    assert "The model “none” that this address names is not there." in one and "s-warning" in one
    assert "The models “gone”, “&lt;b&gt;” that" in render_missing(known, "gone,good,<b>", None)
    assert "the dataset “lost”" in render_missing(known, None, "lost")
    assert render_missing(known, "good,poor", "lost") == render_missing(known, None, None) == ""


def test_an_address_brings_the_same_comparison_back(studio: Studio) -> None:
    selection = Selection(("good", "poor"), "validation")
    assert selection.address == "/compare?models=good%2Cpoor&split=validation"
    assert select(studio.models.list(), "good,poor", None, "validation") == selection


def test_choices_name_datasets_with_their_models_and_models_with_their_dataset(studio: Studio) -> None:
    known = studio.models.list()
    assert ("messages · 2 models", "messages") in dataset_choices(known)
    assert ("good · messages", "good") in model_choices(known)
    assert set(models_of(known, "messages")) == {"good", "poor"}
    assert dataset_of(known, Selection(("good", "poor"))) == "messages"
    assert dataset_of(known, Selection(("good", "stranger"))) is None


def test_the_sentence_and_the_verdict_say_who_is_ahead(studio: Studio) -> None:
    comparison = comparison_of(studio, "poor", "good")
    html = ranking.render_heading(comparison)
    assert "poor is" in html and "below good, more than" in html and "60 test texts" in html
    pairs = ranking.render_pairs(comparison)
    assert "good against poor" in pairs and "first is better" in pairs and "under 0.001" in pairs


def test_the_table_has_the_best_first_with_score_size_time_and_speed(studio: Studio) -> None:
    html = ranking.render_table(comparison_of(studio, "poor", "good"))
    assert html.index("model=good") < html.index("model=poor")
    for piece in ("90.0 MB", "3 min 20 s", "300", "MiniLM-L6"):
        assert piece in html


def test_models_on_other_rows_are_set_apart_with_the_reason_and_not_ranked(studio: Studio) -> None:
    comparison = comparison_of(studio, "good", "poor", "stranger")
    apart = ranking.render_apart(comparison)
    assert "stranger" in apart and "those of dataset others" in apart
    table = ranking.render_table(comparison)
    assert table.count("s-apart") == 1 and "not ranked" in table
    assert "stranger" not in ranking.render_pairs(comparison)
    assert ranking.render_apart(comparison_of(studio, "good", "poor")) == ""


def test_only_settings_that_differ_are_listed(studio: Studio) -> None:
    html = details.render_recipes(comparison_of(studio, "good", "poor"))
    assert "Learning rate" in html and "0.00003" in html
    assert "Batch size" not in html


def test_labels_show_each_models_score_and_their_spread(studio: Studio) -> None:
    html = details.render_labels(comparison_of(studio, "good", "poor"))
    assert "<strong>" in html and "points" in html
    assert "Two models" in details.render_labels(comparison_of(studio, "good", "stranger"))


def test_rows_with_different_answers_show_the_text_the_truth_and_each_answer(studio: Studio) -> None:
    comparison = comparison_of(studio, "good", "poor")
    html = details.render_disagreements(comparison)
    assert f"disagree on {comparison.disagreement_count} of 60 texts" in html
    assert "messages number" in html and 'title="wrong"' in html and 'title="right"' in html


def test_fewer_than_two_models_leave_the_next_step(studio: Studio) -> None:
    assert "Choose two models" in render_empty(studio, Selection(("good",)))
    with pytest.raises(InvalidInput):
        comparison_of(studio, "good")


def test_the_only_model_of_a_dataset_leads_to_training_another(studio: Studio) -> None:
    shown = render_empty(studio, Selection(("stranger",)))
    assert "only one model of “others”" in shown and "Train another on “others”" in shown
    assert 'href="/train?dataset=others"' in shown


def test_every_tab_has_a_title_and_the_first_is_one_of_them() -> None:
    assert FIRST_TAB in TABS
    assert all(ranking.W.tabs[key] for key in TABS)


def test_a_comparison_is_made_once_while_its_models_stay_the_same(studio: Studio) -> None:
    made = Comparisons(studio)
    assert made.of(Selection(("good", "poor"))) is made.of(Selection(("good", "poor")))
