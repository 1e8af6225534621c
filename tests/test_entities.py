"""Texts with entities, from a table to answers: imported, learnt, scored, asked and compared."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from studio.api.app import build_api
from studio.bootstrap import Studio, open_studio
from studio.cli.main import app
from studio.data.browsing import RowQuery
from studio.errors import InvalidInput
from studio.results.entities import FoundEntities, count_errors, list_wrong_rows, type_rows
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from studio.tasks.token_classification import CODE, write_entities
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end
from tests.training.tagged import LABELS, make_tagged

pytestmark = pytest.mark.slow
TASK = "token-classification"


def records(rows: int = 160, seed: int = 0) -> list[dict[str, object]]:
    """Texts as annotators write them, each with its number."""
    made = make_tagged(rows, seed)
    return [
        {
            "id": number,
            "message": f"{text} {number}",
            "spans": [{"start": start, "end": end, "label": label} for start, end, label in json.loads(cell)],
        }
        for number, (text, cell) in enumerate(zip(made["text"], made["tags"], strict=True))
    ]


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    """JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of entities, and two models that have learnt it."""
    folder = tmp_path_factory.mktemp("entities")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_lines(folder / "notes.jsonl", records())
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="notes", task=TASK))
        assert dataset.roles == {"text": "message", "tags": "spans"} and dataset.labels == LABELS
        for name, epochs, rate in (("finder", 12, 5e-3), ("shorter", 1, 1e-3)):
            changes = {"epochs": epochs, "learning_rate": rate, "batch_size": 8}
            run_to_its_end(
                studio, studio.training.start(TrainRequest("notes", str(encoder), name=name, changes=changes))
            )
        yield studio


def test_it_is_scored_strictly_beside_looking_up(trained: Studio) -> None:
    model = trained.models.get("finder")
    assert model.task == TASK and model.labels == LABELS
    report = trained.models.report("finder", "test")
    assert list(report.metrics) == ["f1", "precision", "recall"] == list(report.intervals)
    assert report.metrics["f1"] > 0.6 and set(report.baselines) == {"lookup"}
    assert [row["label"] for row in report.per_label] == list(LABELS)
    answers = trained.models.predictions("finder")
    assert isinstance(answers, FoundEntities) and answers.fingerprint == report.rows_fingerprint
    assert sum(row["support"] for row in report.per_label) == answers.truth.sum()
    assert sum(report.entities["kinds"].values()) == len(answers.errors)
    assert report.mistakes == len(list_wrong_rows(answers)) == (~answers.right).sum()


def test_it_is_asked_and_answers_in_files_too(trained: Studio, tmp_path: Path) -> None:
    rows = [{"text": str(row["message"])} for row in records(9, seed=5)]
    answers = trained.predictions.predict("finder", rows)
    for row, answer in zip(rows, answers, strict=True):
        assert list(answer) == ["entities"]
        for entity in answer["entities"]:
            assert list(entity) == ["label", "start", "end", "text", "score"]
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]
    table = write_lines(tmp_path / "new.jsonl", [{"message": row["text"]} for row in rows])
    trained.predictions.predict_file("finder", table, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        written = list(csv.DictReader(stream))
    assert list(written[0]) == ["message", "prediction", "entities"]
    for line, answer in zip(written, answers, strict=True):
        found = json.loads(line["entities"])
        assert [{**one, "score": 0} for one in found] == [{**one, "score": 0} for one in answer["entities"]]
    home = ["--home", str(trained.settings.home)]
    said = CliRunner().invoke(app, [*home, "predict", "finder", "--text", "the cat is broken"])
    assert said.exit_code == 0 and said.stdout.strip() == "cat (ANIMAL)"
    words = CliRunner().invoke(app, [*home, "--json", "predict", "finder", "--text", '["the", "cat", "is"]'])
    assert json.loads(words.stdout)["entities"][0]["text"] == "cat"


def test_the_api_gives_entities_with_their_places(trained: Studio) -> None:
    row = {"text": "the cat is broken, 北京"}
    with TestClient(build_api(trained), base_url="http://127.0.0.1:7860") as client:
        found = client.post("/api/v1/models/finder/predict", json={"inputs": [row, {"text": "i"}]}).json()
        listed = client.post(
            "/api/v1/models/finder/predict", json={"inputs": [{"text": ["the", "cat", "is", "broken"]}]}
        ).json()
    first, second = found["predictions"]
    (entity,) = first["entities"]
    assert (entity["label"], entity["start"], entity["end"], entity["text"]) == ("ANIMAL", 4, 7, "cat")
    assert 0 < entity["score"] <= 1 and second == {"entities": []}
    assert listed["predictions"][0]["entities"][0]["text"] == "cat"


def test_the_code_of_its_card_gives_the_same(trained: Studio) -> None:
    folder = trained.models.folder_of(trained.models.get("finder"))
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| Label | Precision | Recall | F1 | Entities |" in card
    assert CODE.splitlines()[0] in card
    assert "tokens at a time; the code above reads no more than the first of them." in card
    for text in ("the cat is broken", "my saw, and the black cat; thanks", "i", "where is the drill , 北京?"):
        code = CODE.format(folder=folder, length=128).replace('"your text"', repr(text))
        with redirect_stdout(io.StringIO()) as said:
            exec(code, {})
        (answer,) = trained.predictions.predict("finder", [{"text": text}])
        for entity in answer["entities"]:
            del entity["score"]
        assert eval(said.getvalue()) == answer["entities"]


def test_a_long_text_is_read_to_its_end(trained: Studio) -> None:
    text = "the food is good " * 60 + "where is the horse"
    (answer,) = trained.predictions.predict("finder", [{"text": text}])
    assert answer["entities"] and answer["entities"][-1]["text"] == "horse"
    (read,) = trained.predictions.read("finder", [{"text": text}])
    assert len(read) > 2 and not any(reading.cut for reading in read)


def test_it_is_scored_on_a_table_that_came_later(trained: Studio, tmp_path: Path) -> None:
    request = ImportRequest(
        path=write_lines(tmp_path / "again.jsonl", records(30, 7)), name="again", task=TASK
    )
    run_to_its_end(trained, trained.evaluations.score_table("finder", request))
    report = trained.evaluations.report("finder", "again", "test")
    assert report.rows == 30 and report.metrics["f1"] > 0.6
    strange = [{"message": "the cat", "spans": [[4, 7, "CITY"]]}] * 2
    path = write_lines(tmp_path / "strange.jsonl", strange)
    with pytest.raises(InvalidInput, match="'CITY'"):
        trained.evaluations.score_table("finder", ImportRequest(path=path, name="strange", task=TASK))


def test_models_of_entities_are_compared(trained: Studio) -> None:
    found = trained.comparisons.compare(["finder", "shorter"])
    assert found.metric == "f1" and found.ranking == ("finder", "shorter")
    assert {row["label"] for row in found.per_label} == set(LABELS)
    assert found.disagreement_count and set(found.disagreements[0]["answers"]) == {"finder", "shorter"}


def test_rows_are_browsed_by_a_label_and_their_labels_counted(trained: Studio) -> None:
    page = trained.datasets.browse("notes", RowQuery(label="TOOL"), 0, 500)
    assert page.total and all('"TOOL"' in row["tags"] for row in page.rows)
    counts = trained.datasets.get("notes").class_counts
    assert sum(split["TOOL"] for split in counts.values()) == page.total


def test_a_faster_form_is_measured_and_answers_the_same(trained: Studio) -> None:
    rows = [{"text": "the cat is broken and food"}, {"text": "where is the dog " * 30}]
    plain = trained.predictions.predict("finder", rows)
    run_to_its_end(trained, trained.forms.start("finder", FormWish(accept_slow=True)))
    form = trained.models.get("finder").compiled
    assert form is not None and form.agreement >= 0.9
    found = trained.predictions.predict("finder", rows)
    for one, other in zip(found, plain, strict=True):
        assert [entity["text"] for entity in one["entities"]] == [
            entity["text"] for entity in other["entities"]
        ]


def answers_of(
    true: list[list[tuple[int, int, str]]], found: list[list[tuple[int, int, str]]]
) -> FoundEntities:
    """Answers to as many texts of letters a blank apart."""
    text = "a b c d e f g h"
    described = [
        [
            {"label": label, "start": start, "end": end, "text": text[start:end], "score": 0.5}
            for start, end, label in row
        ]
        for row in found
    ]
    return FoundEntities(
        ("X", "Y"),
        {"text": (text,) * len(true)},
        tuple(write_entities(row) for row in true),  # type: ignore[arg-type]
        tuple(described),
        np.arange(len(true)),
        ("f",) * len(true),
    )


def test_wrong_entities_are_told_by_kind_and_listed_by_label() -> None:
    answers = answers_of(
        [[(0, 3, "X")], [(0, 3, "X")], [(4, 5, "Y")], [], [(0, 1, "X")]],
        [[(0, 3, "Y")], [(0, 1, "X")], [], [(4, 5, "X")], [(0, 1, "X")]],
    )
    assert count_errors(answers) == {
        "kinds": {"type": 1, "boundary": 1, "both": 0, "missed": 1, "spurious": 1},
        "pairs": [{"true": "X", "predicted": "Y", "count": 1}],
    }
    assert list_wrong_rows(answers)["line"].tolist() == [0, 1, 3, 2]
    assert list_wrong_rows(answers)["confidence"].isna().tolist() == [False, False, False, True]
    assert list_wrong_rows(answers, true="X")["line"].tolist() == [0, 1]
    assert list_wrong_rows(answers, predicted="X")["line"].tolist() == [1, 3]
    assert list_wrong_rows(answers, true="X", predicted="Y")["line"].tolist() == [0]
    x, y = type_rows(answers)
    assert (x["support"], x["predicted"], x["precision"]) == (3, 3, pytest.approx(1 / 3))
    assert x["errors"] == {"type": 1, "boundary": 1, "both": 0, "missed": 0, "spurious": 1}
    assert y["errors"]["missed"] == 1 and y["f1"] == 0.0
