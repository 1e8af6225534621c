"""The queue as the rest of the program calls it."""

from __future__ import annotations

import threading
import time

import pytest

from jobs.queue import JobNotEnded, NewJob, UnknownJob
from jobs.states import JobState
from tests.jobs.bench import Bench


def test_retry_makes_a_new_job_that_names_the_old_one(bench: Bench) -> None:
    old = bench.queue.submit(
        NewJob("train", "x.y", {"a": 1}, lane="light", title="T", priority=2, key="k", attempts_allowed=5)
    )
    with pytest.raises(JobNotEnded, match="queued"):
        bench.queue.retry(old.id)
    bench.queue.cancel(old.id)
    new = bench.queue.retry(old.id)
    assert new.id != old.id
    assert new.retry_of == old.id
    assert new.state is JobState.QUEUED
    for field in ("kind", "handler", "payload", "lane", "title", "priority", "attempts_allowed"):
        assert getattr(new, field) == getattr(old, field)


def test_wait_returns_at_the_end_or_after_its_time(bench: Bench) -> None:
    job = bench.queue.submit(NewJob("test", "x.y"))
    assert bench.queue.wait(job.id, timeout_seconds=0.05, poll_seconds=0.01).state is JobState.QUEUED
    threading.Timer(0.1, lambda: bench.queue.cancel(job.id)).start()
    before = time.monotonic()
    assert bench.queue.wait(job.id, timeout_seconds=10, poll_seconds=0.02).state is JobState.CANCELLED
    assert time.monotonic() - before < 5


def test_the_log_of_a_job_that_never_started_is_empty(bench: Bench) -> None:
    job = bench.queue.submit(NewJob("test", "x.y"))
    assert bench.queue.log_tail(job.id) == ""
    with pytest.raises(UnknownJob):
        bench.queue.log_tail("../../etc")


def test_the_tail_of_a_log_starts_at_a_line_and_survives_broken_bytes(bench: Bench) -> None:
    job = bench.queue.submit(NewJob("test", "x.y"))
    path = bench.queue.log_path(job.id)
    path.parent.mkdir(parents=True)
    path.write_bytes("first line\nzweite Zeile für alle\n".encode() + b"\xff end\n")
    assert bench.queue.log_tail(job.id).startswith("first line\n")
    assert bench.queue.log_tail(job.id, max_bytes=32) == "zweite Zeile für alle\n\ufffd end\n"


def test_a_followed_log_gives_each_letter_once_and_whole(bench: Bench) -> None:
    job = bench.queue.submit(NewJob("test", "x.y"))
    assert bench.queue.log_after(job.id, 0) == ("", 0)
    path = bench.queue.log_path(job.id)
    path.parent.mkdir(parents=True)
    path.write_bytes("für".encode()[:2])
    assert bench.queue.log_after(job.id, 0) == ("f", 1)
    path.write_bytes("für\nalle".encode())
    assert bench.queue.log_after(job.id, 1) == ("ür\nalle", 9)
    assert bench.queue.log_after(job.id, 9) == ("", 9)
