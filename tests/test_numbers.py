"""Texts with a number, from a table to answers: imported, learnt, scored, asked and answered in files."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.bootstrap import Studio, open_studio
from studio.cli.main import app
from studio.errors import InvalidInput
from studio.pages.compare import details, ranking
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end
from tests.test_pairs import pairs

pytestmark = pytest.mark.slow
HEADER = ("id", "sentence1", "sentence2", "score")


def scored() -> list[list[str]]:
    """Pairs of texts with how alike they are, from 0 to 5."""
    return [
        [*row[:3], "4.5" if row[3] == "same" else f"0.{number % 9}"] for number, row in enumerate(pairs())
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a dataset of numbers, and a model that has learnt it."""
    folder = tmp_path_factory.mktemp("numbers")
    encoder = build_encoder(folder / "tiny", "bert")
    table = write_csv(folder / "sts.csv", scored(), HEADER)
    with contextlib.closing(open_studio(Settings(home=folder / "home", offline=True))) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="sts", task="regression"))
        assert dataset.roles == {"text": "sentence1", "text_b": "sentence2", "number": "score"}
        for name, epochs in (("alike", 2), ("shorter", 1)):
            request = TrainRequest("sts", str(encoder), name=name, changes={"epochs": epochs})
            run_to_its_end(studio, studio.training.start(request))
        yield studio


def test_it_is_scored_with_the_metrics_of_numbers_beside_simple_models(trained: Studio) -> None:
    model = trained.models.get("alike")
    assert model.task == "regression" and model.roles == ("text", "text_b") and model.labels == ()
    for split in ("validation", "test"):
        assert set(model.metrics[split]) == {"pearson", "spearman", "mse", "mae"}
    report = trained.models.report("alike", "test")
    assert set(report.baselines) == {"mean", "tfidf"} and report.numbers["points"]
    assert "half are off by at most" in report.sentence and report.per_label == []
    answers = trained.models.predictions("alike")
    assert list(answers.to_frame().columns) == [
        "text", "text_b", "true", "predicted", "error", "line", "file",
    ]  # fmt: skip
    assert answers.fingerprint == report.rows_fingerprint


def test_it_is_asked_and_answers_with_a_number_in_files_too(trained: Studio, tmp_path: Path) -> None:
    row = {"text": "the cat is number 3", "text_b": "we saw a cat of 3"}
    (answer,) = trained.predictions.predict("alike", [row])
    assert set(answer) == {"value"} and -10 < answer["value"] < 10
    table = write_csv(tmp_path / "new.csv", [line[:3] for line in scored()[:5]], HEADER[:3])
    made = trained.predictions.predict_file("alike", table, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert made.rows == 5 and list(rows[0]) == [*HEADER[:3], "prediction"]
    assert all(-10 < float(line["prediction"]) < 10 for line in rows)


def test_it_is_scored_on_other_rows(trained: Studio, tmp_path: Path) -> None:
    again = write_csv(tmp_path / "again.csv", scored()[:20], HEADER)
    job = trained.evaluations.score_table("alike", ImportRequest(path=again, name="again", task="regression"))
    run_to_its_end(trained, job)
    assert trained.evaluations.report("alike", "again", "test").rows == 20


def test_a_shell_asks_it_and_reads_its_report(trained: Studio) -> None:
    shell = ["--home", str(trained.settings.home), "--json"]
    done = CliRunner().invoke(
        app, [*shell, "predict", "alike", "--input", "text=a cat", "--input", "text_b=a dog"]
    )
    assert done.exit_code == 0 and set(json.loads(done.stdout)) == {"value"}
    told = CliRunner().invoke(app, [*shell, "evaluate", "alike", "--split", "test"])
    assert told.exit_code == 0 and set(json.loads(told.stdout)["metrics"]) == {
        "pearson",
        "spearman",
        "mse",
        "mae",
    }


def test_models_of_numbers_are_compared_by_their_own_metric(trained: Studio) -> None:
    found = trained.comparisons.compare(["alike", "shorter"])
    assert found.metric == "spearman" and set(found.ranking) == {"alike", "shorter"}
    (pair,) = found.differences
    assert pair["verdict"] in {"better", "worse", "within chance"} and pair["only_a_right"] == 0
    assert found.per_label == () and found.disagreement_count == found.rows
    assert set(found.disagreements[0]["answers"]) == {"alike", "shorter"}
    shown = ranking.render_table(found) + ranking.render_pairs(found) + details.render_disagreements(found)
    assert "Spearman correlation" in shown and "%" not in details.render_disagreements(found)


def test_what_only_labels_have_is_refused_in_a_sentence(trained: Studio, small_table: Path) -> None:
    weighted = TrainRequest("sts", "minilm-l6", changes={"class_weights": "balanced"})
    with pytest.raises(InvalidInput, match="have not one label each"):
        trained.training.recipe(weighted)
    trained.datasets.import_file(ImportRequest(path=small_table, name="labelled"))
    with pytest.raises(InvalidInput, match="is a dataset for classification"):
        trained.evaluations.start("alike", "labelled", "test")


def test_a_faster_form_is_measured_and_answers_the_same(trained: Studio) -> None:
    row = {"text": "the cat is number 3", "text_b": "we saw a cat of 3"}
    (plain,) = trained.predictions.predict("alike", [row])
    run_to_its_end(trained, trained.forms.start("alike", FormWish(accept_slow=True)))
    form = trained.models.get("alike").compiled
    assert form is not None and form.agreement == 1.0 and abs(form.loss) < 1e-3
    (found,) = trained.predictions.predict("alike", [row])
    assert found["value"] == pytest.approx(plain["value"], abs=1e-3)
