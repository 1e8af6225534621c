"""The queue as the rest of the program calls it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from jobs.audit import audit, read_records
from jobs.errors import JobNotEnded, NotPossibleNow, UnknownJob
from jobs.logs import LOG_NAME, read_after, read_tail
from jobs.states import TERMINAL
from jobs.store import Store
from jobs.views import EventView, JobFailure, JobView, MetricPoint, NewJob, WorkerView

__all__ = [
    "EventView",
    "JobFailure",
    "JobNotEnded",
    "JobView",
    "MetricPoint",
    "NewJob",
    "NotPossibleNow",
    "Queue",
    "UnknownJob",
    "WorkerView",
]


class Queue:
    """Jobs of one database, with their work folders under ``jobs_dir``."""

    def __init__(self, store: Store, jobs_dir: Path) -> None:
        self.store = store
        self.jobs_dir = Path(jobs_dir)

    def submit(self, request: NewJob) -> JobView:
        """Queue a job; the same ``key`` twice gives the first job again."""
        return self.store.add(request)

    def get(self, job_id: str) -> JobView:
        """One job as it stands. Raises UnknownJob."""
        return self.store.get(job_id)

    def find_by_key(self, key: str) -> JobView | None:
        """The job that was submitted with this key, or None."""
        return self.store.find_by_key(key)

    def jobs(self, limit: int = 200, kinds: Iterable[str] | None = None) -> list[JobView]:
        """The newest jobs first, of all kinds or of some."""
        return self.store.list_jobs(limit, kinds)

    def unfinished(self) -> list[JobView]:
        """Every job that has not ended, the newest first."""
        return self.store.list_unfinished()

    def cancel(self, job_id: str) -> JobView:
        """End a waiting or paused job at once, ask a running one to stop; an ended one stays as it is."""
        self.store.wishes.cancel(job_id)
        return self.get(job_id)

    def pause(self, job_id: str) -> JobView:
        """Hold a waiting job back, have a running one keep what it has and leave its place.

        An ended one stays as it is. Raises NotPossibleNow for one that could not go on from where it was.
        """
        self.store.wishes.pause(job_id, "Paused on request.")
        return self.get(job_id)

    def resume(self, job_id: str) -> JobView:
        """Queue a paused job again, at the place it had. Raises NotPossibleNow while it is still pausing."""
        self.store.wishes.resume(job_id)
        return self.get(job_id)

    def stop(self, job_id: str) -> JobView:
        """Have a job end early as a success with the best it has so far.

        Raises NotPossibleNow where it has nothing to keep, or no way to.
        """
        self.store.wishes.stop(job_id)
        return self.get(job_id)

    def retry(self, job_id: str) -> JobView:
        """Queue the same work as a new job; while that has not ended, another retry gives it again.

        Raises JobNotEnded while the first still waits or runs.
        """
        old = self.store.get(job_id)
        if old.state not in TERMINAL:
            raise JobNotEnded(
                f"This job has not ended yet: it is {old.state.value}.",
                "Cancel it first, or wait for its end.",
            )
        return self.store.add(
            NewJob(
                kind=old.kind,
                handler=old.handler,
                payload=old.payload,
                lane=old.lane,
                title=old.title,
                priority=old.priority,
                attempts_allowed=old.attempts_allowed - old.strays,
                retry_of=old.id,
                owner=old.owner,
                resumable=old.resumable,
            )
        )

    def set_priority(self, job_id: str, priority: int) -> JobView:
        """Let a job go before those with a lower number; each point is worth an hour of waiting."""
        self.store.wishes.set_priority(job_id, priority)
        return self.get(job_id)

    def move_to(self, job_id: str, position: int) -> JobView:
        """Put a waiting job at a place of its lane, counted from 1."""
        self.store.wishes.move_to(job_id, position)
        return self.get(job_id)

    def events_after(self, job_id: str, after: int = 0, limit: int = 500) -> list[EventView]:
        """What happened to a job since the event with id ``after``, the oldest first."""
        return self.store.telemetry.events_after(job_id, after, limit)

    def metrics(self, job_id: str, max_points: int = 500) -> list[MetricPoint]:
        """The measured points of a job, at most ``max_points`` for each series."""
        return self.store.telemetry.metrics(job_id, max_points)

    def revision(self) -> int:
        """A number that grows whenever a job, a metric or an event changes (heartbeats aside)."""
        return self.store.telemetry.revision()

    def workers(self) -> list[WorkerView]:
        """All workers seen in the last day, the newest first."""
        return self.store.roster.workers()

    def audit(self, newest: int, most_points: int) -> tuple[int, list[str]]:
        """How many of the newest jobs were looked through, and each promise that their record breaks."""
        records = read_records(self.store.engine, newest, most_points)
        return len(records), [sentence for record in records for sentence in audit(record)]

    def log_path(self, job_id: str) -> Path:
        """Where the output of a job's processes is kept. Raises UnknownJob."""
        return self.jobs_dir / self.store.get(job_id).id / LOG_NAME

    def log_tail(self, job_id: str, max_bytes: int = 20000) -> str:
        """The last whole lines of a job's log; empty before it has started. Raises UnknownJob."""
        return read_tail(self.log_path(job_id), max_bytes)

    def log_after(self, job_id: str, position: int) -> tuple[str, int]:
        """What the log gained since ``position``, and the position after it. Raises UnknownJob."""
        return read_after(self.log_path(job_id), position)

    def wait(self, job_id: str, timeout_seconds: float | None = None, poll_seconds: float = 0.3) -> JobView:
        """Wait for the end of a job; after ``timeout_seconds`` it is given as it then stands."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            job = self.store.get(job_id)
            if job.state in TERMINAL or (deadline is not None and time.monotonic() >= deadline):
                return job
            time.sleep(poll_seconds)
