"""Jobs as a person sees them: list, watch, wait for, steer and retry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jobs.queue import EventView, JobView, MetricPoint, NewJob, NotPossibleNow, Queue, UnknownJob, WorkerView
from jobs.states import TERMINAL, JobState
from studio.errors import Conflict, NotFound, WorkFailed
from studio.records.models import ModelStore
from studio.services.times import format_time
from studio.services.waiting import expected_starts

LOOK_SECONDS = 1.0
AUDITED_JOBS, AUDITED_POINTS = 500, 100_000  # about a second

Tell = Callable[[JobView], None]


class JobService:
    """Every question and wish about jobs.

    ``run_worker`` runs one worker in this process until the given job has ended, and tells of the job
    meanwhile; it is used by ``wait`` where no worker is alive, so that a command alone finishes its work.
    """

    def __init__(self, queue: Queue, models: ModelStore, run_worker: Callable[[str, Tell], None]) -> None:
        self.queue = queue
        self._models = models
        self._run_worker = run_worker

    def submit(self, job: NewJob) -> JobView:
        """Queue a job; the same key twice gives the first job."""
        return self.queue.submit(job)

    def list(self, limit: int = 200) -> list[JobView]:
        """The newest jobs first."""
        return self.queue.jobs(limit=limit)

    def latest(self, kind: str, limit: int) -> list[JobView]:
        """The newest jobs of one kind first."""
        return self.queue.jobs(limit=limit, kinds=[kind])

    def unfinished(self) -> list[JobView]:
        """Every job that has not ended, newest first: what is in use, whatever came after."""
        return self.queue.unfinished()

    def board(self, ended: int = 200) -> list[JobView]:
        """Every job that has not ended and at least the newest ``ended`` of the others, newest first."""
        unfinished = self.unfinished()
        listed = self.list(limit=len(unfinished) + ended)
        # A job that ended between the two reads is in both: the later one counts.
        known = {job.id for job in listed}
        return [*listed, *(job for job in unfinished if job.id not in known)]

    def get(self, job_id: str) -> JobView:
        """One job; NotFound where there is none."""
        try:
            return self.queue.get(job_id)
        except UnknownJob as error:
            raise NotFound(
                f"There is no job '{job_id}'.",
                "The list of jobs shows those there are.",
                shell_hint="Print it with: python -m studio job list",
            ) from error

    def find_by_key(self, key: str) -> JobView | None:
        """The job that was queued with this key, or None."""
        return self.queue.find_by_key(key)

    def model_name(self, job: JobView) -> str | None:
        """The present name of the model that the job made, or None where there is none (any more)."""
        return self._models.names_of([job.id]).get(job.id) if job.kind == "train" else None

    def cancel(self, job_id: str) -> JobView:
        """Ask a job to end; Conflict where it has ended already."""
        job = self.get(job_id)
        if job.state in TERMINAL:
            raise Conflict(f"The job has already {ENDED_WORDS[job.state]}.", "Nothing is left to cancel.")
        return self.queue.cancel(job_id)

    def retry(self, job_id: str) -> JobView:
        """Queue the same work again as a new job; Conflict while the first has not ended."""
        job = self.get(job_id)
        if job.state not in TERMINAL:
            raise Conflict(
                "The job has not ended yet.", "Cancel it first, or wait until it has ended, then retry it."
            )
        return self.queue.retry(job_id)

    def pause(self, job_id: str) -> JobView:
        """Hold a waiting job back, have a training or a file keep what it has and leave its place.

        Conflict where it has ended, or could not go on from where it was.
        """
        return self._wish(job_id, self.queue.pause)

    def resume(self, job_id: str) -> JobView:
        """Queue a paused job again; Conflict where it is not paused."""
        job = self.get(job_id)
        if job.state not in {JobState.PAUSED, JobState.PAUSING} | TERMINAL:
            raise Conflict("The job is not paused.", "Nothing is left to resume.")
        return self._wish(job_id, self.queue.resume)

    def stop(self, job_id: str) -> JobView:
        """Have a training end early with the best model so far; Conflict where there is none to keep."""
        if self.get(job_id).kind != "train":
            raise Conflict("Only a training can be stopped early.", "Let it end, or cancel it.")
        return self._wish(job_id, self.queue.stop)

    def move_to(self, job_id: str, position: int) -> JobView:
        """Put a waiting job at a place of its lane, counted from 1."""
        self.get(job_id)
        return self.queue.move_to(job_id, position)

    def _wish(self, job_id: str, ask: Callable[[str], JobView]) -> JobView:
        job = self.get(job_id)
        if job.state in TERMINAL:
            raise Conflict(f"The job has already {ENDED_WORDS[job.state]}.", "Retry it to do its work again.")
        try:
            return ask(job_id)
        except NotPossibleNow as error:
            raise Conflict(error.message, error.hint) from error

    def set_priority(self, job_id: str, priority: int) -> JobView:
        """Jobs with a higher number start earlier; each point is worth an hour of waiting."""
        self.get(job_id)
        return self.queue.set_priority(job_id, priority)

    def log(self, job_id: str, max_bytes: int = 20_000) -> str:
        """The end of the job's log."""
        self.get(job_id)
        return self.queue.log_tail(job_id, max_bytes=max_bytes)

    def log_after(self, job_id: str, position: int) -> tuple[str, int]:
        """What the log gained since byte ``position``, and the position after it."""
        self.get(job_id)
        return self.queue.log_after(job_id, position)

    def metrics(self, job_id: str, max_points: int = 500) -> list[MetricPoint]:
        """Curves of the job, at most ``max_points`` a series."""
        self.get(job_id)
        return self.queue.metrics(job_id, max_points=max_points)

    def events_after(self, job_id: str, after: int = 0) -> list[EventView]:
        """What happened to the job since event number ``after``."""
        self.get(job_id)
        return self.queue.events_after(job_id, after)

    def history(self, job_id: str) -> list[EventView]:
        """Everything that happened to the job, the oldest first."""
        found = self.queue.events_after(job_id)
        while more := self.queue.events_after(job_id, found[-1].id if found else 0):
            found += more
        return found

    def revision(self) -> int:
        """A number that changes whenever anything about any job changes."""
        return self.queue.revision()

    def audit(self) -> tuple[int, list[str]]:
        """How many of the newest jobs were looked through, and what is wrong with their record."""
        return self.queue.audit(AUDITED_JOBS, AUDITED_POINTS)

    def workers(self) -> list[WorkerView]:
        """The workers that are known, alive or not."""
        return self.queue.workers()

    def wait(
        self, job_id: str, timeout_seconds: float | None = None, tell: Tell = lambda _job: None
    ) -> JobView:
        """Block until the job has ended, running a worker here where none is alive.

        ``tell`` is given the job as it stands, about every second; another thread may call it.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            if self.get(job_id).state not in TERMINAL and not any(worker.alive for worker in self.workers()):
                self._run_worker(job_id, tell)
            left = LOOK_SECONDS if deadline is None else max(0.0, deadline - time.monotonic())
            job = self.queue.wait(job_id, timeout_seconds=min(LOOK_SECONDS, left))
            tell(job)
            if job.state in TERMINAL or (deadline is not None and time.monotonic() >= deadline):
                return job

    def wait_for_success(self, job_id: str) -> JobView:
        """As ``wait``, and WorkFailed with the job's own message where it did not succeed."""
        job = self.wait(job_id)
        if job.state == JobState.SUCCEEDED:
            return job
        if job.error is not None:
            raise WorkFailed(job.error.message, job.error.hint)
        raise WorkFailed(
            "The job was cancelled.",
            "Retry it to do its work again.",
            shell_hint=f"Do it with: python -m studio job retry {job.id}",
        )

    def starts(self, board: Sequence[JobView] | None = None) -> dict[str, float]:
        """Seconds until each waiting job starts, by its id, as far as that is known.

        ``board`` spares a read where it was read already. Nothing is known while no worker may start any.
        """
        if not any(worker.alive and worker.stats.get("has_room", True) for worker in self.workers()):
            return {}
        return expected_starts(self.board() if board is None else board, datetime.now(UTC))

    def to_json(self, job: JobView) -> dict[str, Any]:
        """The job's shape that commands and the API print."""
        return self.all_to_json([job])[0]

    def all_to_json(self, listed: Iterable[JobView]) -> list[dict[str, Any]]:
        """As ``to_json``, for a list of jobs."""
        shown = [*listed]
        starts = self.starts() if any(job.state == JobState.QUEUED for job in shown) else {}
        names = self._models.names_of([job.id for job in shown if job.kind == "train"])
        return [job_to_json(job, names.get(job.id), starts) for job in shown]


ENDED_WORDS = {
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "been cancelled",
}


def job_to_json(job: JobView, model: str | None, starts: Mapping[str, float]) -> dict[str, Any]:
    """The job's shape that commands and the API print.

    ``model`` is the name of what it made, ``starts`` the seconds until waiting jobs start, by their ids.
    """
    starts_in = starts.get(job.id)
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "state": str(job.state),
        "progress": {
            "fraction": job.fraction,
            "step": job.step,
            "steps": job.steps,
            "eta_seconds": job.eta_seconds,
            "message": job.message,
        },
        "attempt": job.attempt,
        "attempts_allowed": job.attempts_allowed,
        "priority": job.priority,
        "position": job.position,
        "starts_in_seconds": None if starts_in is None else round(starts_in, 1),
        "created_at": format_time(job.created_at),
        "started_at": format_time(job.started_at),
        "finished_at": format_time(job.finished_at),
        "heartbeat_at": format_time(job.heartbeat_at),
        "worker": job.worker,
        "error": None
        if job.error is None
        else {"message": job.error.message, "hint": job.error.hint, "code": job.error.code},
        "model": model,
        "dataset": job.payload.get("dataset"),
        "recipe": job.payload.get("recipe"),
        "retry_of": job.retry_of,
        "owner": job.owner or None,
        "device": job.slot.rpartition("/")[2] if job.slot else None,
        "stop_asked": job.stop_asked,
    }


def event_to_json(event: EventView) -> dict[str, Any]:
    """One event of a job's history."""
    return {"id": event.id, "at": format_time(event.at), "kind": event.kind, "data": event.data}
