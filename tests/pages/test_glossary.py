"""Technical words are explained where they first stand."""

from __future__ import annotations

from pathlib import Path

from studio.bootstrap import Studio
from studio.pages.glossary import MEANINGS, explained
from studio.pages.results import summary
from studio.pages.results.chosen import read_chosen
from studio.pages.train.desk import dataset_facts
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model


def test_a_word_is_explained_once_and_the_text_stays_as_it_is() -> None:
    text = "TF-IDF < 85 %. Best epoch: 2 of 3 epochs, cut after 64 tokens."
    html = explained(text)
    assert html.striptags() == text
    assert html.count("data-help") == 3 and "&lt; 85" in html
    for key in ("TF-IDF", "epoch", "token"):
        assert html.count(str(MEANINGS[key])) == 2, "once to see and once to hear"


def test_words_inside_others_are_left_alone() -> None:
    assert (
        explained("tokenizer, epochal, int80 and nothing else")
        == "tokenizer, epochal, int80 and nothing else"
    )


def test_results_and_the_form_of_a_training_explain_what_they_name_first(
    studio: Studio, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    dataset = studio.datasets.import_file(ImportRequest(path=table, name="small"))
    keep_model(studio, "small", "first")
    heading = summary.render_heading(read_chosen(studio, "first"))
    assert MEANINGS["TF-IDF"] in heading and MEANINGS["epoch"] in heading
    assert MEANINGS["epoch"] in dataset_facts(dataset)
