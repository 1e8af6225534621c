"""A model that answers questions is learnt on every family, and answers so by itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from studio.errors import InvalidInput
from studio.prediction.embedded import Predictor
from studio.tasks.base import Row
from studio.tasks.question_answering import QUESTION_ANSWERING
from studio.training.engine import train_model
from tests.encoders import ALIKE, FAMILIES, build_encoder
from tests.training.questioned import make_answering_run, make_questions
from tests.training.runs import Listener

pytestmark = pytest.mark.slow
ASKED = [
    {"question": "how is my order", "context": "where is the cat and my saw, please"},
    {"question": "why", "context": "the film is good"},
    {"question": "why", "context": "where is the dog " * 30},
]


def logits_of(folder: Path, row: Row) -> np.ndarray:
    """What transformers alone gives for each token of a question with its passage, (tokens, 2)."""
    model = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        found = model(**tokenizer(row["question"], row["context"], return_tensors="pt"))
    return torch.stack([found.start_logits[0], found.end_logits[0]], dim=-1).numpy()


@pytest.mark.parametrize("family", [*FAMILIES, *ALIKE])
def test_every_family_is_saved_as_transformers_reads_it(tmp_path: Path, family: str) -> None:
    """Two steps of training; then plain transformers gives the same."""
    listener = Listener()
    train_model(make_answering_run(build_encoder(tmp_path / "encoder", family), tmp_path), listener)
    folder = tmp_path / "folder"
    assert AutoModelForQuestionAnswering.from_pretrained(folder).config.id2label == {0: "start", 1: "end"}
    for name in ("f1", "exact_match", "loss"):
        assert listener.series("validation", name)
    found = Predictor(device="cpu").logits(folder, ASKED)
    for row, logits in zip(ASKED[:2], found[:2], strict=True):
        assert np.abs(logits[:, :2] - logits_of(folder, row)).max() < 1e-5
    assert found[2][-1, 2] >= 2, "a long passage is read in several windows"
    assert found[2][:, 4].max() == len(ASKED[2]["context"].strip()), "and to its end"
    answers = Predictor(device="cpu").predict(folder, ASKED)
    for row, answer in zip(ASKED, answers, strict=True):
        assert answer["answer"] == row["context"][answer["start"] : answer["end"]]
        assert 1 <= len(answer["spans"]) <= 5 and 0 < answer["no_answer"] < 1


@pytest.mark.parametrize("method", ["lora", "frozen"])
def test_other_methods_leave_an_ordinary_folder(
    encoder_folders: dict[str, Path], tmp_path: Path, method: str
) -> None:
    train_model(make_answering_run(encoder_folders["bert"], tmp_path, method=method), Listener())
    found = Predictor(device="cpu").logits(tmp_path / "folder", ASKED[:1])
    assert np.abs(found[0][:, :2] - logits_of(tmp_path / "folder", ASKED[0])).max() < 1e-5


def test_a_trained_head_is_kept(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    train_model(make_answering_run(encoder_folders["bert"], first), Listener())
    listener = Listener()
    train_model(make_answering_run(first / "folder", second), listener)
    assert any(
        line == "It keeps its head, which was trained for where an answer begins and ends too."
        for line in listener.lines
    )


@pytest.mark.parametrize("family", ["bert", "mpnet"])
def test_answers_are_learnt(encoder_folders: dict[str, Path], tmp_path: Path, family: str) -> None:
    settings = {"epochs": 20, "learning_rate": 0.003, "dropout": 0.0, "max_length": 48}
    run = make_answering_run(encoder_folders[family], tmp_path, **settings)
    answerable = {"train": make_questions(600, 0, False), "validation": make_questions(32, 1, False)}
    result = train_model(dataclasses.replace(run, **answerable), Listener())
    assert result.validation_metrics["f1"] > 0.9
    asked = [{"question": "why is it broken", "context": "it is broken and where is the dog and my saw"}]
    (answer,) = Predictor(device="cpu").predict(tmp_path / "folder", asked)
    assert (answer["answer"], answer["start"], answer["end"]) == ("saw", 41, 44)


def losses_and_weights(folder: Path, home: Path, **changes: Any) -> tuple[list[float], dict[str, Any]]:
    """The losses of a training without dropout, and the weights it leaves."""
    listener = Listener()
    run = make_answering_run(folder, home, rows=33, epochs=2, dropout=0.0, max_length=32)
    train_model(dataclasses.replace(run, **changes), listener)
    told = [value for split in ("train", "validation") for _, value in listener.series(split, "loss")]
    return told, load_file(home / "folder" / "model.safetensors")


@pytest.mark.parametrize("family", ["bert", "deberta-v2"])
def test_the_loss_of_a_batch_is_the_same_however_it_is_cut(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    """Rows have different numbers of windows, so that a mean of means would be another one."""
    alone, other = (
        losses_and_weights(encoder_folders[family], tmp_path / str(processes), processes=processes)
        for processes in (1, 2)
    )
    assert other[0] == pytest.approx(alone[0], rel=1e-5)
    # Adam makes steps of full size of gradients that are nothing but rounding, such as those of key biases;
    # of the head's bias, which moves all tokens alike, there is no other gradient.
    for name, weight in alone[1].items():
        is_near = (other[1][name] - weight).norm() <= 1e-3 * max(1.0, float(weight.norm()))
        assert is_near or name == "qa_outputs.bias", name


def test_questions_without_an_answer_teach_nothing(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    run = make_answering_run(encoder_folders["bert"], tmp_path)
    bare = {**run.train, "answers": ["[]"] * 32}
    with pytest.raises(InvalidInput, match="No training question has an answer"):
        train_model(dataclasses.replace(run, train=bare), Listener())


def test_an_answer_that_stands_elsewhere_is_refused() -> None:
    row = {"question": ["Where?"], "context": ["in Rome"], "answers": ['[[2, "Rome"]]']}
    with pytest.raises(InvalidInput, match="does not stand where it should: 'Rome'"):
        QUESTION_ANSWERING.targets(row, ())
