"""A compiled form gives the answers of the plain one, whatever the encoder, and gives way where it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.prediction.forms import folder_of_form, is_form, plain_folder, read_note
from tests.asked import asked
from tests.encoders import FAMILIES
from tests.prediction.tiny_models import make_model_folder

pytestmark = pytest.mark.slow
TEXTS = [
    "the cat is lovely",
    "why",
    "",
    "a broken phone and a poor film " * 9,
    "where is my card please",
] * 30


def no_word(_message: str, _share: float) -> None:
    """Told nothing."""


def compile_at(model_dir: Path, *texts: str) -> tuple[Any, Any]:
    """The plain form of a model and its compiled one in fp32, or in int8, ready to answer."""
    from studio.prediction.compiling import compile_form, in_full_precision
    from studio.prediction.embedded import Predictor

    plain = Predictor(device="cpu").load(model_dir / "folder")
    to = folder_of_form(model_dir, "made")
    to.mkdir(parents=True)
    made = compile_form(plain, model_dir / "folder", to, asked(texts), no_word)
    return plain, made if texts else in_full_precision(made, to)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a compiled form called made."""
    folder = tmp_path_factory.mktemp("model")
    make_model_folder(folder / "folder")
    compile_at(folder)
    return folder


def classify_with(encoder: Path, folder: Path) -> None:
    """Write a model of three labels that begins with an encoder."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=3).save_pretrained(folder)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(folder)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_encoder_gives_the_same_logits_compiled(
    tmp_path: Path, encoder_folders: dict[str, Path], family: str
) -> None:
    classify_with(encoder_folders[family], tmp_path / "folder")
    plain, made = compile_at(tmp_path)
    assert np.abs(made.logits(asked(TEXTS)) - plain.logits(asked(TEXTS))).max() < 1e-4
    assert made.labels == plain.labels and made.max_length == plain.max_length
    assert np.abs(made.logits(asked(TEXTS[3:4])) - plain.logits(asked(TEXTS[3:4]))).max() < 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_encoder_chooses_the_same_compiled(
    tmp_path: Path, encoder_folders: dict[str, Path], family: str
) -> None:
    from transformers import AutoModelForMultipleChoice, AutoTokenizer

    encoder = encoder_folders[family]
    AutoModelForMultipleChoice.from_pretrained(encoder).save_pretrained(tmp_path / "folder")
    AutoTokenizer.from_pretrained(encoder).save_pretrained(tmp_path / "folder")
    plain, made = compile_at(tmp_path)
    assert plain.task.key == made.task.key == "multiple-choice"
    options = [["a cat", "no"], ["my card is lost and the phone is broken " * 3, "why", "it", "a dog"]]
    rows = [{"text": text, "choices": json.dumps(options[n % 2])} for n, text in enumerate(TEXTS)]
    expected, found = plain.logits(rows), made.logits(rows)
    there = np.isfinite(expected)
    assert (np.isfinite(found) == there).all() and there.sum(axis=1).tolist() == [2, 4] * (len(rows) // 2)
    assert np.abs(found[there] - expected[there]).max() < 1e-4


def test_a_compiled_form_ends_with_first_tokens(model_dir: Path) -> None:
    from studio.execution.compiled import GRAPH_NAME, import_openvino

    graph = import_openvino().Core().read_model(folder_of_form(model_dir, "made") / GRAPH_NAME)
    shapes = [
        op.output(0).get_partial_shape() for op in graph.get_ordered_ops() if op.get_type_name() == "MatMul"
    ]
    tokens = [shape[1].get_max_length() for shape in shapes if len(shape) == 3]
    assert tokens[-2:] == [1, 1], "the two products after the last attention"
    assert 1 not in tokens[:-2]


def test_a_form_in_full_precision_stays_so(model_dir: Path) -> None:
    from studio.prediction.embedded import read_form

    form = folder_of_form(model_dir, "made")
    assert read_note(form).precision == read_form(form, 1).model.precision == "f32"


def test_one_long_text_is_shared_by_all_cores(model_dir: Path) -> None:
    from studio.prediction.embedded import Predictor, read_form

    text = ["the card is lost " * 9]
    made = read_form(folder_of_form(model_dir, "made"), 2)
    made.model._weights = 10**9
    expected = Predictor(device="cpu").logits(model_dir / "folder", asked(text))
    assert np.abs(made.logits(asked(text)) - expected).max() < 1e-4
    assert made.model._wide is not None


def test_in_int8_the_weights_are_smaller_and_the_answers_close(
    tmp_path: Path, encoder_folders: dict[str, Path]
) -> None:
    classify_with(encoder_folders["bert"], tmp_path / "folder")
    plain, made = compile_at(tmp_path, *TEXTS[:20])
    before, after = plain.logits(asked(TEXTS)), made.logits(asked(TEXTS))
    assert 0 < np.abs(after - before).max() < 0.2 * np.ptp(before)
    weights = (folder_of_form(tmp_path, "made") / "model.bin").stat().st_size
    assert weights < 0.6 * (tmp_path / "folder" / "model.safetensors").stat().st_size


def test_a_predictor_answers_by_the_form_whose_folder_it_is_given(model_dir: Path) -> None:
    from studio.execution.compiled import CompiledModel
    from studio.prediction.embedded import Predictor

    predictor = Predictor(device="cpu")
    form = folder_of_form(model_dir, "made")
    assert (
        predictor.predict(form, asked(["my card"]))[0]["label"]
        == (predictor.predict(model_dir / "folder", asked(["my card"]))[0]["label"])
    )
    assert isinstance(predictor.load(form).model, CompiledModel)
    assert predictor.loaded == [str(model_dir / "folder"), str(form)]


@pytest.mark.parametrize("damage", ["gone", "cut off", "without a note"])
def test_where_a_form_cannot_be_used_the_plain_one_answers(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from studio.prediction.embedded import Predictor

    make_model_folder(tmp_path / "folder")
    form = folder_of_form(tmp_path, "broken")
    if damage != "gone":
        compile_at(tmp_path)
        folder_of_form(tmp_path, "made").rename(form)
    if damage == "cut off":
        (form / "model.xml").write_bytes((form / "model.xml").read_bytes()[:500])
    if damage == "without a note":
        (form / "form.json").unlink()
    predictor = Predictor(device="cpu")
    found = predictor.logits(form, asked(["my card is lost"]))
    assert (found == predictor.logits(tmp_path / "folder", asked(["my card is lost"]))).all()
    assert "cannot be used, the plain one is" in capsys.readouterr().err


def test_forms_are_told_from_models_by_their_place() -> None:
    form = folder_of_form(Path("models/m"), "f")
    assert is_form(form) and plain_folder(form) == Path("models/m/folder")
    assert not is_form(Path("models/m/folder")) and plain_folder(Path("any/where")) == Path("any/where")


def test_the_comparison_counts_labels_and_points(model_dir: Path) -> None:
    from studio.prediction.compiling import compare
    from studio.prediction.embedded import Predictor, read_form

    plain = Predictor(device="cpu").load(model_dir / "folder")
    made = read_form(folder_of_form(model_dir, "made"), 1)
    texts = TEXTS[:40]
    answers = plain.logits(asked(texts)).argmax(axis=1)
    told: list[tuple[str, float]] = []
    found = compare(plain, made, asked(texts), answers, lambda *what: told.append(what))
    assert found.agreement == 1.0 and found.loss == 0.0 and told
    assert found.file_speed > 0 and found.text_speed > 0


def test_no_word_of_a_conversion_leaves_the_machine(tmp_path: Path) -> None:
    """OpenVINO and NNCF would count their uses at Google's, and keep a number of this user for it."""
    make_model_folder(tmp_path / "folder")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from tests.prediction.test_compiling import compile_at\n"
        "compile_at(Path(sys.argv[1]), 'my card', 'a new order')\n"
        "print(sys.modules['openvino_telemetry'], 'nncf' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path / "person")},
    )
    assert done.stdout.splitlines()[-1] == "None True"
    assert not (tmp_path / "person" / "intel").exists()
