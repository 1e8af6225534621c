"""The Results page: what is said about a model, and what a click shows."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import gradio as gr
import numpy as np
import pandas as pd
import pytest

from jobs.states import JobState
from studio.bootstrap import Studio
from studio.data.problems import Problem
from studio.errors import Damaged, NotFound
from studio.pages.data.browsing import Filters
from studio.pages.results import (
    confidence,
    confusion,
    labels,
    listing,
    mistakes,
    overview,
    recipe,
    scoring,
    summary,
    training,
)
from studio.pages.results.chosen import (
    Chosen,
    Source,
    address_of,
    find_predictions,
    list_sources,
    read_chosen,
)
from studio.pages.results.page import list_models, refresh_scored
from studio.pages.results.places import NOWHERE
from studio.results.predictions import list_mistakes
from studio.services.datasets import ImportRequest
from studio.training.recipe import Recipe
from tests.results.kept_models import HISTORY, keep_evaluation, keep_model

TOPICS = ("billing", "delivery", "refund")


def write_rows(path: Path, rows: int, topics: tuple[str, ...] = TOPICS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows(
            [f"message {row} about {topics[row % len(topics)]}", topics[row % len(topics)]]
            for row in range(rows)
        )
    return path


@pytest.fixture(scope="module", autouse=True)
def models(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two models of one dataset, the second scored on later data too."""
    folder = tmp_path_factory.mktemp("tables")
    studio.datasets.import_file(ImportRequest(path=write_rows(folder / "a.csv", 300), name="messages"))
    late = ImportRequest(path=write_rows(folder / "b.csv", 30), name="may")
    keep_model(studio, "messages", "first")
    second = keep_model(studio, "messages", "second", skill=1.0, seed=3)
    studio.datasets.import_for_scoring(late, TOPICS)
    keep_evaluation(studio, second, "may")


def test_the_list_names_every_model_with_score_interval_and_the_way_to_it(studio: Studio) -> None:
    html = list_models(studio, listing.Intervals(studio))
    first = studio.models.get("first")
    assert 'href="/results?model=first"' in html and 'href="/data?dataset=messages"' in html
    report = studio.models.report("first")
    low, high = report.intervals["accuracy"]
    assert f"{100 * report.metrics['accuracy']:.1f}" in html
    assert f"{100 * low:.1f}" in html and f"{100 * high:.1f}" in html
    assert first.id not in html


def test_an_empty_list_says_what_to_do_next(studio: Studio) -> None:
    html = listing.render_listing([], 0, listing.Intervals(studio))
    assert 'href="/train"' in html and "There is no model yet" in html


def test_the_top_says_the_sentence_the_rivals_and_the_best_epoch(studio: Studio) -> None:
    chosen = read_chosen(studio, "first")
    html = summary.render_heading(chosen).striptags().replace("\u00a0", " ")
    assert "Right on" in html and "TF-IDF" in html and "Best epoch: 2 of 3." in html
    assert "Trained in 3 min 20 s." in html
    assert "/api/v1/models/first/export" in summary.render_actions(chosen)


def test_a_model_that_is_not_there_is_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        read_chosen(studio, "none")


def test_a_damaged_report_is_said_of_its_model_and_the_others_stay_in_the_list(studio: Studio) -> None:
    path = studio.models.folder("first") / "report.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    try:
        with pytest.raises(Damaged, match="The report of 'first'"):
            read_chosen(studio, "first")
        html = list_models(studio, listing.Intervals(studio))
        assert "first" in html and "second" in html
    finally:
        path.write_bytes(whole)


def test_rows_can_be_test_validation_or_data_scored_later(studio: Studio) -> None:
    chosen = read_chosen(studio, "second", "validation")
    assert chosen.report is not None and chosen.report.split == "validation"
    sources = list_sources(studio, chosen)
    assert [key for _, key in sources] == ["test", "validation", "test:may"]
    later = read_chosen(studio, "second", "test:may")
    assert later.report is not None and later.report.rows == 30
    assert "may" in summary.render_heading(later)
    assert address_of(later) == "/results?model=second&dataset=may"
    assert address_of(chosen, "labels") == "/results?model=second&split=validation&tab=labels"
    answers = find_predictions(studio, later)
    assert answers is not None and answers.rows == 30


def test_rows_that_were_never_scored_leave_a_sentence_not_an_error(studio: Studio) -> None:
    chosen = read_chosen(studio, "first", "test:may")
    assert chosen.report is None
    assert "no report on the texts of may" in summary.render_heading(chosen)


def test_the_overview_sets_the_model_beside_simple_rivals_with_intervals(studio: Studio) -> None:
    chosen = read_chosen(studio, "first")
    assert chosen.report is not None
    html = overview.render_rivals(chosen.report)
    assert "This model" in html and "TF-IDF" in html and "Always “" in html
    table = overview.render_metrics(chosen)
    assert "Validation" in table and "Matthews correlation" in table
    assert table.count(" to ") >= 4  # intervals of the two scores that are no shares
    calibration = table[table.index("Calibration error") :]
    assert calibration.count("–") >= 2 and "It has no interval" in calibration


def test_each_cell_of_the_matrix_is_a_button_with_its_count_or_share() -> None:
    matrix = np.array([[8, 2], [0, 10]])
    counts = confusion.render_matrix(["a", "b"], matrix, [0, 1], as_share=False)
    assert 'data-pick="0:1"' in counts and ">2</button>" in counts
    assert "2 texts of “a” were taken for “b”" in counts
    assert 'data-pick="1:0"' not in counts
    shares = confusion.render_matrix(["a", "b"], matrix, [0, 1], as_share=True)
    assert ">20 %</button>" in shares and ">100 %</button>" in shares


def test_with_many_labels_the_matrix_zooms_and_sums_up_the_rest() -> None:
    matrix = np.diag([10] * 77)
    matrix[3, 50] = 4
    matrix[50, 9] = 1
    names = [f"label {index}" for index in range(77)]
    assert not confusion.is_whole(names)
    assert {3, 9, 50} <= set(confusion.zoom_labels(matrix))
    chosen = confusion.zoom_labels(matrix, focus=50, at_most=2)
    assert chosen == [3, 50]
    html = confusion.render_matrix(names, matrix, chosen, as_share=False)
    assert "others" in html and "1 text of “label 50” was taken for “others”" in html


def test_a_label_is_shown_as_text_whatever_it_holds() -> None:
    html = confusion.render_matrix(["<b>x</b>", " "], np.array([[1, 1], [0, 1]]), [0, 1], as_share=False)
    assert "<b>x</b>" not in html
    assert "(blank)" in html


def test_a_click_names_the_labels_it_stands_for() -> None:
    assert confusion.read_pick("1:0", ["a", "b"]) == ("b", "a")
    assert confusion.read_pick("1:9", ["a", "b"]) == ("b", None)
    assert confusion.read_pick("<script>", ["a", "b"]) == (None, None)


def test_an_answer_is_cut_in_the_list_of_mistakes_with_the_whole_at_hand() -> None:
    long = "in the old house at the end of the street, " * 3 + "behind the church"
    row = {"text": "where?", "confidence": float("nan"), "line": 0, "file": "f"}
    html = str(mistakes.render_cases(pd.DataFrame([{**row, "true": long, "predicted": " "}]), NOWHERE))
    assert f"<p>{long}</p>" in html and f"<summary>{long}</summary>" not in html
    assert "<span>(blank)</span>" in html and "nan" not in html


def test_mistakes_come_surest_first_and_follow_the_filter(studio: Studio) -> None:
    chosen = read_chosen(studio, "second")
    answers = find_predictions(studio, chosen)
    assert chosen.report is not None and answers is not None
    everything = mistakes.render_found(chosen, answers)
    assert f"{chosen.report.mistakes} mistakes" in everything
    pair = chosen.report.confused_pairs[0]
    filtered = read_chosen(studio, "second")
    filtered = type(filtered)(
        filtered.model, filtered.source, filtered.report, filtered.own, pair["true"], pair["predicted"]
    )
    html = mistakes.render_found(filtered, answers)
    assert f"of “{pair['true']}” " in html and html.count("<tr>") == pair["count"] + 1
    assert address_of(filtered, "mistakes").endswith(f"true={pair['true']}&predicted={pair['predicted']}")
    assert "predictions.csv?split=test" in mistakes.render_head(chosen)


@pytest.mark.parametrize(
    ("source", "split", "rows_of"),
    [
        ("test", "test", "messages@1"),
        ("validation", "validation", "messages@1"),
        ("test:may", "test", "may@1"),
    ],
)
def test_each_mistake_leads_to_its_row_on_the_data_page(
    studio: Studio, source: str, split: str, rows_of: str
) -> None:
    chosen = read_chosen(studio, "second", source)
    answers = find_predictions(studio, chosen)
    html = str(mistakes.render_found(chosen, answers))
    addresses = re.findall(r'href="([^"]+)" title="Show this row', html)
    found = mistakes_of(chosen, answers)
    assert len(addresses) == len(found) > 0
    for address, (text, line) in zip(addresses, found, strict=True):
        asked = dict(parse_qsl(urlsplit(unescape(address)).query))
        assert asked == {"dataset": rows_of, "tab": "rows", "split": split, "line": str(line)}
        page = studio.datasets.browse(asked["dataset"], Filters.of_address(asked).query())
        assert [row["text"] for row in page.rows] == [text]


def mistakes_of(chosen: Chosen, answers: Any) -> list[tuple[str, int]]:
    """Text and line of what is listed."""
    frame = list_mistakes(answers)
    return list(zip(frame["text"], frame["line"], strict=True))


def test_a_mistake_of_a_dataset_that_is_gone_has_its_line_and_no_link(studio: Studio, tmp_path: Path) -> None:
    studio.datasets.import_file(ImportRequest(path=write_rows(tmp_path / "g.csv", 60), name="going"))
    keep_model(studio, "going", "left", skill=0.5)
    studio.datasets.delete("going")
    chosen = read_chosen(studio, "left")
    html = str(mistakes.render_found(chosen, find_predictions(studio, chosen)))
    studio.models.delete("left")
    assert "<tr>" in html and 'data-name="Line"' in html and "<a " not in html


def test_answers_that_were_not_kept_are_said_to_be_gone(studio: Studio) -> None:
    assert "were not kept" in mistakes.render_found(read_chosen(studio, "first"), None)


def test_labels_are_sorted_and_those_without_rows_get_no_score() -> None:
    row = {"label": "a", "f1": 0.5, "precision": 0.5, "recall": 0.5, "predicted": 4}
    rows = [
        {**row, "support": 4, "recall_interval": [0.1, 0.9]},
        {**row, "label": "b", "f1": 0.0, "support": 0, "recall_interval": None},
    ]
    assert [index for index, _ in labels.sort_labels(rows, "weakest")] == [0, 1]
    assert labels.label_row(1, rows[1])[1:4] == ["–"] * 3
    assert "10.0-90.0 %" in labels.label_row(0, rows[0])[3]


def test_a_threshold_says_what_is_kept_and_how_often_that_is_right(studio: Studio) -> None:
    rows = confidence.threshold_rows(np.array([0.99, 0.85, 0.4]), np.array([True, False, True]))
    by_threshold = {row["threshold"]: row for row in rows}
    assert by_threshold[0.8]["kept"] == 2 and by_threshold[0.8]["right"] == 1
    assert confidence.threshold_row(by_threshold[0.99]) == ["Above 99 % confidence", "0", "0 %", "–", "–"]
    assert confidence.render_thresholds(None) == ""


def test_the_training_says_which_epoch_was_best_and_marks_it() -> None:
    assert "later epochs did not improve" in training.describe_training(3, 2)
    assert "more epochs may still help" in training.describe_training(3, 3)
    assert "every validation text was right" in training.describe_training(3, 3, score=1.0)
    assert "one epoch" in training.describe_training(1, 1)
    assert "not kept" in training.describe_training(0, None)
    html = training.render_epochs(HISTORY, "accuracy", 2)
    assert html.count("s-chosen") == 1 and "90.0 %" in html
    assert training.render_epochs([], "accuracy", 2) == ""


def test_the_recipe_is_told_in_words_and_leads_to_a_new_training(studio: Studio) -> None:
    model = studio.models.get("first")
    words = recipe.describe_recipe(model)
    assert "All weights of MiniLM-L6 were trained." in words
    assert "up to 3 times" in words and "0.0001" in words
    html = recipe.render_recipe(model)
    assert f"/train?from={model.id}" in html and "Learning rate" in html
    origin = recipe.render_origin(model, studio.settings.home)
    assert f"/jobs?job={model.id}" in origin and "90.0 MB" in origin
    assert ">Labels<" in origin and ">Labels<" not in recipe.render_origin(
        replace(model, labels=()), studio.settings.home
    )
    assert model.id not in recipe.render_usage(studio.models.usage("first"), studio.settings.home)


def test_every_choice_of_a_recipe_has_its_words() -> None:
    for field, table in (("method", recipe.W.method), ("schedule", recipe.W.schedule)):
        for choice in Recipe.model_fields[field].annotation.__args__:
            assert choice in table


def test_deleting_is_asked_with_what_goes(studio: Studio) -> None:
    model = studio.models.get("first")
    assert recipe.what_goes(model) == {"size": "90.0 MB", "dataset": "messages"}


def test_a_file_with_strange_labels_is_refused_before_anything_is_kept(
    studio: Studio, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "june.csv", 8, ("billing", "praise"))
    request = ImportRequest(path=path, name="june", roles={"text": "text", "label": "label"})
    found = scoring.check(studio, "first", request)
    html = scoring.tell_found(found)
    assert "praise" in html and "does not know" in html and "cannot be scored" in html
    assert all(dataset.name != "june" for dataset in studio.datasets.list())


def test_a_file_that_can_be_scored_tells_how_it_was_read() -> None:
    note = Problem(
        "note", "right_option_counted", "Options are counted from 1.", "Most fit.", "Else name them."
    )
    html = scoring.tell_found([note])
    assert "counted from 1" in html and "is being scored" in html
    assert scoring.tell_found([]) == ""


def test_a_labelled_file_becomes_a_dataset_and_a_job_that_the_board_shows(
    studio: Studio, tmp_path: Path
) -> None:
    request = ImportRequest(path=write_rows(tmp_path / "july.csv", 9), name="july")
    job = studio.evaluations.score_table("first", request)
    assert job.state == JobState.QUEUED and job.payload["split"] == "test"
    html = scoring.render_board(studio, "first")
    assert "july" in html and "Waiting" in html and job.id not in html
    assert scoring.fitting_datasets(studio, studio.models.get("first")) == ["july", "may"]
    assert "under way" in html


def test_a_finished_scoring_leads_to_its_report_and_is_no_more_under_way(studio: Studio) -> None:
    done = scoring.render_board(studio, "second")
    assert 'href="/results?model=second&amp;dataset=may"' in done and "Open the report" in done
    assert "under way" not in done


def test_rows_scored_while_the_page_is_open_are_offered_once_they_are_there(studio: Studio) -> None:
    _, sources, now = refresh_scored(studio, "second", "")
    assert "test:may" in [key for _, key in sources["choices"]] and "value" not in sources
    assert refresh_scored(studio, "second", now)[1:] == (gr.skip(), gr.skip())


def test_a_files_encoding_is_named_as_on_the_data_page(studio: Studio, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "august.csv", 9)
    html = scoring.render_preview(studio.datasets.inspect(path, file_name=path.name))
    assert "9 rows in august.csv, UTF-8." in html


def test_a_source_survives_its_way_through_a_component() -> None:
    for source in (Source(), Source("validation"), Source("train", "a: b")):
        assert Source.parse(source.key) == source
