"""Texts with options, from a table to answers: imported, learnt, scored, asked and compared."""

from __future__ import annotations

import contextlib
import csv
import json
import shlex
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
from studio.results.options import ChosenOptions, list_wrong_choices
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from studio.tasks.multiple_choice import read_options, write_options
from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end
from tests.training.runs import BAD, GOOD, NOUNS

pytestmark = pytest.mark.slow
HEADER = ("id", "question", "A", "B", "C", "D", "answer")
ROW = {"text": "how was the cat", "choices": write_options(["awful", "lovely", "bad"])}


def questions(rows: int = 160) -> list[list[str]]:
    """Questions with two to four options, of which the praise is right."""
    found = []
    for number in range(rows):
        count = 2 + number % 3
        options = [BAD[(number + place) % 4] for place in range(count)]
        place = number // 3 % count
        options[place] = GOOD[number % 4]
        cells = [*options, *[""] * (4 - count)]
        text = f"how was the {NOUNS[number % 7]} of number {number}"
        found.append([str(number), text, *cells, "ABCD"[place]])
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of options, and two models that have learnt it."""
    folder = tmp_path_factory.mktemp("options")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_csv(folder / "quiz.csv", questions(), HEADER)
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="quiz", task="multiple-choice"))
        assert dataset.roles == {"text": "question", "choices": "A, B, C, D", "label": "answer"}
        for name, epochs in (("chooser", 6), ("shorter", 1)):
            changes = {"epochs": epochs, "learning_rate": 3e-3, "batch_size": 8}
            run_to_its_end(
                studio, studio.training.start(TrainRequest("quiz", str(encoder), name=name, changes=changes))
            )
        yield studio


def test_it_is_scored_beside_chance_and_words(trained: Studio) -> None:
    model = trained.models.get("chooser")
    assert model.task == "multiple-choice" and model.roles == ("text", "choices") and model.labels == ()
    report = trained.models.report("chooser", "test")
    assert set(report.metrics) == set(report.intervals) == {"accuracy"}
    assert set(report.baselines) == {"chance", "tfidf"} and not report.confusion and report.per_label == []
    assert report.metrics["accuracy"] > report.baselines["chance"]["accuracy"]
    answers = trained.models.predictions("chooser")
    assert isinstance(answers, ChosenOptions) and answers.fingerprint == report.rows_fingerprint
    assert report.mistakes == len(list_wrong_choices(answers)) == (~answers.right).sum()
    assert sum(group["rows"] for group in report.options["by_count"]) == report.rows


def test_it_is_asked_with_options_as_a_list_and_as_a_text(trained: Studio) -> None:
    ways = [["awful", "lovely", "bad"], "awful | lovely | bad", "awful\nlovely\nbad\n", ROW["choices"]]
    answers = trained.predictions.predict("chooser", [{**ROW, "choices": given} for given in ways])
    assert all(answer == answers[0] for answer in answers)
    assert set(answers[0]) == {"choice", "index", "confidence", "probabilities"}
    assert sum(answers[0]["probabilities"]) == pytest.approx(1.0)
    with pytest.raises(InvalidInput, match="no two options"):
        trained.predictions.predict("chooser", [{"text": "how was it", "choices": ["alone"]}])
    with pytest.raises(InvalidInput, match="There are no options"):
        trained.predictions.predict("chooser", [{"text": "how was it"}])


def answered(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV with answers."""
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_file_with_fewer_columns_of_options_is_answered(trained: Studio, tmp_path: Path) -> None:
    rows = [
        ["how was the dog", "bad", "good", ""],
        ["why", "poor", "", ""],
        ["how was it", "awful", "great", "bad"],
    ]
    table = write_csv(tmp_path / "new.csv", rows, ("question", "A", "B", "C"))
    made = trained.predictions.predict_file("chooser", table, tmp_path / "out.csv")
    assert made.columns == {"text": "question", "choices": "A, B, C"} and made.unanswered == 1
    assert "Without an answer: 1 row without a text or two options." in made.notes
    found = answered(tmp_path / "out.csv")
    assert list(found[0]) == ["question", "A", "B", "C", "prediction", "confidence"]
    told = trained.predictions.predict(
        "chooser", [{"text": row[0], "choices": [cell for cell in row[1:] if cell]} for row in rows[::2]]
    )
    assert [row["prediction"] for row in found] == [told[0]["choice"], "", told[1]["choice"]]
    assert [row["confidence"] for row in found[::2]] == [f"{answer['confidence']:.6f}" for answer in told]
    assert found[1]["confidence"] == ""


def test_lines_of_json_and_columns_of_lists_are_answered(trained: Studio, tmp_path: Path) -> None:
    lists = [["bad", "good"], ["poor"], ["awful", "great", "bad"]]
    lines = tmp_path / "new.jsonl"
    rows = [
        {"question": f"how was it {n}", "A": given[0], "B": (given[1:] or [""])[0]}
        for n, given in enumerate(lists)
    ]
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = trained.predictions.predict_file("chooser", lines, tmp_path / "out.csv")
    found = answered(tmp_path / "out.csv")
    assert made.unanswered == 1 and [bool(row["prediction"]) for row in found] == [True, False, True]
    for form in (str, json.dumps, lambda given: json.dumps({"text": given, "label": ["A"] * len(given)})):
        table = write_csv(
            tmp_path / "lists.csv", [["how was it", form(given)] for given in lists], ("question", "options")
        )
        to = tmp_path / "lists_out.csv"
        to.unlink(missing_ok=True)
        made = trained.predictions.predict_file("chooser", table, to)
        assert made.columns == {"text": "question", "choices": "options"} and made.unanswered == 1
        assert [row["prediction"] in given for row, given in zip(answered(to), lists, strict=True)] == [
            True, False, True,
        ]  # fmt: skip
    lines.write_text("".join(json.dumps({"question": "how", "choices": given}) + "\n" for given in lists))
    made = trained.predictions.predict_file("chooser", lines, tmp_path / "third.csv")
    assert made.columns == {"text": "question", "choices": "choices"} and made.unanswered == 1


def run(trained: Studio, *command: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, ["--home", str(trained.settings.home), *command])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_the_command_answers_inputs_and_writes_files(trained: Studio, tmp_path: Path) -> None:
    said = run(
        trained, "predict", "chooser", "--input", "text=how was the cat", "--input", "choices=awful | lovely"
    )
    assert said.startswith(("awful (", "lovely ("))
    table = write_csv(tmp_path / "new.csv", [row[:6] for row in questions(7)], HEADER[:6])
    run(trained, "predict", "chooser", "--file", str(table), "--out", str(tmp_path / "out.csv"))
    assert all(row["prediction"] in list(row.values())[2:6] for row in answered(tmp_path / "out.csv"))


def test_the_route_answers_lists_and_texts(trained: Studio) -> None:
    client = TestClient(build_api(trained), base_url="http://127.0.0.1")
    inputs = [{"text": "how was it", "choices": given} for given in (["bad", "good"], "bad | good")]
    reply = client.post("/api/v1/models/chooser/predict", json={"inputs": inputs})
    assert reply.status_code == 200, reply.text
    first, second = reply.json()["predictions"]
    assert first == second and first["choice"] in {"bad", "good"}
    for wrong in ([], ["one"], ["one", None], {"a": 1}, 7):
        reply = client.post(
            "/api/v1/models/chooser/predict", json={"inputs": [{"text": "how", "choices": wrong}]}
        )
        assert reply.status_code == 422, (wrong, reply.text)


def test_it_is_scored_on_a_table_that_names_the_options_otherwise(trained: Studio, tmp_path: Path) -> None:
    rows = [
        [row[1], json.dumps([cell for cell in row[2:6] if cell]), row[2 + "ABCD".index(row[6])]]
        for row in questions(30)
    ]
    table = write_csv(tmp_path / "again.csv", rows, ("question", "choices", "right"))
    request = ImportRequest(path=table, name="again", task="multiple-choice")
    run_to_its_end(trained, trained.evaluations.score_table("chooser", request))
    report = trained.evaluations.report("chooser", "again", "test")
    assert report.rows == 30 and [group["key"] for group in report.options["by_count"]] == [2, 3, 4]


def test_models_of_options_are_compared(trained: Studio) -> None:
    found = trained.comparisons.compare(["chooser", "shorter"])
    assert found.metric == "accuracy" and set(found.ranking) == {"chooser", "shorter"}
    answers = [trained.models.predictions(name) for name in ("chooser", "shorter")]
    differ = int((answers[0].chosen != answers[1].chosen).sum())
    assert found.disagreement_count == differ and not found.per_label


def test_a_faster_form_is_measured_and_answers_the_same(trained: Studio) -> None:
    rows = [ROW, {"text": "how was the food and the card", "choices": write_options(["bad", "fine"])}]
    plain = trained.predictions.predict("chooser", rows)
    run_to_its_end(trained, trained.forms.start("chooser", FormWish(accept_slow=True)))
    form = trained.models.get("chooser").compiled
    assert form is not None and form.agreement == 1.0 and abs(form.loss) < 1e-3
    found = trained.predictions.predict("chooser", rows)
    assert [answer["choice"] for answer in found] == [answer["choice"] for answer in plain]
    for one, other in zip(found, plain, strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=0.05)


def test_the_code_of_the_card_gives_the_same_answer(trained: Studio, tmp_path: Path) -> None:
    folder = trained.models.export("chooser", tmp_path / "exported", "folder")
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = card.split("```python\n")[1].split("```")[0]
    asked = code.replace('"your text"', json.dumps(ROW["text"])).replace(
        '["one option", "another option"]', ROW["choices"]
    )
    assert asked != code
    asked = asked.replace("path/to/this/folder", str(folder))
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    (answer,) = trained.predictions.predict("chooser", [ROW])
    choice, _, shares = done.stdout.strip().partition(" ")
    assert choice == answer["choice"]
    assert np.array(json.loads(shares)) == pytest.approx(np.array(answer["probabilities"]), abs=0.05)
    assert "multiple-choice" in card and len(read_options(ROW["choices"])) == len(json.loads(shares))


def test_the_ready_made_calls_work_as_they_are_printed(trained: Studio) -> None:
    usage = trained.models.usage("chooser")
    python, _, *command = shlex.split(usage.command)
    assert python == "python" and run(trained, *command[1:]) == "... (50 %)"
    asked = shlex.split(usage.curl)
    reply = TestClient(build_api(trained), base_url="http://127.0.0.1").post(
        asked[2].partition("7860")[2],
        content=asked[asked.index("-d") + 1],
        headers={"Content-Type": "application/json"},
    )
    assert reply.status_code == 200 and reply.json()["predictions"][0]["choice"] == "..."
    assert '"choices": ["...", "..."]' in usage.curl and usage.python.count('"choices"') == 1
