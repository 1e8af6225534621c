"""Exports: whole, never over something else, without pickle, loadable by transformers."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from studio.errors import Conflict, InvalidInput, NotFound, WorkFailed
from studio.export.bundle import NEEDED, export_model
from tests.asked import asked
from tests.prediction.tiny_models import make_model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files a model has, if not their content."""
    folder = tmp_path / "models" / "folder"
    folder.mkdir(parents=True)
    for name in NEEDED:
        (folder / name).write_text(f"content of {name}")
    return folder


def test_a_folder_is_copied_whole(folder: Path, tmp_path: Path) -> None:
    out = export_model(folder, tmp_path / "new place" / "out")
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        name: f"content of {name}" for name in NEEDED
    }
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_zip_holds_the_files_at_its_top_and_is_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    first, second = (export_model(folder, tmp_path / name, "zip") for name in ("one.zip", "two.zip"))
    with zipfile.ZipFile(first) as archive:
        assert sorted(archive.namelist()) == sorted(NEEDED)
        assert archive.testzip() is None
        assert archive.getinfo("model.safetensors").compress_type == zipfile.ZIP_STORED
        assert archive.read("config.json") == b"content of config.json"
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("format_name", ["folder", "zip"])
def test_nothing_is_written_over(folder: Path, tmp_path: Path, format_name: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for name in ("file", "empty"):
        with pytest.raises(Conflict):
            export_model(folder, tmp_path / name, format_name)  # type: ignore[arg-type]
    assert (tmp_path / "file").read_text() == "mine"
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_missing_part_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "report.json").unlink()
    with pytest.raises(NotFound, match=r"report[.]json"):
        export_model(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "training_args.BIN", "notes.txt"])
def test_a_pickle_is_refused_whatever_its_name(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(WorkFailed, match="may run code"):
        export_model(folder, tmp_path / "out")


def test_an_archive_of_pickles_is_refused(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(folder / "weights", "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    with pytest.raises(WorkFailed, match="weights"):
        export_model(folder, tmp_path / "out", "zip")


def test_links_and_hidden_files_stay_behind(folder: Path, tmp_path: Path) -> None:
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / ".secret").write_text("x")
    out = export_model(folder, tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == sorted(NEEDED)


def test_a_text_can_be_replaced_on_the_way(folder: Path, tmp_path: Path) -> None:
    out = export_model(folder, tmp_path / "out", replaced={"README.md": "# renamed"})
    assert (out / "README.md").read_text() == "# renamed"
    assert (folder / "README.md").read_text() == "content of README.md"


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkFailed) as caught:
        export_model(folder, tmp_path / "file" / "below" / "out")
    assert caught.value.hint


def test_an_unknown_format_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="onnx"):
        export_model(folder, tmp_path / "out", "onnx")  # type: ignore[arg-type]


@pytest.mark.slow
def test_transformers_loads_an_export_with_the_same_answers(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    from studio.prediction.embedded import Predictor

    source = make_model_folder(tmp_path / "source", ("card", "transfer", "也许"))
    for name in ("report.json", "README.md"):
        (source / name).write_text("{}")
    with zipfile.ZipFile(export_model(source, tmp_path / "out.zip", "zip")) as archive:
        archive.extractall(tmp_path / "out")
    texts = ["my card is lost", "where is the transfer", "卡丢了"]
    predictor = Predictor(device="cpu")
    ours = predictor.logits(source, asked(texts))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    with torch.inference_mode():
        theirs = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits.numpy()
    assert ours == pytest.approx(theirs, abs=1e-5)
    answers = pipeline("text-classification", str(tmp_path / "out"), top_k=None)(texts)
    for own, found in zip(predictor.predict(source, asked(texts)), answers, strict=True):
        assert {entry["label"]: entry["score"] for entry in found} == pytest.approx(
            own["probabilities"], abs=1e-5
        )
