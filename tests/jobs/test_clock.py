"""The computer's clock is set while a job runs."""

from __future__ import annotations

import threading
import time

import pytest

from jobs.bells import Stop
from jobs.database import make_engine
from jobs.states import JobState
from jobs.store import Store
from jobs.worker import Worker
from tests.jobs.bench import Bench


class ShiftedClock:
    """The time of day, but for what it was set by."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_running_job_is_neither_taken_away_nor_forgotten_when_the_clock_is_set(
    bench: Bench, hours: int
) -> None:
    clocks = [ShiftedClock(), ShiftedClock()]
    stop = Stop()
    workers = [
        Worker(Store(make_engine(bench.url), clock), bench.options(lease_seconds=4.0)) for clock in clocks
    ]
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    job = bench.submit("count_slowly", {"steps": 100})
    for thread in threads:
        thread.start()
    try:
        time.sleep(2.0)
        clocks[0].seconds = hours * 3600.0  # first the clock that one of the two goes by, then the other
        time.sleep(4.5)
        clocks[1].seconds = hours * 3600.0
        done = bench.queue.wait(job.id, 60, 0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert (done.state, done.attempt, done.strays) == (JobState.SUCCEEDED, 1, 0)
    moves = [event.data["to"] for event in bench.queue.events_after(job.id) if event.kind == "state"]
    assert moves == ["queued", "running", "succeeded"]
