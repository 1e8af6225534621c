"""When the waiting jobs are expected to start."""

from __future__ import annotations

import heapq
import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime

from jobs.queue import JobView
from jobs.states import ACTIVE, JobState

ENDING_SECONDS = 10.0  # what a job that was asked to end or to pause takes at most, as a rule


def expected_starts(jobs: Sequence[JobView], now: datetime) -> dict[str, float]:
    """Seconds until each waiting job starts, by its id; one of which nothing can be said is left out.

    While jobs wait, every place of their lane is taken: there are as many as jobs run. A place is free
    once the job in it has ended, and the next in line takes the first. A job lasts as long as was expected
    of it before it was queued (``expected_seconds`` of its payload), else as those of its kind did (the
    median of ``jobs`` that succeeded).
    """
    typical = typical_seconds(jobs)
    starts: dict[str, float] = {}
    for lane in {job.lane for job in jobs}:
        here = [job for job in jobs if job.lane == lane]
        free = [seconds_left(job, typical, now) for job in here if job.state in ACTIVE] or [0.0]
        heapq.heapify(free)
        waiting = [job for job in here if job.state == JobState.QUEUED]
        for job in sorted(waiting, key=lambda each: each.position or 0):
            start = max(heapq.heappop(free), seconds_held_back(job, now))
            if math.isfinite(start):
                starts[job.id] = start
            heapq.heappush(free, start + lasting(job, typical))
    return starts


def typical_seconds(jobs: Sequence[JobView]) -> dict[str, float]:
    """How long jobs that succeeded took, by their kind: the median."""
    taken: dict[str, list[float]] = {}
    for job in jobs:
        if job.state == JobState.SUCCEEDED and job.started_at and job.finished_at:
            taken.setdefault(job.kind, []).append((job.finished_at - job.started_at).total_seconds())
    return {kind: statistics.median(seconds) for kind, seconds in taken.items()}


def lasting(job: JobView, typical: Mapping[str, float]) -> float:
    """How long a job takes from its start; infinite where that is not known."""
    return float(job.payload.get("expected_seconds") or typical.get(job.kind, math.inf))


def seconds_left(job: JobView, typical: Mapping[str, float], now: datetime) -> float:
    """How long a running job still has its place; infinite where that is not known."""
    if job.state != JobState.RUNNING or job.stop_asked:
        return ENDING_SECONDS
    if job.eta_seconds is not None:
        return job.eta_seconds
    if job.started_at is None:
        return math.inf
    return max(0.0, lasting(job, typical) - (now - job.started_at).total_seconds())


def seconds_held_back(job: JobView, now: datetime) -> float:
    """How long a job that lost its process is held back before it is tried again."""
    return max(0.0, (job.not_before - now).total_seconds()) if job.not_before else 0.0
