"""A job with its log, and a model from its zip to its end, over HTTP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from jobs.queue import NewJob
from studio.bootstrap import Studio
from studio.export.bundle import NEEDED
from studio.services.datasets import ImportRequest
from tests.results.kept_models import keep_model

API = "/api/v1"


@pytest.fixture
def kept(studio: Studio, small_table: Path) -> str:
    """The name of a model whose folder holds every file that an export needs."""
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "first")
    folder = studio.models.folder("first")
    for name in NEEDED:
        if not (folder / name).exists():
            (folder / name).write_text("{}", encoding="utf-8")
    return "first"


def test_a_model_comes_as_a_zip_and_nothing_of_it_stays_among_the_uploads(
    client: TestClient, studio: Studio, kept: str
) -> None:
    answer = client.get(f"{API}/models/{kept}/export")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(NEEDED) <= set(archive.namelist())
    assert list(studio.settings.uploads_dir.rglob("*.zip")) == []


def test_a_deleted_model_is_gone_with_its_folder(client: TestClient, studio: Studio, kept: str) -> None:
    folder = studio.models.folder(kept)
    assert client.delete(f"{API}/models/{kept}").status_code == 204
    assert client.get(f"{API}/models/{kept}").status_code == 404
    assert client.delete(f"{API}/models/{kept}").json()["error"]["code"] == "not_found"
    assert not folder.exists()


def test_a_job_is_shown_with_its_log_and_what_happened(client: TestClient, studio: Studio) -> None:
    job = studio.jobs.submit(NewJob("train", "studio.handlers.train", {"model": "m"}, title="m"))
    folder = studio.settings.jobs_dir / job.id
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("Epoch 1: 客服\n", encoding="utf-8")
    assert client.get(f"{API}/jobs/{job.id}").json()["state"] == "queued"
    assert client.get(f"{API}/jobs/{job.id}/log").text == "Epoch 1: 客服\n"
    events = client.get(f"{API}/jobs/{job.id}/events").json()
    assert len(events) == 1
    assert client.get(f"{API}/jobs/{job.id}/events?after=99").json() == []
    assert client.get(f"{API}/jobs/none/log").status_code == 404


def test_of_several_inputs_the_wrong_one_is_named(client: TestClient, kept: str) -> None:
    inputs = [{"text": "one"}, {"text": "two"}, {"text": "three"}, {"txt": "four", "id": "4"}]
    for verb in ("predict", "tokens"):
        answer = client.post(f"{API}/models/{kept}/{verb}", json={"inputs": inputs})
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["message"].startswith("Input 3, counted from 0: There is no text")
        assert "not read: 'txt', 'id'" in error["hint"]
    alone = client.post(f"{API}/models/{kept}/predict", json={"inputs": [{"text": " "}]})
    assert alone.json()["error"]["message"] == "There is no text to predict."
    assert alone.json()["error"]["hint"] == "'first' reads text."
