"""/metrics is what Prometheus reads, says what the rows say, and is guarded like the API."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from jobs.latency import Latency
from jobs.queue import NewJob
from jobs.roster import WorkerIdentity
from studio.api.app import build_api
from studio.api.security import SecurityMiddleware
from studio.bootstrap import Studio, open_studio
from studio.services.gpus import GpuReader, read_cards
from studio.settings import Settings, WebhookSettings

ROOT = Path(__file__).resolve().parents[2]
SMI = """#!/bin/sh
echo asked >> "$0.asked"
echo "0, NVIDIA H100 80GB HBM3, 37, 1024, 81559"
echo "1, Old, with a comma, [N/A], 0, 2048"
"""


def read(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels, as Prometheus' own reader finds them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name.removeprefix("encoder_studio_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_an_idle_studio_shows_every_lane_and_state_as_empty(client: TestClient) -> None:
    found = read(client)
    assert found["jobs", (("lane", "train"), ("state", "queued"))] == 0
    assert found["jobs", (("lane", "light"), ("state", "paused"))] == 0
    assert found["oldest_waiting_seconds", (("lane", "data"),)] == 0
    assert found["workers", ()] == 0 and found["attempts_lost_total", ()] == 0
    assert found["cpu_cores", ()] >= 1 and found["disk_free_bytes", ()] > 0
    assert found["memory_bytes", ()] > found["memory_used_bytes", ()] > 0


def test_jobs_workers_slots_and_claims_are_those_of_the_rows(client: TestClient, studio: Studio) -> None:
    store, host = studio.jobs.queue.store, "elsewhere"
    for _ in range(3):
        studio.jobs.submit(NewJob("train", "x.y", {}))
    studio.jobs.cancel(studio.jobs.list()[0].id)
    store.roster.register(WorkerIdentity("w1", host, 1, ""), 15.0)
    claim = store.claim_next("w1", "train", 15.0, ["box/cpu"])
    assert claim is not None
    latency = Latency()
    for seconds in (0.0004, 0.002, 0.002, 3.0):
        latency.add(seconds)
    stats = latency.to_json() | {"slots": ["box/cpu", "box/light:0"]}
    store.leases.renew("w1", [claim], 15.0, stats)
    found = read(client)
    assert found["jobs", (("lane", "train"), ("state", "queued"))] == 1
    assert found["jobs", (("lane", "train"), ("state", "running"))] == 1
    assert found["jobs_ended_total", (("kind", "train"), ("outcome", "cancelled"))] == 1
    assert found["slot_busy", (("slot", "box/cpu"),)] == 1
    assert found["slot_busy", (("slot", "box/light:0"),)] == 0
    assert found["workers", ()] == found["worker_up", (("worker", "w1"),)] == 1
    assert 0 <= found["worker_heartbeat_age_seconds", (("worker", "w1"),)] < 5
    bucket = lambda bound: found["claim_seconds_bucket", (("le", bound), ("worker", "w1"))]  # noqa: E731
    assert [bucket(bound) for bound in ("0.001", "0.0025", "1.0", "+Inf")] == [1, 3, 3, 4]
    assert found["claim_seconds_count", (("worker", "w1"),)] == 4
    assert found["claim_seconds_sum", (("worker", "w1"),)] == pytest.approx(3.0044)


def test_messages_that_wait_are_counted(settings: Settings) -> None:
    studio = open_studio(replace(settings, webhook=WebhookSettings("http://127.0.0.1:9/x")))
    with TestClient(build_api(studio)) as client:
        assert read(client)["notices_waiting", (("channel", "webhook"),)] == 0
    studio.close()


def test_the_newest_form_is_given_to_who_asks_for_it(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_with_a_token_the_numbers_ask_for_it_as_the_api_does(studio: Studio) -> None:
    application = build_api(studio)
    guarded = replace(studio.settings, host="0.0.0.0", token="t0ken")
    application.add_middleware(SecurityMiddleware, settings=guarded)
    with TestClient(application) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200


def test_every_metric_is_described_and_the_reverse(client: TestClient) -> None:
    text = client.get("/metrics").text
    given = {name for name in re.findall(r"^# TYPE (\S+)", text, flags=re.MULTILINE)}
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(encoder_studio_\w+)", page, flags=re.MULTILINE)) == given


def test_graphics_cards_are_read_from_their_driver_and_not_more_often_than_they_change(
    tmp_path: Path,
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    now = [0.0]
    reader = GpuReader(str(program), lambda: now[0])
    first, second = reader.read()
    assert (first.index, first.name, first.utilization) == ("0", "NVIDIA H100 80GB HBM3", 0.37)
    assert first.memory_used_bytes == 2**30
    assert (second.name, second.utilization, second.memory_bytes) == ("Old, with a comma", None, 2**31)
    for now[0] in (1.0, 4.0, 6.0):
        reader.read()
    assert (tmp_path / "nvidia-smi.asked").read_text().count("asked") == 2
    assert GpuReader(str(shutil.which("false"))).read() == ()
    assert GpuReader("no-such-program").read() == () and read_cards("No devices were found\n") == ()
