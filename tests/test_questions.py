"""Questions about passages, from a table to answers: imported, learnt, scored, asked, answered in files."""

from __future__ import annotations

import contextlib
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from studio.api.app import build_api
from studio.bootstrap import Studio, open_studio
from studio.cli.main import app
from studio.errors import InvalidInput
from studio.pages.compare import ranking
from studio.pages.predict.answer import Answer, ask, render_answer
from studio.pages.results import questions as tab
from studio.pages.results.places import RowsAt
from studio.prediction.embedded import Predictor
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from studio.tasks.question_answering import QUESTION_ANSWERING, read_answers
from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end
from tests.training.questioned import make_questions

pytestmark = pytest.mark.slow
HEADER = ("question", "context", "answer", "answer_start")
METRICS = {"f1", "exact_match"} | {
    f"{name}_{among}" for name in ("f1", "exact_match") for among in ("has_answer", "no_answer")
}
ROW = {"question": "why is it broken", "context": "it is broken and where is the dog and my saw"}


def table_rows(count: int = 120) -> list[list[str]]:
    """Questions with an answer and its start, or neither."""
    made = make_questions(count)
    rows = []
    for number, (question, context, cell) in enumerate(zip(*made.values(), strict=True)):
        answers = read_answers(cell)
        first = answers[0] if answers else None
        rows.append(
            [question, f"{context} {number}", *((first.text, str(first.start)) if first else ("", ""))]
        )
    return rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of questions, and models that have learnt it."""
    folder = tmp_path_factory.mktemp("questions")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_csv(folder / "asked.csv", table_rows(), HEADER)
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        studio.datasets.import_file(ImportRequest(path=table, name="asked", task="question-answering"))
        for name, epochs in (("reader", 6), ("shorter", 1)):
            changes = {"epochs": epochs, "learning_rate": 0.005, "max_length": 32, "precision": "fp32"}
            request = TrainRequest("asked", str(encoder), name=name, changes=changes)
            run_to_its_end(studio, studio.training.start(request))
        yield studio


def folder_of(studio: Studio, name: str) -> Path:
    return studio.models.folder_of(studio.models.get(name))


def test_it_is_scored_with_and_without_an_answer_beside_simple_models(trained: Studio) -> None:
    model = trained.models.get("reader")
    assert (model.task, model.roles, model.labels) == ("question-answering", ("question", "context"), ())
    assert set(model.metrics["validation"]) == METRICS
    report = trained.models.report("reader", "test")
    assert set(report.metrics) <= METRICS and {"f1", "exact_match"} <= set(report.intervals)
    assert "sentence" in report.baselines and "answered exactly" in report.sentence
    assert {group["key"] for group in report.questions["by_question"]} <= {"how", "why"}
    assert sum(group["rows"] for group in report.questions["by_length"]) == report.rows
    tuned = json.loads((folder_of(trained, "reader") / "tuned.json").read_text())
    assert tuned["tau"] == report.questions["tau"] and tuned["always_answers"] is False
    answers = trained.models.predictions("reader")
    assert answers.fingerprint == report.rows_fingerprint
    assert answers.scored.f1.mean() == pytest.approx(report.metrics["f1"])
    shown = str(tab.render_report(report)) + str(tab.render_passages(answers, RowsAt("asked@1", "test")))
    assert "By what is asked" in shown and "tau" in shown and "up to 50" in shown


def test_it_is_asked_and_answers_in_the_characters_of_the_passage(trained: Studio) -> None:
    (answer,) = trained.predictions.predict("reader", [ROW])
    assert set(answer) == {"answer", "start", "end", "score", "spans", "no_answer"}
    assert answer["answer"] == ROW["context"][answer["start"] : answer["end"]]
    assert len(answer["spans"]) == 5 and answer["spans"][0]["score"] >= answer["spans"][4]["score"]
    shown = str(render_answer(ask(trained, "reader", ROW), "reader"))
    assert shown.count("s-chance-name") == 6 and 'class="s-marked"' in shown
    found = {**answer, "answer": "", "start": 0, "end": 0, "score": 0.1, "no_answer": 0.1}
    assert "decided by a threshold" in str(render_answer(Answer(ROW, found, 5.0), "reader"))
    likeliest = {**found, "score": 1.0, "no_answer": 1.0}
    assert "decided by a threshold" not in str(render_answer(Answer(ROW, likeliest, 5.0), "reader"))
    with pytest.raises(InvalidInput, match="There is no passage to predict"):
        trained.predictions.predict("reader", [{"question": "why"}])


def test_files_get_the_answer_its_score_and_its_place(trained: Studio, tmp_path: Path) -> None:
    lines = [[number, *row[:2]] for number, row in enumerate(table_rows(6))]
    table = write_csv(tmp_path / "new.csv", lines, ("id", "question", "context"))
    made = trained.predictions.predict_file("reader", table, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert made.rows == 6 and list(rows[0]) == [
        "id", "question", "context", "prediction", "confidence", "start", "end",
    ]  # fmt: skip
    for line in rows:
        if line["prediction"]:
            assert line["context"][int(line["start"]) : int(line["end"])] == line["prediction"]
        else:
            assert line["start"] == line["end"] == ""


def test_the_shell_and_the_api_give_the_same_answer(trained: Studio) -> None:
    expected = trained.predictions.predict("reader", [ROW])[0]
    given = [part for role, text in ROW.items() for part in ("--input", f"{role}={text}")]
    home = ["--home", str(trained.settings.home)]
    done = CliRunner().invoke(app, [*home, "--json", "predict", "reader", *given])
    assert done.exit_code == 0 and json.loads(done.stdout)["answer"] == expected["answer"]
    told = CliRunner().invoke(app, [*home, "predict", "reader", *given])
    assert told.stdout.strip() == QUESTION_ANSWERING.say(json.loads(done.stdout))
    with TestClient(build_api(trained), base_url="http://127.0.0.1:7860") as client:
        found = client.post("/api/v1/models/reader/predict", json={"inputs": [ROW]}).json()
    assert found["predictions"][0]["answer"] == expected["answer"]


def test_a_faster_form_answers_the_same(trained: Studio) -> None:
    rows = [ROW, {**ROW, "context": f"{'the food is good and ' * 9}where is the cat and my saw"}]
    plain = trained.predictions.predict("reader", rows)
    run_to_its_end(trained, trained.forms.start("reader", FormWish(accept_slow=True)))
    form = trained.models.get("reader").compiled
    assert form is not None and form.agreement >= 0.9
    found = trained.predictions.predict("reader", rows)
    assert [one["answer"] for one in found] == [one["answer"] for one in plain]
    assert [one["score"] for one in found] == pytest.approx([one["score"] for one in plain], abs=0.05)


def test_the_code_of_the_card_answers_as_here(trained: Studio, tmp_path: Path) -> None:
    folder = folder_of(trained, "reader")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Gives a question and a passage the words of the passage" in card
    assert "no more than the first" not in card
    code = card.split("```python\n")[1].split("```")[0].replace("path/to/this/folder", str(folder))
    passage = "the food is good and " * 4 + "where is the cat and my saw please"
    for question in ("why is it broken", "how is my order"):
        script = code.replace("your question", question).replace("your passage", passage)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        row = {"question": question, "context": passage}
        (answer,) = Predictor(device="cpu").predict(folder, [row])
        assert done.stdout.strip() == (answer["answer"] or "no answer")


def test_models_are_compared_on_the_same_questions(trained: Studio) -> None:
    found = trained.comparisons.compare(["reader", "shorter"])
    assert "F1" in str(ranking.render_table(found))
    report = trained.models.report("shorter", "test")
    assert report.rows_fingerprint == trained.models.report("reader", "test").rows_fingerprint


def test_tau_is_chosen_for_the_best_f1() -> None:
    passage = "in Rome"
    about = np.array([[0, -1, -1], [0, 0, 2], [0, 3, 7]])
    outputs = np.empty(4, dtype=object)
    truth = {"question": ["?"] * 4, "context": [passage] * 4, "answers": ['[[3, "Rome"]]'] * 2 + ["[]"] * 2}
    for row, null in enumerate((1.0, 2.0, 4.0, 5.0)):
        outputs[row] = np.hstack([[[null / 2] * 2, [0.0, 0.0], [0.5, 0.5]], about])
    right = QUESTION_ANSWERING.targets(truth, ())
    tuned = QUESTION_ANSWERING.tune(outputs, right)
    assert tuned == {"tau": pytest.approx(-2.0), "always_answers": False}
    found = QUESTION_ANSWERING.scores(outputs, tuned)
    assert [spans[0, 0] for spans in found] == [3, 3, -1, -1]
    assert QUESTION_ANSWERING.measured(right, found)[1].tolist() == [[1.0, 1.0]] * 4
    answers = QUESTION_ANSWERING.decode(outputs, (), tuned, [{"context": passage}] * 4)
    assert [answer["answer"] for answer in answers] == ["Rome", "Rome", "", ""]
    assert QUESTION_ANSWERING.tune(outputs[:2], right[:2]) == {"tau": 0.0, "always_answers": True}
