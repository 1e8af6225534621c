"""The order of the waiting jobs."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.queue import JobView
from jobs.states import JobState


def waiting_in_lane(jobs: Sequence[JobView], lane: str) -> list[JobView]:
    """The waiting jobs of one lane, the next one first."""
    waiting = [job for job in jobs if job.lane == lane and job.state == JobState.QUEUED]
    return sorted(waiting, key=lambda job: job.position or 0)
