"""Imports over HTTP: from elsewhere, and divided as asked."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from studio.bootstrap import Studio
from tests.api.test_routes import API, upload
from tests.data.tables import many_rows, write_table


def test_rows_are_divided_by_a_column_or_into_folds(client: TestClient, tmp_path: Path) -> None:
    rows = [(*row, f"user {number // 3}", str(number)) for number, row in enumerate(many_rows(90))]
    table = write_table(tmp_path / "t.csv", [("text", "label", "user", "when"), *rows])
    dataset = upload(client, table, name="timed", time_column="when").json()
    assert (dataset["split"]["kind"], dataset["rows"]["test"]) == ("time", 9)
    folds = upload(client, table, name="f", group_column="user", folds="2").json()
    assert [one["name"] for one in folds] == ["f-fold-1", "f-fold-2"]
    answer = upload(client, table, name="x", group_column="user", time_column="when")
    assert answer.status_code == 422
    assert "at once" in answer.json()["error"]["message"]


def test_a_source_stands_in_for_a_file_and_is_refused_with_a_sentence(
    client: TestClient, studio: Studio, tmp_path: Path
) -> None:
    for source, status, sentence in (
        ("http://127.0.0.1:9/t.csv", 503, "works offline"),
        ("ftp://example.org/t.csv", 422, "only http and https"),
        ("server:/etc/passwd", 422, "No folder of this server is open"),
        ("t.csv", 422, "names no source"),
    ):
        answer = client.post(f"{API}/datasets", data={"name": "t", "source": source})
        assert answer.status_code == status, answer.text
        assert sentence in answer.text
    assert list(studio.settings.uploads_dir.iterdir()) == []
    table = write_table(tmp_path / "t.csv", [("text", "label"), *many_rows(60)])
    both = upload(client, table, name="t", source="http://127.0.0.1:9/t.csv")
    assert "Both 'file' and 'source'" in both.json()["error"]["message"]


def test_a_table_that_looks_like_another_task_says_so(client: TestClient, tmp_path: Path) -> None:
    things = ("hammer", "ladder", "bucket", "basket")
    rows = [
        (f"The {thing} number {n} is in the old shed.", f"Which thing is number {n}?", thing)
        for thing in things
        for n in range(15)
    ]
    table = write_table(tmp_path / "q.csv", [("context", "question", "answer"), *rows])
    answer = upload(client, table, name="asked")
    assert answer.status_code == 201
    (told,) = [one for one in answer.json()["problems"] if one["code"] == "other_task"]
    assert "question-answering" in told["message"]
    marked = [(*row[:1], '[{"start": 0, "end": 3, "label": "x"}]') for row in rows]
    wrong = upload(client, write_table(tmp_path / "e.csv", [("text", "entities"), *marked]), name="marked")
    assert wrong.status_code == 422
    assert "token-classification" in wrong.json()["error"]["hint"]


def test_an_import_without_a_table_names_what_may_be_sent(client: TestClient) -> None:
    error = client.post(f"{API}/datasets", data={"name": "none"}).json()["error"]
    assert error["message"] == "There is no table: neither 'file' nor 'source' is given."
    assert "'file'" in error["hint"] and "'source'" in error["hint"]
