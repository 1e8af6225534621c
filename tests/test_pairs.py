"""Two texts and one label, from a table to answers: imported, learnt, scored, asked and answered in files."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from studio.api.app import build_api
from studio.bootstrap import Studio, open_studio
from studio.cli.main import app
from studio.errors import InvalidInput
from studio.services.datasets import ImportRequest
from studio.services.predictions import check_row
from studio.services.training import TrainRequest
from studio.settings import Settings
from tests.conftest import WORDS, write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end

pytestmark = pytest.mark.slow
HEADER = ("id", "Sentence1", "Sentence2", "label")


def pairs() -> list[list[str]]:
    """120 pairs that are about the same thing, or not."""
    words = [word for group in WORDS.values() for word in group]
    made = []
    for number, (one, other) in enumerate((a, b) for a in words for b in words[:8]):
        label = "same" if one == other or number % 3 == 0 else "other"
        second = one if label == "same" else other
        made.append([str(number), f"the {one} is number {number}", f"we saw a {second} of {number}", label])
    return made[:120]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of pairs, and a model that has learnt it."""
    folder = tmp_path_factory.mktemp("pairs")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_csv(folder / "pairs.csv", pairs(), HEADER)
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="pairs"))
        assert dataset.roles == {"text": "Sentence1", "text_b": "Sentence2", "label": "label"}
        request = TrainRequest("pairs", str(encoder), name="judge", changes={"epochs": 1})
        run_to_its_end(studio, studio.training.start(request))
        yield studio


def test_its_answers_are_kept_with_both_texts(trained: Studio, tmp_path: Path) -> None:
    model = trained.models.get("judge")
    assert model.roles == ("text", "text_b")
    found = trained.models.predictions("judge")
    assert set(found.asked) == {"text", "text_b"}
    assert " ‖ " in found.texts[0] and found.texts[0].startswith(found.asked["text"][0])
    report = trained.models.report("judge", "test")
    assert report.baselines["tfidf"]["accuracy"] >= 0, "the simple model has read them too"


def test_it_is_asked_with_two_texts_and_says_which_one_is_missing(trained: Studio) -> None:
    row = {"text": "the cat is number 3", "text_b": "we saw a cat of 3"}
    (answer,) = trained.predictions.predict("judge", [row])
    (swapped,) = trained.predictions.predict("judge", [{"text": row["text_b"], "text_b": row["text"]}])
    assert answer["label"] in ("same", "other")
    assert answer["probabilities"] != swapped["probabilities"], "it knows which text is which"
    with pytest.raises(InvalidInput, match="no second text") as caught:
        trained.predictions.predict("judge", [{"text": row["text"]}])
    assert "reads text and text_b" in caught.value.hint
    assert trained.predictions.predict("judge", [{**row, "id": "7"}])[0]["label"] == answer["label"]
    reads_one = replace(trained.models.get("judge"), roles=("text",))
    with pytest.raises(InvalidInput, match="'judge' does not read a second text"):
        check_row(row, reads_one)


def test_it_answers_as_plain_transformers_do(trained: Studio) -> None:
    from transformers import pipeline

    folder = trained.models.folder_of(trained.models.get("judge"))
    row = {"text": "the owl is number 9", "text_b": "we saw an otter of 9"}
    (answer,) = trained.predictions.predict("judge", [row])
    classify = pipeline("text-classification", str(folder), device="cpu", top_k=None)
    found = classify({"text": row["text"], "text_pair": row["text_b"]})
    for label, share in answer["probabilities"].items():
        assert next(one["score"] for one in found if one["label"] == label) == pytest.approx(share, abs=1e-5)


def test_a_file_is_answered_by_the_columns_it_was_trained_on(trained: Studio, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "new.csv", [row[:3] for row in pairs()[:5]], HEADER[:3])
    made = trained.predictions.predict_file("judge", table, tmp_path / "out.csv")
    assert (made.rows, made.unanswered, made.notes) == (5, 0, ())
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["Sentence2"] for row in rows] == [row[2] for row in pairs()[:5]]
    assert all(row["prediction"] in ("same", "other") for row in rows)


def test_it_is_scored_on_other_pairs_and_not_on_single_texts(trained: Studio, tmp_path: Path) -> None:
    single = write_csv(tmp_path / "single.csv", [[row[1], row[3]] for row in pairs()], ("said", "label"))
    trained.datasets.import_file(ImportRequest(path=single, name="single"))
    with pytest.raises(InvalidInput, match="no column for 'text_b'"):
        trained.evaluations.start("judge", "single", "test")
    again = write_csv(tmp_path / "again.csv", pairs()[:20], HEADER)
    job = trained.evaluations.score_table("judge", ImportRequest(path=again, name="again"))
    run_to_its_end(trained, job)
    assert trained.evaluations.report("judge", "again", "test").rows == 20


def test_its_tokens_are_shown_to_a_shell_and_over_http(trained: Studio) -> None:
    row = {"text": "the cat", "text_b": "a dog " * 40}
    ((reading,),) = trained.predictions.read("judge", [row])
    assert [token.role for token in reading.tokens[:5]] == [None, "text", "text", None, "text_b"]
    assert len(reading.tokens) == reading.limit and reading.cut[0].role == "text_b"
    given = [f"--input={role}={text}" for role, text in row.items()]
    command = ["--home", str(trained.settings.home), "predict", "judge", *given, "--tokens"]
    done = CliRunner().invoke(app, ["--json", *command])
    assert json.loads(done.stdout) == {"sequences": [reading.to_json()]}
    table = CliRunner().invoke(app, command)
    assert table.stdout.splitlines()[0].split() == ["position", "token", "id", "segment", "mask", "role"]
    assert table.stdout.splitlines()[2].split() == ["2", "the", "5", "1", "text"]
    assert f"Not read: {reading.lost} tokens of text_b." in table.stderr
    with TestClient(build_api(trained), base_url="http://127.0.0.1") as client:
        found = client.post("/api/v1/models/judge/tokens", json={"inputs": [row]}).json()
    assert found == {"rows": [{"sequences": [reading.to_json()]}]}


def test_a_shell_asks_it_with_a_role_for_each_text(trained: Studio) -> None:
    command = ["--home", str(trained.settings.home), "--json", "predict", "judge"]
    done = CliRunner().invoke(app, [*command, "--input", "text=the cat", "--input", "text_b=a cat"])
    assert done.exit_code == 0 and json.loads(done.stdout)["label"] in ("same", "other")
    usage = trained.models.usage("judge")
    assert '--input text="..." --input text_b="..."' in usage.command
    assert '{"text": "...", "text_b": "..."}' in usage.curl and '"text_b"' in usage.python
