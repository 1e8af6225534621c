"""Rows and versions over HTTP: looked through, corrected, mended, taken along."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from studio.bootstrap import Studio
from studio.data.editing import Edit
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows

API = "/api/v1"


@pytest.fixture
def tickets(client: TestClient, studio: Studio, write_table: Callable[..., Path]) -> TestClient:
    """A client of a studio with 82 rows, two of them repeats and one a formula."""
    rows = small_rows()
    rows[5][0] = "=1+1"
    table = write_table([*rows, *rows[:2]], name="tickets.csv")
    studio.datasets.import_file(ImportRequest(path=table, name="tickets"))
    return client


def test_rows_are_looked_through(tickets: TestClient) -> None:
    everything = tickets.get(f"{API}/datasets/tickets/rows").json()
    assert (everything["total"], everything["offset"], len(everything["rows"])) == (82, 0, 50)
    assert {"split", "index", "line", "file", "text", "label", "length", "findings", "edited"} <= set(
        everything["rows"][0]
    )
    found = tickets.get(
        f"{API}/datasets/tickets/rows", params={"search": "OTTER", "label": "animals", "limit": 3}
    ).json()
    assert found["total"] == 5
    assert all("otter" in row["text"] for row in found["rows"])
    line = everything["rows"][3]["line"]
    alone = tickets.get(f"{API}/datasets/tickets/rows", params={"line": line}).json()
    assert alone["rows"] == [everything["rows"][3]]
    repeats = tickets.get(f"{API}/datasets/tickets/rows", params={"finding": "duplicate_text"}).json()
    assert {row["line"] for row in repeats["rows"]} >= {82, 83}


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"label": "plants"}, 422),
        ({"split": "dev"}, 422),
        ({"limit": 0}, 422),
        ({"limit": 100_000}, 422),
        ({"colour": "red"}, 422),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(
    tickets: TestClient, params: dict[str, str], status: int
) -> None:
    answer = tickets.get(f"{API}/datasets/tickets/rows", params=params)
    assert answer.status_code == status
    assert set(answer.json()["error"]) >= {"code", "message", "hint"}


def test_findings_are_mended_undone_and_restored_as_versions(tickets: TestClient) -> None:
    codes = {problem["code"] for problem in tickets.get(f"{API}/datasets/tickets/findings").json()}
    assert "duplicate_text" in codes
    answer = tickets.post(f"{API}/datasets/tickets/fixes", json={"fixes": ["duplicate_text=drop_repeats"]})
    assert answer.status_code == 201
    assert (answer.json()["version"], sum(answer.json()["rows"].values())) == (2, 80)
    again = tickets.post(f"{API}/datasets/tickets/fixes", json={"fixes": ["duplicate_text=drop_repeats"]})
    assert (again.status_code, again.json()["error"]["code"]) == (422, "invalid_input")
    undone = tickets.post(f"{API}/datasets/tickets/steps/1/undo")
    assert (undone.status_code, sum(undone.json()["rows"].values())) == (201, 82)
    restored = tickets.post(f"{API}/datasets/tickets/versions/2/restore")
    assert (restored.json()["version"], sum(restored.json()["rows"].values())) == (4, 80)
    assert [one["version"] for one in tickets.get(f"{API}/datasets/tickets/versions").json()] == [4, 3, 2, 1]
    assert tickets.get(f"{API}/datasets/tickets@1").json()["rows"] == undone.json()["rows"]
    assert tickets.delete(f"{API}/datasets/tickets@3").status_code == 204
    assert tickets.get(f"{API}/datasets/tickets@3").status_code == 404
    assert tickets.get(f"{API}/datasets/tickets@x").status_code == 422


def test_edits_become_a_version_or_are_refused_together(tickets: TestClient) -> None:
    drop, wrong = {"split": "train", "index": 0, "action": "drop"}, {"index": 1, "action": "set_label"}
    refused = tickets.post(
        f"{API}/datasets/tickets/edits", json={"edits": [drop, {"split": "train", "value": "x", **wrong}]}
    )
    assert refused.status_code == 422
    assert "'x' is not among the labels" in refused.json()["error"]["message"]
    made = tickets.post(f"{API}/datasets/tickets/edits", json={"edits": [drop]})
    assert (made.status_code, made.json()["version"]) == (201, 2)
    assert tickets.post(f"{API}/datasets/tickets/edits", json={"edits": []}).status_code == 422


def test_an_open_draft_stands_in_the_way_of_other_versions(tickets: TestClient, studio: Studio) -> None:
    studio.datasets.add_edit("tickets", Edit("train", 0, "drop"))
    answer = tickets.post(f"{API}/datasets/tickets/fixes", json={"fixes": ["duplicate_text=drop_repeats"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_rows_are_taken_along_in_three_formats(tickets: TestClient, studio: Studio) -> None:
    plain = tickets.get(f"{API}/datasets/tickets/export")
    assert plain.headers["content-type"].startswith("text/csv")
    assert (
        'filename="tickets@1.csv"' in plain.headers["content-disposition"]
        or "tickets%401.csv" in (plain.headers["content-disposition"])
    )
    assert "'=1+1" in plain.text
    raw = tickets.get(f"{API}/datasets/tickets/export", params={"raw": "true"}).text
    assert "'=1+1" not in raw and "=1+1" in raw
    lines = tickets.get(f"{API}/datasets/tickets/export", params={"format": "jsonl"}).text.splitlines()
    frame = pd.read_parquet(io.BytesIO(tickets.get(f"{API}/datasets/tickets/export?format=parquet").content))
    assert [json.loads(line) for line in lines] == frame.to_dict("records")
    assert len(frame) == 82
    assert tickets.get(f"{API}/datasets/tickets/export?format=xlsx").status_code == 422
    assert list(studio.settings.uploads_dir.iterdir()) == []
