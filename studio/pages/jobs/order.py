"""Moving a waiting job up and down: which jobs need which priority for the new order."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.queue import JobView
from jobs.states import JobState


def waiting_in_lane(jobs: Sequence[JobView], lane: str) -> list[JobView]:
    """The waiting jobs of one lane, the next one first."""
    waiting = [job for job in jobs if job.lane == lane and job.state == JobState.QUEUED]
    return sorted(waiting, key=lambda job: job.position or 0)


def priorities_after_move(waiting: Sequence[JobView], job_id: str, step: int) -> dict[str, int]:
    """New priorities, by id, that put a job ``step`` places later (-1: one earlier); only those that change.

    Of two jobs with the same priority the one queued first goes first.
    """
    order = list(waiting)
    index = next((place for place, job in enumerate(order) if job.id == job_id), None)
    if index is None or not 0 <= index + step < len(order):
        return {}
    order.insert(index + step, order.pop(index))
    wanted: dict[str, int] = {}
    for place in range(len(order) - 2, -1, -1):
        job, after = order[place], order[place + 1]
        least = wanted.get(after.id, after.priority) + (0 if queued_before(job, after) else 1)
        if job.priority < least:
            wanted[job.id] = least
    return wanted


def queued_before(one: JobView, other: JobView) -> bool:
    """Whether one job was certainly queued before another."""
    return one.created_at < other.created_at
