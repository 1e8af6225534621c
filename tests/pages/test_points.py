"""The points of a job are read once for all pages, and not more often than a training can bear."""

from __future__ import annotations

from dataclasses import replace

from jobs.queue import JobView, MetricPoint
from jobs.states import JobState
from studio.pages.jobs.points import JOBS_KEPT, SHARE_OF_TIME, Points
from tests.pages.test_jobs import NOW, job

READING_SECONDS = 2.0


class SlowStore:
    """Points whose reading takes two seconds of a clock of its own."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.asked: list[str] = []

    def read(self, job_id: str) -> list[MetricPoint]:
        self.seconds += READING_SECONDS
        self.asked.append(job_id)
        return [MetricPoint("loss", "train", len(self.asked), 1.0, 0.5, NOW)]


def opened() -> tuple[SlowStore, Points]:
    store = SlowStore()
    return store, Points(store.read, clock=lambda: store.seconds)


def told(number: int, **changes: object) -> JobView:
    return replace(job(**changes), told=number)  # type: ignore[arg-type]


def test_points_are_read_again_only_after_the_job_has_told_something_new() -> None:
    store, points = opened()
    first = points.of(told(1))
    store.seconds += 1000.0
    assert points.of(told(1)) is first
    assert points.of(told(2)) is not first
    assert len(store.asked) == 2


def test_reading_a_running_job_takes_no_more_than_a_twentieth_of_the_time() -> None:
    store, points = opened()
    first = points.of(told(1))
    assert points.of(told(2)) is first
    store.seconds += READING_SECONDS / SHARE_OF_TIME
    assert points.of(told(2)) is not first


def test_a_job_that_has_ended_is_shown_to_its_last_point_at_once() -> None:
    _store, points = opened()
    points.of(told(1))
    last = points.of(told(2, state=JobState.SUCCEEDED))
    assert last[0].step == 2
    assert points.of(told(2, state=JobState.SUCCEEDED)) is last


def test_only_the_jobs_looked_at_last_are_kept() -> None:
    store, points = opened()
    for number in range(JOBS_KEPT + 1):
        points.of(replace(job(), id=f"job-{number}"))
    points.of(replace(job(), id="job-1"))
    assert len(store.asked) == JOBS_KEPT + 1
    points.of(replace(job(), id="job-0"))
    assert store.asked[-1] == "job-0"
