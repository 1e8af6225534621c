"""What the database knows of jobs and their moves, as verbs; every runner's write is fenced."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from jobs.database import write
from jobs.listing import read_job, read_jobs, read_unfinished
from jobs.moves import Move, add_event, apply_move, give_up, put_back
from jobs.roster import Roster
from jobs.states import ACTIVE, TERMINAL, JobState
from jobs.tables import jobs, workers
from jobs.telemetry import Telemetry
from jobs.views import Assignment, Claim, JobFailure, JobView, NewJob

Publish = Callable[[Connection], None]
ACTIVE_VALUES = sorted(state.value for state in ACTIVE)
TERMINAL_VALUES = sorted(state.value for state in TERMINAL)


class Store:
    """The jobs of one database; ``clock`` gives seconds since 1970."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self.engine = engine
        self.clock = clock
        self.telemetry = Telemetry(engine, clock)
        self.roster = Roster(engine, clock)

    # Asked for by people -------------------------------------------------------------------------

    def add(self, new: NewJob) -> JobView:
        """Queue a job; where its key is known already, give the job that has it."""
        job_id = uuid.uuid4().hex[:12]

        def work(connection: Connection) -> str:
            if new.key is not None:
                known = connection.scalar(select(jobs.c.id).where(jobs.c.submit_key == new.key))
                if known is not None:
                    return known
            now = self.clock()
            connection.execute(insert(jobs).values(new_row(job_id, new, now)))
            data = {"from": None, "to": JobState.QUEUED.value, "reason": "Submitted."}
            add_event(connection, job_id, "state", data, now)
            return job_id

        try:
            return self.get(write(self.engine, work))
        except IntegrityError:
            # Two processes submitted the same key at the same moment; the other's row is there now.
            if new.key is None:
                raise
            return self.get(write(self.engine, work))

    def get(self, job_id: str) -> JobView:
        """One job as it stands. Raises UnknownJob."""
        with self.engine.connect() as connection:
            return read_job(connection, job_id)

    def find_by_key(self, key: str) -> JobView | None:
        """The job that was submitted with this key, or None."""
        with self.engine.connect() as connection:
            job_id = connection.scalar(select(jobs.c.id).where(jobs.c.submit_key == key))
            return None if job_id is None else read_job(connection, job_id)

    def list_jobs(self, limit: int = 200, kinds: Iterable[str] | None = None) -> list[JobView]:
        """The newest jobs first."""
        with self.engine.connect() as connection:
            return read_jobs(connection, limit, kinds)

    def list_unfinished(self) -> list[JobView]:
        """Every job that has not ended, the newest first."""
        with self.engine.connect() as connection:
            return read_unfinished(connection)

    def set_priority(self, job_id: str, priority: int) -> JobView:
        """Let a job go before others with a lower number; an ended job stays as it is."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state.not_in(TERMINAL_VALUES))
                .values(priority=priority)
            )
            if changed.rowcount:
                add_event(connection, job_id, "priority", {"priority": priority}, self.clock())

        write(self.engine, work)
        return self.get(job_id)

    def request_cancel(self, job_id: str) -> JobView:
        """End a waiting job at once and ask a running one to stop; an ended job stays as it is."""

        def work(connection: Connection) -> None:
            now = self.clock()
            waiting = Move(
                job_id,
                JobState.QUEUED,
                JobState.CANCELLED,
                "Cancelled before it started.",
                changes={"finished_at": now, "message": ""},
            )
            running = Move(job_id, JobState.RUNNING, JobState.CANCELLING, "Cancel was asked for.")
            _ = apply_move(connection, waiting, now) or apply_move(connection, running, now)

        write(self.engine, work)
        return self.get(job_id)

    # Asked for by workers ------------------------------------------------------------------------

    def claim_next(self, worker: str, lane: str, lease_seconds: float) -> Claim | None:
        """Take the next waiting job of a lane under a new fence; None where none waits."""
        waiting = (
            select(jobs.c.id)
            .where(jobs.c.state == JobState.QUEUED.value, jobs.c.lane == lane)
            .order_by(jobs.c.priority.desc(), jobs.c.number)
            .limit(1)
        )
        with self.engine.connect() as connection:
            if connection.scalar(waiting) is None:
                return None  # an idle worker takes no write lock

        def work(connection: Connection) -> Claim | None:
            job_id = connection.scalar(waiting.with_for_update(skip_locked=True))
            if job_id is None:
                return None
            now = self.clock()
            changes = {
                "worker": worker,
                "fence": jobs.c.fence + 1,
                "attempt": jobs.c.attempt + 1,
                "lease_until": now + lease_seconds,
                "heartbeat_at": now,
                "started_at": now,
                "message": "",
            }
            move = Move(job_id, JobState.QUEUED, JobState.RUNNING, "Claimed by a worker.", changes=changes)
            row = apply_move(connection, move, now)
            return None if row is None else Claim(job_id, row.fence, row.attempt, lane)

        return write(self.engine, work)

    def waiting(self, lanes: Iterable[str]) -> int:
        """How many jobs of these lanes wait."""
        query = select(func.count()).where(
            jobs.c.state == JobState.QUEUED.value, jobs.c.lane.in_(list(lanes))
        )
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def beat(self, worker: str, claims: Iterable[Claim], lease_seconds: float) -> set[str]:
        """Renew the leases of ``claims``; the ids of the jobs that are still held are returned.

        Waits no longer than a third of the lease for a busy database.
        """

        def work(connection: Connection) -> set[str]:
            now = self.clock()
            connection.execute(update(workers).where(workers.c.id == worker).values(seen_at=now))
            held = set()
            for claim in claims:
                renewed = connection.execute(
                    update(jobs)
                    .where(*is_held(claim.job_id, claim.fence))
                    .values(heartbeat_at=now, lease_until=now + lease_seconds)
                )
                if renewed.rowcount:
                    held.add(claim.job_id)
            return held

        return write(self.engine, work, patience_seconds=lease_seconds / 3)

    def state_under(self, job_id: str, fence: int) -> JobState | None:
        """The state of a job, or None where ``fence`` is no longer its fence."""
        with self.engine.connect() as connection:
            found = connection.scalar(select(jobs.c.state).where(jobs.c.id == job_id, jobs.c.fence == fence))
        return None if found is None else JobState(found)

    def lose(self, claim: Claim, reason: str, *, failure: JobFailure | None = None) -> bool:
        """Record that a child ended without a result: again while attempts are left, else failed.

        With ``failure`` it fails at once. False where the job had ended already, or is another's.
        """

        def work(connection: Connection) -> bool:
            row = connection.execute(
                select(jobs).where(*is_held(claim.job_id, claim.fence)).with_for_update()
            ).one_or_none()
            return row is not None and give_up(connection, row, reason, self.clock(), failure)

        return write(self.engine, work)

    def release(self, claim: Claim, reason: str) -> bool:
        """Put a job back without counting the attempt, because its worker ends in good order."""

        def work(connection: Connection) -> bool:
            row = connection.execute(
                select(jobs).where(*is_held(claim.job_id, claim.fence)).with_for_update()
            ).one_or_none()
            if row is None:
                return False
            now = self.clock()
            if row.state == JobState.CANCELLING.value:
                return give_up(connection, row, reason, now, None)
            return put_back(connection, row, reason, now, attempt=row.attempt - 1)

        return write(self.engine, work)

    def reclaim_stalled(self) -> int:
        """Settle every job whose worker has not renewed its lease; returns how many there were."""
        stalled = select(jobs).where(jobs.c.state.in_(ACTIVE_VALUES), jobs.c.lease_until < self.clock())
        with self.engine.connect() as connection:
            if connection.execute(stalled.limit(1)).first() is None:
                return 0

        def work(connection: Connection) -> int:
            rows = connection.execute(stalled.with_for_update(skip_locked=True)).all()
            reason = "The worker that ran this job stopped answering."
            return sum(give_up(connection, row, reason, self.clock(), None) for row in rows)

        return write(self.engine, work)

    # Asked for by the child that runs the job ------------------------------------------------------

    def assignment(self, job_id: str, fence: int) -> Assignment | None:
        """What to run under ``fence``; None where the job is not held under it."""
        with self.engine.connect() as connection:
            row = connection.execute(select(jobs).where(*is_held(job_id, fence))).one_or_none()
        return None if row is None else Assignment(row.id, row.attempt, row.handler, row.payload)

    def finish(self, job_id: str, fence: int, result: dict[str, Any], publish: Publish | None = None) -> bool:
        """Record success, and run ``publish`` in the same transaction; False, and nothing written,
        where the fence is old or a cancel was asked for before.
        """

        def work(connection: Connection) -> bool:
            now = self.clock()
            changes = {
                "finished_at": now,
                "lease_until": None,
                "fraction": 1.0,
                "eta_seconds": None,
                "result": result,
            }
            move = Move(job_id, JobState.RUNNING, JobState.SUCCEEDED, "Done.", fence, changes=changes)
            if apply_move(connection, move, now) is None:
                return False
            if publish is not None:
                publish(connection)
            return True

        return write(self.engine, work)

    def fail(self, job_id: str, fence: int, failure: JobFailure) -> bool:
        """Record that the work itself failed, which another attempt would not change."""

        def work(connection: Connection) -> bool:
            row = connection.execute(
                select(jobs).where(*is_held(job_id, fence)).with_for_update()
            ).one_or_none()
            return row is not None and give_up(connection, row, failure.message, self.clock(), failure)

        return write(self.engine, work)

    def confirm_cancel(self, job_id: str, fence: int) -> bool:
        """Record that a job which was asked to stop has stopped."""

        def work(connection: Connection) -> bool:
            now = self.clock()
            changes = {"finished_at": now, "lease_until": None, "eta_seconds": None}
            move = Move(
                job_id, JobState.CANCELLING, JobState.CANCELLED, "Stopped on request.", fence, changes=changes
            )
            return apply_move(connection, move, now) is not None

        return write(self.engine, work)


def new_row(job_id: str, new: NewJob, now: float) -> dict[str, Any]:
    """The first row of a job."""
    return {
        "id": job_id,
        "submit_key": new.key,
        "kind": new.kind,
        "handler": new.handler,
        "lane": new.lane,
        "title": new.title,
        "payload": new.payload,
        "priority": new.priority,
        "state": JobState.QUEUED.value,
        "attempt": 0,
        "attempts_allowed": new.attempts_allowed,
        "fence": 0,
        "message": "",
        "retry_of": new.retry_of,
        "created_at": now,
    }


def is_held(job_id: str, fence: int) -> tuple[Any, ...]:
    """The clause that stands under every runner's write."""
    return jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_(ACTIVE_VALUES)
