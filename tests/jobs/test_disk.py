"""The disk is full, or nearly so: at the log, at what a job keeps, at the database."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.states import JobState
from tests.jobs.bench import Bench, wait_until

MEGABYTE = 2**20
STEPS = 30


@contextmanager
def ballast(folder: Path, size: int) -> Iterator[None]:
    """Take room on the disk of a folder for a while."""
    path = folder / "ballast"
    with path.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, size)
    yield
    path.unlink()


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder."""
    return shutil.disk_usage(folder).free


def test_a_log_without_room_costs_nothing_but_the_log(bench: Bench) -> None:
    job = bench.submit("publish_log_lines")
    workdir = bench.queue.jobs_dir / job.id
    workdir.mkdir(parents=True)
    (workdir / "log.txt").symlink_to("/dev/full")
    bench.run_all()
    assert bench.queue.get(job.id).state is JobState.SUCCEEDED


def test_a_job_that_finds_no_room_for_what_it_keeps_waits_and_then_goes_on(bench: Bench) -> None:
    job = bench.submit("count_slowly", {"steps": STEPS}, resumable=True)
    bench.start_worker()
    wait_until(lambda: (bench.queue.get(job.id).step or 0) >= 3)
    full = bench.queue.jobs_dir / job.id / "full"
    full.symlink_to("/dev/full")
    wait_until(lambda: bench.queue.get(job.id).state is JobState.PAUSED, seconds=60)
    paused = bench.queue.get(job.id)
    assert "disk is full" in paused.message and paused.attempt == 0
    full.unlink()
    bench.queue.resume(job.id)
    done = bench.queue.wait(job.id, 60, 0.1)
    assert done.state is JobState.SUCCEEDED
    assert done.result is not None and done.result["first"] >= 3, "it began anew"
    assert [point.step for point in bench.queue.metrics(job.id)] == list(range(1, STEPS + 1))


def test_a_database_whose_disk_is_full_for_a_while_loses_nothing(
    tmp_path: Path, empty_database: Path
) -> None:
    """On a disk of its own where one may be mounted; else the job's process may write no file."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(small)]
    is_mounted = os.geteuid() == 0 and not subprocess.run(mount, check=False, capture_output=True).returncode
    shutil.copy(empty_database, small / "studio.db")
    bench = Bench(tmp_path, f"sqlite:///{small / 'studio.db'}")
    try:
        job = bench.submit("report_while_full", {"limited": not is_mounted}, attempts_allowed=5)
        bench.start_worker(lease_seconds=30.0)
        bench.wait_ready(job)
        if is_mounted:
            with ballast(small, free_bytes(small)):
                time.sleep(2.5)
        done = bench.queue.wait(job.id, 60, 0.1)
        assert done.state is JobState.SUCCEEDED
        assert [point.step for point in bench.queue.metrics(job.id)] == [1, 2, 3, 4, 5]
        assert "disk is full" in bench.queue.log_tail(job.id) or not is_mounted
        with bench.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    finally:
        bench.close()
        if is_mounted:
            subprocess.run(["umount", "--lazy", small], check=True)


def test_on_a_disk_that_is_nearly_full_nothing_starts_and_what_can_wait_is_paused(
    bench: Bench, tmp_path: Path
) -> None:
    least = free_bytes(tmp_path) - 200 * MEGABYTE
    running = bench.submit("count_slowly", {"steps": STEPS}, resumable=True)
    bench.start_worker(places={"train": 2}, min_free_bytes=least, lease_seconds=1.0)
    wait_until(lambda: (bench.queue.get(running.id).step or 0) >= 2)
    with ballast(tmp_path, 400 * MEGABYTE):
        wait_until(lambda: bench.queue.get(running.id).state is JobState.PAUSED)
        assert "nearly full" in bench.queue.get(running.id).message
        waiting = bench.submit("report_and_succeed")
        assert bench.queue.wait(waiting.id, 2.0, 0.1).state is JobState.QUEUED
    bench.queue.resume(running.id)
    assert bench.queue.wait(waiting.id, 30, 0.1).state is JobState.SUCCEEDED
    assert bench.queue.wait(running.id, 60, 0.1).state is JobState.SUCCEEDED
