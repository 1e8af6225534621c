"""Training tiny encoders to the end: every family and method, resuming, and the folder it leaves."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from studio.errors import InvalidInput, WorkFailed
from studio.prediction.embedded import Predictor
from studio.training.engine import train_model
from studio.training.progress import SilentProgress
from tests.asked import asked
from tests.execution.answering import logits_of
from tests.training.runs import Listener, make_rows, make_run

pytestmark = pytest.mark.slow

FAMILIES = ("bert", "distilbert", "roberta", "electra", "albert", "deberta-v2", "modernbert")
METHODS = ("full", "lora", "frozen")
TEXTS = ["the film is good", "why", "my card was broken and the food awful " * 9, "i"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_saved_folder_of_every_family_and_method_answers_as_the_model_in_memory(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str, method: str
) -> None:
    result = train_model(make_run(encoder_folders[family], tmp_path, method=method), SilentProgress())
    folder = tmp_path / "folder"
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    saved = Predictor(device="cpu").logits(folder, asked(TEXTS))
    assert np.abs(saved - logits_of(result.model, result.tokenizer, TEXTS)).max() < 1e-5
    assert model.config.id2label == {0: "complaint", 1: "praise"}
    assert model.config.label2id == {"complaint": 0, "praise": 1}
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert not [name for name in names if Path(name).suffix in {".bin", ".pt", ".pth", ".pkl"}]
    assert "adapter" not in " ".join(names)


@pytest.mark.parametrize("family", ["bert", "distilbert", "albert"])
def test_each_method_changes_the_weights_it_should(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    start = load_file(encoder_folders[family] / "model.safetensors")
    learnt = {}
    for method in METHODS:
        result = train_model(
            make_run(encoder_folders[family], tmp_path / method, method=method), SilentProgress()
        )
        weights = result.model.base_model.state_dict()
        learnt[method] = {
            name for name, value in start.items() if name in weights and not torch.equal(weights[name], value)
        }
        if method != "full":
            assert result.trainable_parameters < result.parameters
    assert all("pooler" in name for name in learnt["frozen"])
    attention = {name for name in learnt["lora"] if "pooler" not in name}
    assert attention and len(attention) < len(learnt["full"])
    assert not any("embeddings" in name.lower() for name in attention)


def test_a_model_learns_what_can_be_learnt_and_says_what_it_did(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    listener = Listener()
    run = make_run(
        encoder_folders["bert"], tmp_path, rows=128, epochs=6, learning_rate=5e-3, head_factor=1, dropout=0
    )
    result = train_model(run, listener)
    assert result.validation_metrics["accuracy"] > 0.9
    assert result.train_metrics["accuracy"] > 0.9
    assert [call["step"] for call in listener.calls][-1] == 48
    assert listener.calls[-1]["message"] == "Training, epoch 6 of 6"
    assert all(call["eta_seconds"] >= 0 for call in listener.calls)
    for split, name in [("train", "loss"), ("train", "accuracy"), ("train", "learning_rate")]:
        assert [step for step, _ in listener.series(split, name)] == list(range(1, 49))
    assert all(value > 0 for _, value in listener.series("train", "rows_per_second"))
    for name in ("loss", "accuracy", "f1_macro"):
        assert [step for step, _ in listener.series("validation", name)] == [8, 16, 24, 32, 40, 48]
    assert listener.checks >= 48
    assert listener.lines[-1] == result.sentence
    scores = [value for _, value in listener.series("validation", "accuracy")]
    losses = [value for _, value in listener.series("validation", "loss")]
    ranked = sorted(range(6), key=lambda epoch: (-scores[epoch], losses[epoch]))
    assert result.best_epoch == ranked[0] + 1
    assert set(result.history[0]) == {"epoch", "step", "split", "name", "value"}


def test_the_learning_rate_rises_over_the_warm_up_and_then_falls_to_zero(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    listener = Listener()
    train_model(make_run(encoder_folders["bert"], tmp_path, rows=160, warmup_share=0.2), listener)
    rates = [value for _, value in listener.series("train", "learning_rate")]
    assert rates[0] == pytest.approx(0.5e-3) and rates[1] == pytest.approx(1e-3)
    assert rates[-1] == 0.0 and rates[1:] == sorted(rates[1:], reverse=True)


def test_the_pipeline_of_transformers_gives_the_same_answer(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    result = train_model(make_run(encoder_folders["bert"], tmp_path), SilentProgress())
    classify = pipeline("text-classification", str(tmp_path / "folder"), device="cpu")
    logits = logits_of(result.model, result.tokenizer, TEXTS)
    answers = classify(TEXTS, truncation=True)
    for row, answer in zip(torch.tensor(logits).softmax(-1), answers, strict=True):
        assert answer["label"] == ("complaint", "praise")[int(row.argmax())]
        assert answer["score"] == pytest.approx(float(row.max()), abs=1e-5)


@pytest.mark.parametrize("validation_rows", [12, 0])
def test_a_finished_training_that_is_started_again_only_writes_its_folder_again(
    encoder_folders: dict[str, Path], tmp_path: Path, validation_rows: int
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, epochs=2)
    run = dataclasses.replace(run, validation=make_rows(validation_rows, seed=1))
    first = train_model(run, SilentProgress())
    listener = Listener()
    again = train_model(run, listener)
    told = [(call["step"], call["steps"], call["message"]) for call in listener.calls]
    assert told == [(4, 4, "Going on after step 4")], "it says where it is and learns nothing"
    ours, theirs = (logits_of(r.model, r.tokenizer, TEXTS) for r in (again, first))
    assert np.abs(ours - theirs).max() < 1e-6


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    losses = []
    for number, seed in enumerate((3, 3, 4)):
        listener = Listener()
        train_model(make_run(encoder_folders["bert"], tmp_path / str(number), rows=64, seed=seed), listener)
        losses.append(listener.series("train", "loss"))
    assert losses[0] == losses[1] != losses[2]


def test_it_stops_early_and_keeps_the_best_epoch(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, epochs=9, early_stopping=2, learning_rate=1e-7)
    listener = Listener()
    # At a learning rate this low the accuracy cannot change, and ties are broken by the loss alone.
    result = train_model(dataclasses.replace(run, validation=make_rows(3, seed=5)), listener)
    losses = [value for _, value in listener.series("validation", "loss")]
    accuracies = [value for _, value in listener.series("validation", "accuracy")]
    assert len(set(accuracies)) == 1
    assert result.best_epoch == 1 + int(np.argmin(losses))
    assert result.epochs == len(losses) == (9 if result.best_epoch > 7 else result.best_epoch + 2)


def test_without_validation_rows_the_last_epoch_is_kept(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, epochs=2)
    result = train_model(dataclasses.replace(run, validation={"text": [], "label": []}), SilentProgress())
    assert result.best_epoch == 2 and result.validation_metrics == {}
    assert result.sentence == "There were no validation rows, so the last epoch was kept."


def test_every_schedule_weighting_and_clipping_trains(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    for number, fields in enumerate(
        (
            {"schedule": "cosine", "class_weights": "balanced"},
            {"schedule": "constant", "gradient_clipping": 0, "warmup_share": 0},
            {"precision": "bf16", "dropout": 0.5, "weight_decay": 0},
        )
    ):
        listener = Listener()
        train_model(make_run(encoder_folders["bert"], tmp_path / str(number), **fields), listener)
        assert all(np.isfinite(value) for _, value in listener.series("train", "loss"))


def test_a_length_beyond_the_checkpoints_is_cut_to_it_and_said(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    for family in ("bert", "roberta"):
        run = make_run(encoder_folders[family], tmp_path / family, max_length=512)
        long = {"text": ["the cat " * 99] * 20, "label": ["praise", "complaint"] * 10}
        listener = Listener()
        result = train_model(dataclasses.replace(run, train=long), listener)
        assert result.max_length == 64
        answers = Predictor(device="cpu").logits(tmp_path / family / "folder", asked(long["text"][:1]))
        assert np.isfinite(answers).all()
        assert "Texts are cut at 64 tokens, which is all that this checkpoint reads." in listener.lines


def test_a_loss_that_explodes_ends_with_a_hint(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, epochs=30, learning_rate=0.1, gradient_clipping=0)
    weights = load_file(encoder_folders["bert"] / "model.safetensors")
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in encoder_folders["bert"].iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    name = "encoder.layer.0.output.dense.bias"
    weights[name] = torch.full_like(weights[name], float("inf"))
    from safetensors.torch import save_file

    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WorkFailed) as caught:
        train_model(dataclasses.replace(run, checkpoint_folder=broken), SilentProgress())
    assert "step 1" in caught.value.message and "learning rate" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": ("praise",)}, "1 label"),
        ({"labels": ("praise", "other")}, "'complaint'"),
        ({"train": {"text": [], "label": []}}, "no training rows"),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_refused(
    encoder_folders: dict[str, Path], tmp_path: Path, change: dict, words: str
) -> None:
    run = dataclasses.replace(make_run(encoder_folders["bert"], tmp_path), **change)
    with pytest.raises(InvalidInput, match=words):
        train_model(run, SilentProgress())


def test_the_tokenizer_is_saved_without_cutting_or_padding_but_with_the_recipes_length(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    train_model(make_run(encoder_folders["bert"], tmp_path), SilentProgress())
    saved = json.loads((tmp_path / "folder" / "tokenizer.json").read_text(encoding="utf-8"))
    assert saved["truncation"] is None and saved["padding"] is None
    assert AutoTokenizer.from_pretrained(tmp_path / "folder").model_max_length == 16
