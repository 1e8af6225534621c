"""How trainings here went beside what was estimated, which corrects the next estimate."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from jobs.queue import JobView
from jobs.states import JobState

TRAININGS = 9
# Further off than this it is not the machine: it slept, or the training shared it with something large.
LEAST, MOST = 0.2, 5.0
WORTH_A_WORD = 1.3


def pace_of(jobs: Sequence[JobView]) -> float:
    """Seconds taken for each one estimated (``estimated_seconds`` of the payload); ``jobs``: newest first.

    The median of the last trainings that ran through, and of 1, so that a single one while the machine did
    other things counts half.
    """
    ratios = [ratio for job in jobs if (ratio := ratio_of(job)) is not None]
    return min(MOST, max(LEAST, statistics.median([1.0, *ratios[:TRAININGS]])))


def notes_on_pace(pace: float) -> list[str]:
    """That an estimate was corrected, where that is more than a detail.

    >>> notes_on_pace(2.26), notes_on_pace(1.1)
    (['The time allows for the last trainings here, which took 2.3 times what was estimated.'], [])
    """
    if WORTH_A_WORD > pace > 1 / WORTH_A_WORD:
        return []
    return [f"The time allows for the last trainings here, which took {pace:.2g} times what was estimated."]


def ratio_of(job: JobView) -> float | None:
    """Seconds a training took for each one estimated; None where it did not run through in one go."""
    estimated = job.payload.get("estimated_seconds")
    ran_through = job.state is JobState.SUCCEEDED and job.fence == 1 and job.step == job.steps
    if job.kind != "train" or not ran_through or not estimated or not job.started_at or not job.finished_at:
        return None
    return (job.finished_at - job.started_at).total_seconds() / estimated
