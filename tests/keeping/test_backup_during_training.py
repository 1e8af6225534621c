"""A backup of a studio that trains is that of a whole studio: its training goes on, with the same numbers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from studio.keeping.integrity import check_home
from studio.keeping.sweep import find_unfinished
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.slow
SNAPSHOT_SECONDS, ENDED_SECONDS = 240, 600


def wait_for_snapshot(studio: ServedStudio, job_id: str) -> None:
    """Wait until a whole snapshot of the job is there."""
    deadline = time.monotonic() + SNAPSHOT_SECONDS
    while not any((studio.home / "jobs" / job_id / "snapshots").glob("[!.]*/manifest.json")):
        assert time.monotonic() < deadline, studio.log()
        time.sleep(0.1)


def losses_of(studio: ServedStudio) -> list[tuple[str, str, int, float]]:
    """Every measured number of the only model, in order, but how fast it went."""
    points: list[dict[str, Any]] = studio.run("model", "show", "one")["history"]
    return sorted(
        (point["split"], point["name"], point["step"], point["value"])
        for point in points
        if point["name"] != "rows_per_second"
    )


def test_a_backup_during_training_restores_to_a_consistent_studio(tmp_path: Path) -> None:
    tiny = build_encoder(tmp_path / "tiny")
    studio, other = ServedStudio(tmp_path / "home"), ServedStudio(tmp_path / "other")
    try:
        studio.start()
        studio.run("dataset", "sample")
        dataset = studio.get("/datasets")[0]["name"]
        words = ("--dataset", dataset, "--checkpoint", str(tiny), "--set", "epochs=12", "--name", "one")
        job_id = studio.run("train", *words)["id"]
        wait_for_snapshot(studio, job_id)
        made = studio.run("backup", "--to", str(tmp_path / "studio.zip"))
        assert studio.get(f"/jobs/{job_id}")["state"] == "running" and made["jobs"] == 1
        studio.wait_for_job("succeeded", timeout_seconds=ENDED_SECONDS)
    finally:
        studio.stop()
    try:
        assert other.run("restore", "--from", str(tmp_path / "studio.zip"))["unfinished_jobs"] == 1
        assert check_home(other.home) == []
        other.start()
        assert other.wait_for_job("succeeded", timeout_seconds=ENDED_SECONDS)["id"] == job_id
        log = (other.home / "jobs" / job_id / "log.txt").read_text(encoding="utf-8")
        assert log.count("Going on after") == 1
        assert [model["name"] for model in other.get("/models")] == ["one"]
    finally:
        other.stop()
    assert losses_of(other) == [(*key, pytest.approx(value, abs=1e-4)) for *key, value in losses_of(studio)]
    for home in (studio.home, other.home):
        assert check_home(home) == [] and find_unfinished(home) == []
