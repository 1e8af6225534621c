"""The states a job can be in, and the moves between them."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands; each state carries the sentence a person reads."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return SENTENCES[self]


SENTENCES: dict[JobState, str] = {
    JobState.QUEUED: "Waiting for its turn.",
    JobState.RUNNING: "Being worked on.",
    JobState.PAUSING: "Asked to pause; it keeps what it has done and leaves its device within seconds.",
    JobState.PAUSED: "Paused; it goes on from where it was once it is resumed.",
    JobState.CANCELLING: "Asked to stop; it ends within seconds.",
    JobState.SUCCEEDED: "Done.",
    JobState.FAILED: "Ended without success; the reason is shown with it.",
    JobState.CANCELLED: "Stopped on request.",
}

ALLOWED: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.PAUSED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.QUEUED, JobState.PAUSING, JobState.CANCELLING, JobState.SUCCEEDED, JobState.FAILED}
    ),
    JobState.PAUSING: frozenset({JobState.PAUSED, JobState.CANCELLING, JobState.SUCCEEDED, JobState.FAILED}),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
    JobState.CANCELLING: frozenset({JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}

TERMINAL = frozenset(state for state, targets in ALLOWED.items() if not targets)
ACTIVE = frozenset({JobState.RUNNING, JobState.PAUSING, JobState.CANCELLING})
TERMINAL_VALUES = sorted(state.value for state in TERMINAL)
ACTIVE_VALUES = sorted(state.value for state in ACTIVE)


def is_allowed(source: JobState, target: JobState) -> bool:
    """Whether a job may go from ``source`` to ``target``.

    >>> is_allowed(JobState.QUEUED, JobState.RUNNING), is_allowed(JobState.FAILED, JobState.QUEUED)
    (True, False)
    """
    return target in ALLOWED[source]
