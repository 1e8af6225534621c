"""The list of datasets and one dataset, as they are shown."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.dataset import Dataset
from studio.data.fixes import FixChoice
from studio.data.problems import Problem
from studio.data.splits.plans import SplitPlan
from studio.pages.data import describing, detail, listing
from studio.pages.data.findings import findings_badge
from studio.services.datasets import ImportRequest
from tests.conftest import write_csv


def sample(studio: Studio) -> Dataset:
    return studio.datasets.import_sample()


def test_an_empty_list_says_what_it_is_for_and_offers_the_next_step() -> None:
    html = listing.render_list([], {})
    assert "No table yet" in html
    assert 'href="/data?new=1"' in html


def test_the_list_links_each_dataset_and_the_models_trained_on_it(studio: Studio) -> None:
    dataset = sample(studio)
    html = listing.render_list([dataset], {dataset.id: ["first", "second"]})
    assert f'href="/data?dataset={dataset.name}"' in html
    assert "2 models" in html
    assert dataset.id not in html
    assert 'href="/results?model=first"' in listing.name_users(["first"])
    assert listing.name_users([]) == "no model yet"


def test_a_dataset_is_summed_up_in_tiles_and_facts(studio: Studio) -> None:
    dataset = sample(studio)
    tiles = describing.overview_tiles(dataset)
    assert tiles[0].value == f"{sum(dataset.rows.values()):,}"
    assert tiles[1].value == str(len(dataset.labels))
    facts = dict(describing.overview_facts(dataset, []))
    assert "UTF-8" in str(facts["Read as"])
    assert dataset.id not in str(facts)


def test_the_splits_add_up_to_the_rows(studio: Studio) -> None:
    dataset = sample(studio)
    totals = describing.label_totals(dataset.class_counts)
    assert sum(totals.values()) == sum(dataset.rows.values())
    html = describing.render_splits(dataset)
    assert "80 % training / 10 % validation / 10 % test" in html
    assert all(label in html for label in dataset.labels)


def import_rows(
    studio: Studio, folder: Path, rows: list[list[str]], plan: SplitPlan | None = None
) -> Dataset:
    """A dataset of texts with labels and perhaps a third column."""
    header = ("text", "label", "author")[: len(rows[0])]
    table = write_csv(folder / "odd.csv", rows, header)
    for dataset in studio.datasets.list():
        if dataset.name == "odd":
            studio.datasets.delete("odd")
    return studio.datasets.import_file(ImportRequest(path=table, name="odd", plan=plan or SplitPlan()))


def test_shares_that_come_out_otherwise_are_told_with_the_reason(studio: Studio, tmp_path: Path) -> None:
    even = [[f"a text of its own, number {row * 7919}", "ab"[row % 2]] for row in range(100)]
    assert describing.describe_outcome(import_rows(studio, tmp_path, even)) == ""
    repeated = [[f"one of few texts, number {row % 4 * 7919}", "ab"[row % 2]] for row in range(100)]
    told = describing.describe_outcome(import_rows(studio, tmp_path, repeated))
    assert "96 rows repeat others and stay beside them" in told
    dataset = studio.datasets.get("odd")
    shares = [f"{100 * dataset.rows[part] / 100:.0f} %" for part in ("train", "validation", "test")]
    assert told.startswith(f"It came out as {shares[0]} training / ") and shares[2] in told
    assert told in unescape(describing.render_splits(dataset))
    rare = [[f"a text of its own, number {row * 7919}", f"label {max(row, 30)}"] for row in range(60)]
    single = describing.describe_outcome(import_rows(studio, tmp_path, rare))
    assert "29 labels have a single row, which goes to training" in single
    by_author = [[*row, f"author {number // 40}"] for number, row in enumerate(even)]
    plan = SplitPlan(kind="groups", column="author")
    groups = describing.describe_outcome(import_rows(studio, tmp_path, by_author, plan))
    assert "rows with the same value in “author” stay together" in groups


def test_the_length_chart_draws_its_open_end_no_wider_than_the_rest() -> None:
    words = {"edges": [1, 3, 5, 400], "counts": [5, 3, 1], "p95": 6.0}
    chart = describing.lengths_chart({"text": {"words": words}})
    assert chart is not None
    assert list(chart.table["high"]) == [3, 5, 7]
    assert "The last bar holds everything longer." in chart.caption
    assert describing.lengths_chart({}) is None


def test_only_a_dataset_with_rows_to_learn_from_leads_to_a_training(studio: Studio) -> None:
    dataset = sample(studio)
    assert 'href="/train?dataset=' in detail.render_heading(dataset)
    for_scoring = replace(dataset, rows={"train": 0, "validation": 0, "test": 5})
    assert "/train" not in detail.render_heading(for_scoring)


def test_deleting_asks_with_the_name_and_says_what_goes_and_what_stays(studio: Studio) -> None:
    dataset = sample(studio)
    html = detail.ask_to_delete(dataset, ["first"])
    assert dataset.name in html
    assert f"{sum(dataset.rows.values()):,} rows" in html
    assert "stay: first" in html


def test_a_dataset_that_is_not_there_is_said_to_be_missing(studio: Studio) -> None:
    assert detail.find(studio, "never imported") is None
    assert "never imported" in detail.render_missing("never imported")


def test_the_badge_of_a_dataset_with_nothing_found_is_calm(studio: Studio) -> None:
    dataset = sample(studio)
    assert "<svg" in findings_badge(dataset)


def test_only_what_nobody_has_decided_about_is_counted_and_the_rest_is_shown_as_decided(
    studio: Studio,
) -> None:
    problems = tuple(
        Problem("warning", code, f"Something is {code}.", "", "", rows=(2,), count=1)
        for code in ("html", "urls", "mojibake")
    )
    dataset = replace(sample(studio), problems=problems)
    assert "3 warnings" in findings_badge(dataset)
    decided = replace(dataset, answered=(FixChoice("urls", "ignore"), FixChoice("gone", "ignore")))
    assert "2 warnings" in findings_badge(decided)
    assert describing.overview_tiles(decided)[3].value == "2"
    html = detail.render_found(decided, decided.name, problems)
    assert html.startswith('<p class="s-text">2 warnings in')
    done = html[html.index('<ul class="s-done">') : html.index("</ul>")]
    assert "Ignored" in done and "Something is urls." in done and "button" not in done
    before, after = html.split("<details")
    assert before.count("Something is urls.") == 1 and "Nothing of this kind" not in html
    assert "Look at the finding that was decided once more" in after and "Something is urls." in after
    assert "finding=urls" in after and "finding=urls" not in before
    all_decided = replace(dataset, answered=tuple(FixChoice(one.code, "ignore") for one in problems))
    assert "All decided" in findings_badge(all_decided)
    assert "left to decide" in describing.overview_tiles(all_decided)[3].note


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("classification", "Each label has about the same share in every part."),
        ("multilabel", "Each label has about the same share in every part."),
        ("regression", "Small and large numbers have about the same share in every part."),
        ("multiple-choice", ""),
        ("question-answering", ""),
    ],
)
def test_the_splits_say_what_they_have_about_equal_shares_of(studio: Studio, task: str, told: str) -> None:
    described = describing.describe_split(studio.datasets.import_sample(task))
    assert ("same share" in described) is bool(told)
    assert told in described
