"""The file that a job made is handed out, and a sentence where there is none."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from jobs.queue import JobView, NewJob
from studio.bootstrap import Studio

API = "/api/v1"


def queue_file(studio: Studio, kind: str = "predict") -> JobView:
    payload = {"file_name": "May 2026.TSV", "model": "first", "model_id": "m1", "source": "texts"}
    return studio.jobs.submit(NewJob(kind=kind, handler="h", payload=payload, lane="light", title="May"))


def finish(studio: Studio, job: JobView, content: str, guarded: str = "") -> Path:
    claim = studio.jobs.queue.store.claim_next("worker", "light", 60.0)
    assert claim is not None
    folder = studio.settings.jobs_dir / job.id
    folder.mkdir(parents=True)
    (folder / "predictions.csv").write_text(content, encoding="utf-8")
    result = {"file": "predictions.csv", "guarded": guarded or None}
    if guarded:
        (folder / guarded).write_text("'" + content, encoding="utf-8")
    assert studio.jobs.queue.store.finish(job.id, claim.fence, result)
    return folder / "predictions.csv"


def test_the_file_comes_under_the_name_of_the_table_it_answers(client: TestClient, studio: Studio) -> None:
    job = queue_file(studio)
    waiting = client.get(f"{API}/jobs/{job.id}/file")
    assert waiting.status_code == 409
    assert "not ready" in waiting.json()["error"]["message"]
    made = finish(studio, job, "text\tprediction\nhello\ta\n")
    answer = client.get(f"{API}/jobs/{job.id}/file")
    assert answer.status_code == 200
    assert answer.text == made.read_text(encoding="utf-8")
    assert "May%202026-predictions.TSV" in answer.headers["content-disposition"]


def test_cells_that_a_spreadsheet_would_run_stay_unless_a_guarded_file_is_asked_for(
    client: TestClient, studio: Studio
) -> None:
    job = queue_file(studio)
    made = finish(studio, job, "=1+1,a\n", guarded="predictions-guarded.csv")
    assert client.get(f"{API}/jobs/{job.id}/file").text == made.read_text(encoding="utf-8") == "=1+1,a\n"
    guarded = client.get(f"{API}/jobs/{job.id}/file?guarded=true")
    assert guarded.text == "'=1+1,a\n"
    assert "May%202026-predictions.TSV" in guarded.headers["content-disposition"]
    harmless = queue_file(studio)
    finish(studio, harmless, "hello,a\n")
    assert client.get(f"{API}/jobs/{harmless.id}/file?guarded=true").text == "hello,a\n"


def test_a_file_that_was_deleted_is_said_to_be_gone(client: TestClient, studio: Studio) -> None:
    job = queue_file(studio)
    finish(studio, job, "x").unlink()
    answer = client.get(f"{API}/jobs/{job.id}/file")
    assert answer.status_code == 404
    assert "not there any more" in answer.json()["error"]["message"]


def test_a_job_that_makes_no_file_says_so(client: TestClient, studio: Studio) -> None:
    answer = client.get(f"{API}/jobs/{queue_file(studio, 'train').id}/file")
    assert answer.status_code == 404
    assert "makes no file" in answer.json()["error"]["message"]
    assert client.get(f"{API}/jobs/none/file").status_code == 404
