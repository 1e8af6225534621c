"""A model that finds entities is learnt on every family, and answers so by itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

from studio.errors import InvalidInput
from studio.prediction.embedded import Predictor
from studio.tasks.tagging.decoding import tag_labels
from studio.tasks.tagging.words import split_words
from studio.training.engine import train_model
from tests.asked import asked
from tests.encoders import ALIKE, FAMILIES, build_encoder
from tests.training.runs import Listener
from tests.training.tagged import LABELS, make_tagging_run

pytestmark = pytest.mark.slow
TEXTS = ["the cat is broken", "my saw, and the horse .", "thanks", "where is the dog " * 9]


def logits_of_words(folder: Path, text: str) -> np.ndarray:
    """What transformers alone gives for the first token of each word of a text that is not cut."""
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    offsets = given.pop("offset_mapping")[0].tolist()
    with torch.no_grad():
        found = model(**given).logits[0].numpy()
    return np.array(
        [
            found[next(place for place, (first, after) in enumerate(offsets) if first <= start < after)]
            for start, _ in split_words(text)
        ]
    )


@pytest.mark.parametrize("family", [*FAMILIES, *ALIKE])
def test_every_family_is_saved_as_transformers_reads_it(tmp_path: Path, family: str) -> None:
    """Two steps of training; then plain transformers gives the same."""
    listener = Listener()
    train_model(make_tagging_run(build_encoder(tmp_path / "encoder", family), tmp_path), listener)
    folder = tmp_path / "folder"
    config = AutoModelForTokenClassification.from_pretrained(folder).config
    assert tuple(config.id2label[number] for number in range(5)) == tag_labels(LABELS)
    assert listener.series("validation", "f1") and listener.series("validation", "loss")
    found = Predictor(device="cpu").logits(folder, asked(TEXTS))
    for text, logits in zip(TEXTS[:3], found[:3], strict=True):
        assert np.abs(logits - logits_of_words(folder, text)).max() < 1e-5, text
    assert len(found[3]) == len(split_words(TEXTS[3])), "a long text is read to its end"


@pytest.mark.parametrize("method", ["lora", "frozen"])
def test_other_methods_leave_an_ordinary_folder(
    encoder_folders: dict[str, Path], tmp_path: Path, method: str
) -> None:
    train_model(make_tagging_run(encoder_folders["bert"], tmp_path, method=method), Listener())
    found = Predictor(device="cpu").logits(tmp_path / "folder", asked(TEXTS[:1]))
    assert np.abs(found[0] - logits_of_words(tmp_path / "folder", TEXTS[0])).max() < 1e-5


@pytest.mark.parametrize("family", ["bert", "mpnet"])
def test_entities_are_learnt(encoder_folders: dict[str, Path], tmp_path: Path, family: str) -> None:
    run = make_tagging_run(encoder_folders[family], tmp_path, rows=200, epochs=12, learning_rate=0.01)
    result = train_model(run, Listener())
    assert result.validation_metrics["f1"] > 0.8
    (answer,) = Predictor(device="cpu").predict(tmp_path / "folder", asked(["the cat is broken"]))
    (entity,) = answer["entities"]
    assert {**entity, "score": 1.0} == {"label": "ANIMAL", "start": 4, "end": 7, "text": "cat", "score": 1.0}
    assert 0.5 < entity["score"] <= 1.0


@pytest.mark.parametrize("family", ["bert", "deberta-v2"])
def test_the_loss_of_a_batch_is_the_same_however_it_is_cut(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    """Rows have different numbers of words, so that a mean of means would be another one."""
    told, weights = [], []
    for processes in (1, 2):
        listener, home = Listener(), tmp_path / str(processes)
        run = make_tagging_run(encoder_folders[family], home, rows=33, epochs=2, dropout=0.0)
        train_model(dataclasses.replace(run, processes=processes), listener)
        told.append(
            [value for split in ("train", "validation") for _, value in listener.series(split, "loss")]
        )
        weights.append(load_file(home / "folder" / "model.safetensors"))
    assert told[1] == pytest.approx(told[0], rel=1e-5)
    for name, alone in weights[0].items():
        assert (weights[1][name] - alone).norm() <= 1e-5 * max(1.0, float(alone.norm())), name


def test_rows_without_an_entity_teach_nothing(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    run = make_tagging_run(encoder_folders["bert"], tmp_path)
    bare = {**run.train, "tags": ["[]"] * len(run.train["text"])}
    with pytest.raises(InvalidInput, match="No training row has an entity"):
        train_model(dataclasses.replace(run, train=bare), Listener())
