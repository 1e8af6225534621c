"""A model of any number of labels is learnt on every family, and answers so by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from studio.prediction.embedded import Predictor
from studio.tasks.multilabel import MULTILABEL
from studio.training.engine import TrainingRun, train_model
from tests.asked import asked
from tests.encoders import FAMILIES
from tests.training.runs import Listener, make_rows, make_run

pytestmark = pytest.mark.slow
TEXTS = ["the film is good", "why", "the food is awful and the food"]


def run_of(folder: Path, home: Path, **settings: object) -> TrainingRun:
    """Rows of praise and complaint, of which those with a film have another label beside."""

    def labelled(count: int, seed: int) -> dict[str, list[str]]:
        rows = make_rows(count, seed)
        pairs = zip(rows["text"], rows["label"], strict=True)
        return {
            "text": rows["text"],
            "labels": [f'["{label}", "film"]' if "film" in text else f'["{label}"]' for text, label in pairs],
        }

    run = make_run(folder, home, **settings)
    rows = int(settings.get("rows", 32))  # type: ignore[call-overload]
    labels = ("complaint", "film", "praise")
    return replace(run, task=MULTILABEL, labels=labels, train=labelled(rows, 0), validation=labelled(12, 1))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_saved_as_transformers_reads_it(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    listener = Listener()
    train_model(run_of(encoder_folders[family], tmp_path), listener)
    folder = tmp_path / "folder"
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    assert model.config.problem_type == "multi_label_classification"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = Predictor(device="cpu").predict(folder, asked(TEXTS))
    with torch.no_grad():
        theirs = [
            torch.sigmoid(model(**tokenizer(text, return_tensors="pt")).logits[0]).tolist() for text in TEXTS
        ]
    for answer, shares in zip(ours, theirs, strict=True):
        assert list(answer["probabilities"].values()) == pytest.approx(shares, abs=1e-5)
        assert answer["labels"] == [label for label, share in answer["probabilities"].items() if share >= 0.5]
    told = pipeline("text-classification", str(folder), top_k=None, function_to_apply="sigmoid")(TEXTS[:1])
    assert {one["label"]: one["score"] for one in told[0]} == pytest.approx(
        ours[0]["probabilities"], abs=1e-5
    )
    assert listener.series("validation", "f1_micro")


def test_the_loss_is_that_of_transformers(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    listener = Listener()
    run = run_of(encoder_folders["bert"], tmp_path, epochs=1, learning_rate=1e-7)
    train_model(run, listener)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "folder").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "folder")
    rows = run.validation
    batch = tokenizer(list(rows["text"]), return_tensors="pt", padding=True)
    targets = torch.from_numpy(MULTILABEL.targets(rows, run.labels))
    with torch.no_grad():
        expected = float(model(**batch, labels=targets).loss)
    assert listener.series("validation", "loss")[-1][1] == pytest.approx(expected, rel=1e-4)


def test_it_learns_which_labels_go_with_a_text(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    listener = Listener()
    settings = {"rows": 96, "epochs": 25, "batch_size": 8, "learning_rate": 1e-3}
    train_model(run_of(encoder_folders["bert"], tmp_path, **settings), listener)
    scores = [value for _, value in listener.series("validation", "f1_micro")]
    assert max(scores) > 0.9 > scores[0]
