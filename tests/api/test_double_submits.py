"""The same request from many connections at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi.testclient import TestClient

API = "/api/v1"


def test_the_same_key_from_many_threads_over_http_is_one_job(client: TestClient, small_table: Path) -> None:
    with small_table.open("rb") as stream:
        uploaded = client.post(f"{API}/datasets", files={"file": stream}, data={"name": "small"})
    assert uploaded.status_code == 201, uploaded.text
    body = {"dataset": "small", "checkpoint": "minilm-l6", "preset": "quick"}

    def submit(_number: int) -> str:
        answer = client.post(f"{API}/jobs", json=body, headers={"Idempotency-Key": "double click"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(submit, range(16)))
    assert len(ids) == 1
    assert [job["id"] for job in client.get(f"{API}/jobs").json()] == list(ids)
