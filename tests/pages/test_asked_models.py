"""What the page on predictions says of a model that was kept: what it learnt from, and how good it is."""

from __future__ import annotations

from pathlib import Path

from studio.bootstrap import Studio
from studio.data.writings import Strange
from studio.pages import format as fmt
from studio.pages.predict import chosen
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model


def test_one_line_says_what_answers_what_it_learnt_from_and_what_it_is_worth(
    studio: Studio, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "told.csv", small_rows(), ("text", "label"))
    dataset = studio.datasets.import_file(ImportRequest(path=table, name="told"))
    model = keep_model(studio, "told", "teller")
    report = studio.models.report("teller")
    line = chosen.render_status(studio, model, "ready").replace("\u00a0", " ")
    low, high = report.intervals["accuracy"]
    majority = report.baselines["majority"]
    assert f"<strong>teller</strong>: learnt from {dataset.rows['train']} rows of told. Right on " in line
    assert f"of {report.rows} test texts (95 % interval {fmt.interval(low, high)})." in line
    assert f"Always “{majority['label']}”: {fmt.percent(majority['accuracy'])}." in line
    assert line.count("<p class") == 1
    studio.datasets.delete("told")
    assert "<strong>teller</strong>: Right on" in chosen.render_status(studio, model, "ready")
    studio.models.delete("teller")


def test_what_a_model_learnt_from_is_looked_up_in_the_version_it_was_trained_on(
    studio: Studio, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    keep_model(studio, "small", "first")
    find = studio.predictions.find_strange
    assert find("first", {"text": "我要退款，还没收到货"}) == Strange("Chinese", 0.0)
    assert find("first", {"text": small_rows()[0][0]}) is None
    studio.datasets.import_file(ImportRequest(path=table, name="gone"))
    keep_model(studio, "gone", "second")
    studio.datasets.delete("gone")
    assert find("second", {"text": "我要退款，还没收到货"}) is None
