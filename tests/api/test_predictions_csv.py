"""A model's answers as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.bootstrap import Studio
from studio.services.datasets import ImportRequest
from tests.results.kept_models import keep_evaluation, keep_model

API = "/api/v1"


def test_answers_come_as_csv_with_every_row_of_the_split_and_leave_no_file_behind(
    client: TestClient, studio: Studio, small_table: Path
) -> None:
    dataset = studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "客服 1")
    answer = client.get(f"{API}/models/客服 1/predictions.csv", params={"split": "validation"})
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == dataset.rows["validation"]
    assert {"text", "true", "predicted", "confidence", "p_animals", "p_tools", "line", "file"} == set(rows[0])
    assert list(studio.settings.uploads_dir.iterdir()) == []


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=nonsense", "bytes=0-9"])
def test_no_file_stays_behind_whatever_range_of_it_was_asked_for(
    client: TestClient, studio: Studio, small_table: Path, asked: str
) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "one")
    answer = client.get(f"{API}/models/one/predictions.csv", headers={"Range": asked})
    assert answer.status_code in {206, 400, 416}
    assert list(studio.settings.uploads_dir.iterdir()) == []


def test_a_split_that_there_is_not_is_refused_whatever_it_is_called(
    client: TestClient, studio: Studio, small_table: Path
) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "one")
    for split in ("everything", "x" * 400, "../test", ""):
        for route in ("predictions.csv", "report"):
            answer = client.get(f"{API}/models/one/{route}", params={"split": split})
            assert answer.status_code == 422, (route, split)
            assert "train, validation, test" in answer.json()["error"]["hint"]


def test_answers_on_data_scored_later_are_asked_for_by_its_name(
    client: TestClient, studio: Studio, small_table: Path
) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    model = keep_model(studio, "small", "one")
    studio.datasets.import_for_scoring(ImportRequest(path=small_table, name="late"), model.labels)
    url = f"{API}/models/one/predictions.csv?dataset=late"
    assert client.get(url).status_code == 404
    keep_evaluation(studio, model, "late")
    assert client.get(url).text.count("\r\n") + client.get(url).text.count("\n") >= 81
    studio.datasets.delete("late")
    assert client.get(url).status_code == 200
    assert client.get(f"{API}/models/none/predictions.csv").status_code == 404
