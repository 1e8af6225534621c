"""The model card as people and the hub read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.export.card import CardFacts, build_card, write_card
from studio.results.report import ReportInputs, build_report
from tests.results.samples import make_predictions


@dataclass(frozen=True)
class Record:
    """What a card needs of a model."""

    name: str = "bbc-m"
    task: str = "classification"
    checkpoint: str = "minilm-l6"
    dataset: str = "bbc"
    dataset_fingerprint: str = "0123456789abcdef"
    recipe: dict[str, Any] = field(default_factory=lambda: {"epochs": 4, "max_length": 128, "dropout": None})
    labels: tuple[str, ...] = ("business", "politics", "sport")
    roles: tuple[str, ...] = ("text",)
    best_epoch: float | None = 3.0
    parameters: int = 22_700_000
    trainable_parameters: int = 22_700_000
    seconds: float = 200.0


def card(record: Record | None = None, rows: int = 120) -> str:
    """A card with a test report."""
    record = record or Record()
    report = build_report(ReportInputs(record.name, "bbc", "test", make_predictions(rows, record.labels)))
    return build_card(CardFacts(record, {"test": report}, "Best at epoch 3 of 4."))


def front_matter(text: str) -> dict[str, Any]:
    """The facts between the first two lines of dashes."""
    return yaml.safe_load(text.split("---\n")[1])


def test_the_front_matter_is_yaml_that_the_hub_knows() -> None:
    facts = front_matter(card())
    assert facts["pipeline_tag"] == "text-classification"
    assert facts["library_name"] == "transformers"
    assert facts["license"] == "apache-2.0"
    assert facts["language"] == "en"
    assert facts["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    metrics = facts["model-index"][0]["results"][0]["metrics"]
    assert {"accuracy", "f1_macro"} <= {metric["type"] for metric in metrics}


def test_scores_stand_with_their_intervals_labels_and_limits() -> None:
    text = card()
    for words in (
        "# bbc-m",
        "Right on ",
        "95 % interval",
        "| Accuracy | 0.",
        "| business | ",
        "Best at epoch 3 of 4. The kept weights are those of epoch 3.",
        "| dropout | the checkpoint's own |",
        "max_length=128",
        "Texts are cut after 128 tokens",
        "The texts themselves are not part of this folder.",
    ):
        assert words in text


def test_a_folder_training_started_from_is_called_by_its_own_name() -> None:
    place = "/home/someone/models/our-encoder"
    text = card(Record(checkpoint=place, recipe={"checkpoint": place, "epochs": 4}))
    assert "Fine-tuned from our-encoder with" in text
    assert "| checkpoint | our-encoder |" in text
    assert "someone" not in text


def test_a_model_of_pairs_says_how_it_is_asked() -> None:
    assert 'answer("your text", truncation' in card()
    pairs = card(Record(roles=("text", "text_b")))
    assert 'answer({"text": "your text", "text_pair": "the second text"}, truncation' in pairs
    assert "Gives a pair of texts one of 3 labels" in pairs


def test_labels_with_few_rows_are_called_uncertain() -> None:
    assert "Scored on fewer than 30 rows, so uncertain: business, politics, sport." in card(rows=30)
    assert "so uncertain" not in card(rows=300)


def test_a_model_without_scores_says_that_nothing_is_known() -> None:
    text = build_card(CardFacts(Record()))
    assert "how well it does is not known" in text
    assert "model-index" not in front_matter(text)


@pytest.mark.parametrize("name", ["a: b", "# x", '"quoted"', "- list", "模型", "{x}", "yes"])
def test_any_name_keeps_the_front_matter_readable(name: str) -> None:
    facts = front_matter(card(Record(name=name)))
    assert facts["model-index"][0]["name"] == name


def test_a_label_cannot_break_out_of_its_table() -> None:
    text = card(Record(labels=("a|b", "two\nlines", "`code`")))
    assert "| a\\|b | " in text
    assert "| two lines | " in text


def test_an_unknown_checkpoint_gets_no_licence_made_up() -> None:
    facts = front_matter(card(Record(checkpoint="someone/private-model")))
    assert not {"license", "base_model", "language"} & set(facts)


def test_the_card_is_written_whole(tmp_path: Path) -> None:
    path = write_card(tmp_path, CardFacts(Record()))
    assert path == tmp_path / "README.md"
    assert [entry.name for entry in tmp_path.iterdir()] == ["README.md"]
    assert path.read_text(encoding="utf-8").startswith("---\n")
