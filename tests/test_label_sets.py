"""Texts with any number of labels, from a table to answers: imported, learnt, scored, asked and compared."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from studio.bootstrap import Studio, open_studio
from studio.cli.main import app
from studio.errors import InvalidInput
from studio.metrics.multilabel import f1_micro
from studio.results.label_sets import LabelSets, list_set_mistakes
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end

pytestmark = pytest.mark.slow
HEADER = ("id", "message", "topics")
NAMES = ("cat", "food", "film")
LABELS = ("cinema", "kitchen", "pets")


def messages(rows: int = 160) -> list[list[str]]:
    """Sentences that name things, with a label for each that is named; some name none."""
    found = []
    for number in range(rows):
        named = [name for at, name in enumerate(NAMES) if number >> at & 1]
        words = " and the ".join(named) or "day"
        topics = [{"cat": "pets", "food": "kitchen", "film": "cinema"}[name] for name in named]
        found.append([str(number), f"the {words} is number {number}", "; ".join(topics)])
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of labels, and two models that have learnt it."""
    folder = tmp_path_factory.mktemp("sets")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_csv(folder / "notes.csv", messages(), HEADER)
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="notes", task="multilabel"))
        assert dataset.roles == {"text": "message", "labels": "topics"} and dataset.labels == LABELS
        for name, epochs in (("tagger", 12), ("shorter", 1)):
            changes = {"epochs": epochs, "learning_rate": 3e-3, "batch_size": 8}
            run_to_its_end(
                studio, studio.training.start(TrainRequest("notes", str(encoder), name=name, changes=changes))
            )
        yield studio


def test_it_is_scored_with_the_metrics_of_label_sets_beside_simple_models(trained: Studio) -> None:
    model = trained.models.get("tagger")
    assert model.task == "multilabel" and model.labels == LABELS
    report = trained.models.report("tagger", "test")
    assert set(report.metrics) == {"f1_micro", "f1_macro", "subset_accuracy", "lrap"}
    assert set(report.intervals) == set(report.metrics)
    assert set(report.baselines) == {"frequent", "tfidf"} and not report.confusion
    assert report.metrics["f1_micro"] > report.baselines["frequent"]["f1_micro"]
    answers = trained.models.predictions("tagger")
    assert isinstance(answers, LabelSets) and answers.fingerprint == report.rows_fingerprint
    assert f1_micro(answers.truth, answers.scores) == report.metrics["f1_micro"]
    assert report.mistakes == len(list_set_mistakes(answers)) == (~answers.right).sum()


def test_the_thresholds_chosen_on_validation_rows_stay_with_the_model(trained: Studio) -> None:
    folder = trained.models.folder_of(trained.models.get("tagger"))
    thresholds = json.loads((folder / "tuned.json").read_text())["thresholds"]
    told = {row["label"]: row["threshold"] for row in trained.models.report("tagger", "test").per_label}
    assert told == dict(zip(LABELS, thresholds, strict=True))
    rows = [{"text": message} for _, message, _ in messages()[:20]]
    for answer in trained.predictions.predict("tagger", rows):
        reached = [label for label in LABELS if answer["probabilities"][label] >= told[label]]
        assert answer["labels"] == reached
    assert "tuned.json" in (folder / "README.md").read_text()


def test_it_is_asked_and_answers_in_files_too(trained: Studio, tmp_path: Path) -> None:
    rows = messages()[:9]
    answers = trained.predictions.predict("tagger", [{"text": message} for _, message, _ in rows])
    table = write_csv(tmp_path / "new.csv", [row[:2] for row in rows], HEADER[:2])
    trained.predictions.predict_file("tagger", table, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        written = list(csv.DictReader(stream))
    assert list(written[0]) == [*HEADER[:2], "prediction", *(f"p_{label}" for label in LABELS)]
    assert [row["prediction"] for row in written] == [" | ".join(answer["labels"]) for answer in answers]
    said = CliRunner().invoke(
        app, ["--home", str(trained.settings.home), "predict", "tagger", "--text", rows[1][1]]
    )
    assert said.exit_code == 0 and said.stdout.strip() == (" | ".join(answers[1]["labels"]) or "no label")


def test_it_is_scored_on_a_table_with_a_column_for_each_label(trained: Studio, tmp_path: Path) -> None:
    rows = [[row[1], *("1" if label in row[2] else "0" for label in LABELS)] for row in messages()[:30]]
    again = write_csv(tmp_path / "again.csv", rows, ("message", *LABELS))
    request = ImportRequest(path=again, name="again", task="multilabel")
    run_to_its_end(trained, trained.evaluations.score_table("tagger", request))
    report = trained.evaluations.report("tagger", "again", "test")
    assert report.rows == 30 and report.per_label[0]["support"] > 0
    strange = write_csv(tmp_path / "strange.csv", [["the cat", "dogs; pets"]] * 2, ("message", "topics"))
    with pytest.raises(InvalidInput) as caught:
        roles = {"text": "message", "labels": "topics"}
        request = ImportRequest(path=strange, name="strange", task="multilabel", roles=roles)
        trained.evaluations.score_table("tagger", request)
    assert "'dogs'" in str(caught.value)


def test_models_of_label_sets_are_compared(trained: Studio) -> None:
    found = trained.comparisons.compare(["tagger", "shorter"])
    assert found.metric == "f1_micro" and set(found.ranking) == {"tagger", "shorter"}
    assert {row["label"] for row in found.per_label} == set(LABELS)
    answers = [trained.models.predictions(name) for name in ("tagger", "shorter")]
    differ = (answers[0].given != answers[1].given).any(axis=1)
    assert found.disagreement_count == int(differ.sum())
    assert found.disagreement_count and set(found.disagreements[0]["answers"]) == {"tagger", "shorter"}


def test_mistakes_are_found_by_the_label_that_is_missed_or_given_wrongly() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1]])
    given = np.array([[1, 0], [1, 1], [0, 1]])
    scores = np.stack([np.where(given > 0, 0.8, 0.3), given], axis=-1).astype(float)
    texts = {"text": ("first", "second", "third")}
    answers = LabelSets(("a", "b"), texts, truth, scores, np.arange(3), ("f",) * 3)
    assert list_set_mistakes(answers)["text"].tolist() == ["second", "third"]
    assert list_set_mistakes(answers, missed="a")["text"].tolist() == ["third"]
    assert list_set_mistakes(answers, extra="a")["text"].tolist() == ["second"]
    assert list_set_mistakes(answers, missed="b").empty
    assert list_set_mistakes(answers)["confidence"].tolist() == [0.8, 0.7]


def test_rows_are_browsed_by_a_label_they_have(trained: Studio) -> None:
    from studio.data.browsing import RowQuery

    page = trained.datasets.browse("notes", RowQuery(label="pets"), 0, 500)
    wanted = sum("pets" in topics for _, _, topics in messages())
    assert page.total == wanted and all('"pets"' in row["labels"] for row in page.rows)


def test_a_faster_form_is_measured_and_answers_the_same(trained: Studio) -> None:
    row = {"text": "the cat and the food"}
    (plain,) = trained.predictions.predict("tagger", [row])
    run_to_its_end(trained, trained.forms.start("tagger", FormWish(accept_slow=True)))
    form = trained.models.get("tagger").compiled
    assert form is not None and form.agreement == 1.0 and abs(form.loss) < 1e-3
    (found,) = trained.predictions.predict("tagger", [row])
    assert found["labels"] == plain["labels"]
