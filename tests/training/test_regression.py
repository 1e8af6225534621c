"""A model of numbers learns them in their own scale, on every family, and answers so by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from studio.prediction.embedded import Predictor
from studio.tasks.regression import REGRESSION
from studio.training.engine import TrainingResult, TrainingRun, train_model
from studio.training.progress import SilentProgress
from tests.asked import asked
from tests.encoders import FAMILIES
from tests.training.runs import Listener, make_rows, make_run

pytestmark = pytest.mark.slow
TEXTS = ["the film is good", "why", "the food is awful and the food"]


def run_of(folder: Path, home: Path, low: float = 0.0, high: float = 1.0, **settings: Any) -> TrainingRun:
    """Praise is worth ``high`` and complaint ``low``."""

    def numbered(count: int, seed: int) -> dict[str, list[str]]:
        rows = make_rows(count, seed)
        worth = {"praise": str(high), "complaint": str(low)}
        return {"text": rows["text"], "number": [worth[label] for label in rows["label"]]}

    run = make_run(folder, home, **settings)
    rows = settings.get("rows", 32)
    return replace(run, task=REGRESSION, labels=(), train=numbered(rows, 0), validation=numbered(12, 1))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_saved_as_transformers_reads_it(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    train_model(run_of(encoder_folders[family], tmp_path, 900.0, 1100.0), SilentProgress())
    folder = tmp_path / "folder"
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    assert model.config.problem_type == "regression" and model.config.id2label == {0: "value"}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        theirs = [float(model(**tokenizer(text, return_tensors="pt")).logits) for text in TEXTS]
    ours = Predictor(device="cpu").predict(folder, asked(TEXTS))
    assert [answer["value"] for answer in ours] == pytest.approx(theirs, abs=1e-3)
    assert all(600 < value < 1400 for value in theirs), "in the scale of the data"
    told = pipeline("text-classification", str(folder), function_to_apply="none")(TEXTS[0])
    assert told[0]["score"] == pytest.approx(theirs[0], abs=1e-3)


def learn(folder: Path, home: Path, low: float, high: float, **settings: Any) -> TrainingResult:
    """A training long enough to tell praise from complaint."""
    run = run_of(folder, home, low, high, rows=64, epochs=25, batch_size=8, **settings)
    return train_model(run, SilentProgress())


@pytest.mark.parametrize(("method", "rate"), [("full", 3e-3), ("lora", 5e-3)])
def test_it_learns_numbers_of_any_scale(
    encoder_folders: dict[str, Path], tmp_path: Path, method: str, rate: float
) -> None:
    for low, high in ((0.0, 1.0), (-2e5, 3e5)):
        home = tmp_path / str(high)
        learn(encoder_folders["bert"], home, low, high, method=method, learning_rate=rate)
        answers = Predictor(device="cpu").predict(
            home / "folder", asked(["the film is great", "the cat is bad"])
        )
        good, bad = ((answer["value"] - low) / (high - low) for answer in answers)
        assert good > 0.7 and bad < 0.3, (low, high)


def test_losses_do_not_depend_on_the_scale_and_correlations_are_told(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    told = []
    for low, high in ((0.0, 1.0), (-2e5, 3e5)):
        listener = Listener()
        train_model(run_of(encoder_folders["bert"], tmp_path / str(high), low, high, epochs=2), listener)
        told.append(listener)
    for curve in (("train", "loss"), ("validation", "loss"), ("validation", "spearman")):
        assert told[0].series(*curve) == [pytest.approx(point, rel=1e-3) for point in told[1].series(*curve)]
    assert told[0].series("validation", "pearson") and not told[0].series("train", "accuracy")
    assert told[0].series("train", "loss")[0][1] < 3, "around 1, which guessing costs"


def test_a_model_that_goes_on_from_another_starts_where_that_ended(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    first = learn(encoder_folders["bert"], tmp_path / "first", 100.0, 200.0, learning_rate=3e-3)
    again = run_of(tmp_path / "first" / "folder", tmp_path / "again", 100.0, 200.0, learning_rate=1e-7)
    listener = Listener()
    train_model(again, listener)
    assert "It keeps its head, which was trained for a number too." in listener.lines
    assert listener.series("validation", "loss")[0][1] < 0.3, first.validation_metrics
    values = [
        [answer["value"] for answer in Predictor(device="cpu").predict(home / "folder", asked(TEXTS))]
        for home in (tmp_path / "first", tmp_path / "again")
    ]
    assert values[0] == pytest.approx(values[1], abs=0.1)
    assert np.ptp(values[0]) > 10
