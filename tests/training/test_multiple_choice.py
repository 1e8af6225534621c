"""A model of options is learnt on every family, and answers so by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForMultipleChoice, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_MULTIPLE_CHOICE_MAPPING_NAMES

from studio.checkpoints.loading import load_encoder
from studio.checkpoints.parameters import COUNTERS
from studio.errors import InvalidInput
from studio.prediction.embedded import Predictor
from studio.tasks.base import Row
from studio.tasks.multiple_choice import MULTIPLE_CHOICE, read_options, write_options
from studio.training.engine import TrainingRun, train_model
from tests.encoders import ALIKE, FAMILIES, build_encoder
from tests.training.runs import BAD, GOOD, NOUNS, Listener, make_run

pytestmark = pytest.mark.slow
ASKED = [
    {"text": "the film is good", "choices": '["great", "bad"]'},
    {"text": "why", "choices": '["the food is awful and the food", "it", "my card was not lovely", "a"]'},
    {"text": "where is the phone and the cat", "choices": '["here", "the dog", "not the cat"]'},
]


def make_questions(count: int, seed: int = 0) -> dict[str, list[str]]:
    """A text, and two to four options of which one is praise."""
    drawn = np.random.default_rng(seed)
    rows: dict[str, list[str]] = {"text": [], "choices": [], "label": []}
    for number in range(count):
        options = [str(word) for word in drawn.choice(BAD, 1 + number % 3, replace=False)]
        right = str(drawn.choice(GOOD))
        options.insert(int(drawn.integers(len(options) + 1)), right)
        rows["text"].append(f"how was the {drawn.choice(NOUNS)}")
        rows["choices"].append(write_options(options))
        rows["label"].append(right)
    return rows


def run_of(folder: Path, home: Path, **settings: Any) -> TrainingRun:
    """A training on such questions."""
    run = make_run(folder, home, **settings)
    rows = settings.get("rows", 32)
    return replace(
        run, task=MULTIPLE_CHOICE, labels=(), train=make_questions(rows), validation=make_questions(12, 1)
    )


def batch_of(tokenizer: Any, rows: list[Row], most: int) -> dict[str, torch.Tensor]:
    """What transformers is given for rows: (rows, most, width), as all have ``most`` options there."""
    pairs = []
    for row in rows:
        options = read_options(row["choices"])
        pairs += [(row["text"], option) for option in [*options, *[options[0]] * (most - len(options))]]
    flat = tokenizer([one for one, _ in pairs], [two for _, two in pairs], return_tensors="pt", padding=True)
    return {name: part.view(len(rows), most, -1) for name, part in flat.items()}


def shares_of(model: Any, tokenizer: Any, row: Row) -> list[float]:
    """What transformers alone answers to a row."""
    with torch.no_grad():
        logits = model(**batch_of(tokenizer, [row], len(read_options(row["choices"])))).logits
    return [float(share) for share in logits[0].softmax(0)]


def test_every_family_that_can_be_trained_has_a_head_of_options() -> None:
    assert set(COUNTERS) <= set(MODEL_FOR_MULTIPLE_CHOICE_MAPPING_NAMES)
    assert set(COUNTERS) == {*FAMILIES, *ALIKE}


@pytest.mark.parametrize("family", [*FAMILIES, *ALIKE])
def test_every_family_is_saved_as_transformers_reads_it(tmp_path: Path, family: str) -> None:
    listener = Listener()
    encoder = build_encoder(tmp_path / "encoder", family)
    train_model(run_of(encoder, tmp_path), listener)
    folder = tmp_path / "folder"
    model = AutoModelForMultipleChoice.from_pretrained(folder).eval()
    assert type(model).__name__.endswith("ForMultipleChoice")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = Predictor(device="cpu").predict(folder, ASKED)
    for row, answer in zip(ASKED, ours, strict=True):
        assert answer["probabilities"] == pytest.approx(shares_of(model, tokenizer, row), abs=1e-5)
        assert answer["choice"] == read_options(row["choices"])[answer["index"]]
    assert len(listener.series("train", "loss")) == 2
    assert listener.series("validation", "accuracy")


@pytest.mark.parametrize("method", ["lora", "frozen"])
def test_with_few_weights_learning_the_model_is_whole_too(
    encoder_folders: dict[str, Path], tmp_path: Path, method: str
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path, method=method)
    result = train_model(run, Listener())
    assert result.trainable_parameters < result.parameters
    model = AutoModelForMultipleChoice.from_pretrained(tmp_path / "folder").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "folder")
    (answer,) = Predictor(device="cpu").predict(tmp_path / "folder", ASKED[1:2])
    assert answer["probabilities"] == pytest.approx(shares_of(model, tokenizer, ASKED[1]), abs=1e-5)


def test_the_loss_is_that_of_transformers(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    listener = Listener()
    run = run_of(encoder_folders["bert"], tmp_path, epochs=1, learning_rate=1e-7)
    train_model(run, listener)
    model = AutoModelForMultipleChoice.from_pretrained(tmp_path / "folder").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "folder")
    rows = MULTIPLE_CHOICE.rows_of(run.validation)
    targets = MULTIPLE_CHOICE.targets(run.validation, ())
    losses = []
    for row, target in zip(rows, targets, strict=True):
        given = batch_of(tokenizer, [row], len(read_options(row["choices"])))
        with torch.no_grad():
            losses.append(float(model(**given, labels=torch.tensor([target])).loss))
    assert listener.series("validation", "loss")[-1][1] == pytest.approx(np.mean(losses), rel=1e-4)


def test_it_learns_which_option_goes_with_a_text(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    listener = Listener()
    settings = {"rows": 96, "epochs": 30, "batch_size": 8, "learning_rate": 1e-3}
    train_model(run_of(encoder_folders["bert"], tmp_path, **settings), listener)
    scores = [value for _, value in listener.series("validation", "accuracy")]
    assert max(scores) > 0.9


def test_a_head_is_kept_where_it_was_trained_for_options_and_else_renewed_in_words(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    fresh = load_encoder(encoder_folders["bert"], "multiple-choice", ())
    assert fresh.notes == ["It gets a new head for the score of an option."] and not fresh.keeps_head
    train_model(run_of(encoder_folders["bert"], tmp_path), Listener())
    own = load_encoder(tmp_path / "folder", "multiple-choice", ())
    assert own.notes == ["It keeps its head, which was trained for the score of an option too."]
    assert own.keeps_head
    other = load_encoder(tmp_path / "folder", "regression", ())
    assert not other.keeps_head and "new head for a number, as its own" in other.notes[0]
    named_otherwise = AutoModelForMultipleChoice.from_pretrained(tmp_path / "folder")
    named_otherwise.config.id2label = {0: "LABEL_0", 1: "LABEL_1"}
    named_otherwise.save_pretrained(tmp_path / "folder")
    assert load_encoder(tmp_path / "folder", "multiple-choice", ()).keeps_head


def test_rows_without_a_choice_are_refused_before_anything_is_loaded(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path)
    alone = {**run.train, "choices": [write_options([label]) for label in run.train["label"]]}
    with pytest.raises(InvalidInput, match="two options"):
        train_model(replace(run, train=alone), Listener())
