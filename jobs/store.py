"""What the database knows of jobs and their moves, as verbs; every runner's write is fenced."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, false, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from jobs.database import write
from jobs.leases import Leases
from jobs.listing import IN_ORDER, read_job, read_jobs, read_unfinished
from jobs.moves import (
    LONGEST_BACKOFF_SECONDS,
    SLOT_LEFT,
    Loss,
    Move,
    add_event,
    apply_move,
    bump_revision,
    give_up,
    pause,
    put_back,
)
from jobs.roster import Roster
from jobs.states import ACTIVE_VALUES, TERMINAL_VALUES, JobState
from jobs.tables import is_held, jobs
from jobs.telemetry import Telemetry
from jobs.views import Assignment, Claim, JobFailure, JobView, NewJob, Standing
from jobs.wishes import Wishes, rank_of

Publish = Callable[[Connection], None]


class Store:
    """The jobs of one database; ``clock`` gives seconds since 1970."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self.engine = engine
        self.clock = clock
        self.wishes = Wishes(engine, clock)
        self.leases = Leases(engine, clock)
        self.telemetry = Telemetry(engine, clock)
        self.roster = Roster(engine, clock)

    # Asked for by people -------------------------------------------------------------------------

    def add(self, new: NewJob) -> JobView:
        """Queue a job; where its key is known, or what it retries is being retried already, give that one."""
        job_id = uuid.uuid4().hex[:12]

        def work(connection: Connection) -> str:
            known = connection.scalar(select_same(new))
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

    # Asked for by workers ------------------------------------------------------------------------

    def claim_next(
        self,
        worker: str,
        lane: str,
        lease_seconds: float,
        slots: Sequence[str] = (),
        owner_limit: int = 0,
    ) -> Claim | None:
        """Take the next waiting job of a lane under a new fence; None where none may start.

        It gets the first of ``slots`` that no running job has, and none starts where all are taken; without
        ``slots`` there is no such limit. ``owner_limit``: jobs of one owner that run at once (0: any).
        """
        query = WAITING_WITHIN_LIMITS if owner_limit else WAITING
        with self.engine.connect() as connection:
            if connection.scalar(query, self.waiting_values(lane, owner_limit)) is None:
                return None  # an idle worker takes no write lock

        def work(connection: Connection) -> Claim | None:
            bump_revision(connection)  # first, as it lets only one claim at a time look around
            free = free_slots(connection, slots) if slots else []
            next_one = connection.execute(query, self.waiting_values(lane, owner_limit)).one_or_none()
            if next_one is None or (slots and not free):
                return None
            now = self.clock()
            changes = {
                "worker": worker,
                "slot": free[0] if slots else None,
                "fence": next_one.fence + 1,
                "attempt": next_one.attempt + 1,
                "lease_until": now + lease_seconds,
                "heartbeat_at": now,
                "started_at": now,
                "not_before": None,
                "told": 0,
                "fraction": None,
                "step": None,
                "steps": None,
                "message": "",
            }
            move = Move(
                next_one.id, JobState.QUEUED, JobState.RUNNING, "Claimed by a worker.", changes=changes
            )
            row = apply_move(connection, move, now)
            if row is None:
                return None
            return Claim(row.id, row.fence, row.attempt, lane, row.slot or "", row.handler)

        return write(self.engine, work)

    def waiting_values(self, lane: str, owner_limit: int) -> dict[str, Any]:
        """What the question for the next waiting job is asked with."""
        now = self.clock()
        return {
            "lane": lane,
            "now": now,
            "too_far": now + LONGEST_BACKOFF_SECONDS,
            "owner_limit": owner_limit,
        }

    def waiting(self, lanes: Iterable[str]) -> int:
        """How many jobs of these lanes wait."""
        query = select(func.count()).where(
            jobs.c.state == JobState.QUEUED.value, jobs.c.lane.in_(list(lanes))
        )
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def standing(self, job_id: str, fence: int) -> Standing | None:
        """Where a job stands, or None where ``fence`` is no longer its fence."""
        query = select(jobs.c.state, jobs.c.stop_asked, jobs.c.told, jobs.c.step)
        with self.engine.connect() as connection:
            row = connection.execute(query.where(jobs.c.id == job_id, jobs.c.fence == fence)).one_or_none()
        return None if row is None else Standing(JobState(row.state), row.stop_asked, row.told, row.step)

    def lose(self, claim: Claim, loss: Loss) -> bool:
        """Record that a child ended without a result: again while attempts are left, else failed.

        False where the job had ended already, or is another's.
        """
        return self.settle(claim, lambda connection, row: give_up(connection, row, loss, self.clock()))

    def release(self, claim: Claim, reason: str) -> bool:
        """Put a job back without counting the attempt, because its worker ends in good order."""

        def work(connection: Connection, row: Row[Any]) -> bool:
            if row.state == JobState.RUNNING.value:
                return put_back(connection, row, reason, self.clock(), {"attempt": row.attempt - 1})
            return give_up(connection, row, Loss(reason), self.clock())

        return self.settle(claim, work)

    def reclaim(self, claims: Iterable[Claim], reason: str) -> list[str]:
        """Settle jobs whose worker is lost; the ids of those that still were are returned."""
        return [claim.job_id for claim in claims if self.lose(claim, Loss(reason, stray=True))]

    def settle(self, claim: Claim, work: Callable[[Connection, Row[Any]], bool]) -> bool:
        """Do something with the row of a job that is held under a claim; False where it is not."""
        if self.assignment(claim.job_id, claim.fence) is None:
            return False  # as at the end of nearly every child: no write lock is taken for that

        def find_and_work(connection: Connection) -> bool:
            held = is_held(claim.job_id, claim.fence)
            row = connection.execute(select(jobs).where(*held).with_for_update()).one_or_none()
            return row is not None and work(connection, row)

        return write(self.engine, find_and_work)

    def note(self, job_id: str, fence: int, sentence: str) -> bool:
        """Write a sentence into the history of a job, ended or not; False under an old fence."""

        def work(connection: Connection) -> bool:
            known = select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.fence == fence).with_for_update()
            if connection.scalar(known) is None:
                return False
            add_event(connection, job_id, "note", {"reason": sentence, "fence": fence}, self.clock())
            return True

        return write(self.engine, work)

    # Asked for by the child that runs the job ------------------------------------------------------

    def assignment(self, job_id: str, fence: int) -> Assignment | None:
        """What to run under ``fence``; None where the job is not held under it."""
        with self.engine.connect() as connection:
            row = connection.execute(select(jobs).where(*is_held(job_id, fence))).one_or_none()
        return None if row is None else Assignment(row.id, row.attempt, row.kills, row.handler, row.payload)

    def finish(self, job_id: str, fence: int, result: dict[str, Any], publish: Publish | None = None) -> bool:
        """Record success, and run ``publish`` in the same transaction; False, and nothing written,
        where the fence is old or a cancel was asked for before.
        """

        def work(connection: Connection) -> bool:
            now = self.clock()
            changes = SLOT_LEFT | {"finished_at": now, "fraction": 1.0, "result": result}
            for source in (JobState.RUNNING, JobState.PAUSING):
                move = Move(job_id, source, JobState.SUCCEEDED, "Done.", fence, changes=changes)
                if apply_move(connection, move, now) is not None:
                    if publish is not None:
                        publish(connection)
                    return True
            return False

        return write(self.engine, work)

    def fail(self, job_id: str, fence: int, failure: JobFailure) -> bool:
        """Record that the work itself failed, which another attempt would not change."""
        loss = Loss(failure.message, failure)
        return self.settle(
            Claim(job_id, fence, 0, "", ""),
            lambda connection, row: give_up(connection, row, loss, self.clock()),
        )

    def confirm_cancel(self, job_id: str, fence: int) -> bool:
        """Record that a job which was asked to stop has stopped."""

        def work(connection: Connection) -> bool:
            now = self.clock()
            changes = SLOT_LEFT | {"finished_at": now}
            move = Move(
                job_id, JobState.CANCELLING, JobState.CANCELLED, "Stopped on request.", fence, changes=changes
            )
            return apply_move(connection, move, now) is not None

        return write(self.engine, work)

    def confirm_pause(self, job_id: str, fence: int, reason: str | None = None) -> bool:
        """Record that a job which was asked to pause has done so; with ``reason``, also one that was not."""

        def work(connection: Connection) -> bool:
            now = self.clock()
            row = connection.execute(
                select(jobs).where(*is_held(job_id, fence)).with_for_update()
            ).one_or_none()
            if row is not None and row.state == JobState.RUNNING.value and reason:
                row = apply_move(
                    connection, Move(job_id, JobState.RUNNING, JobState.PAUSING, reason, fence), now
                )
            if row is None or row.state != JobState.PAUSING.value:
                return False
            return pause(connection, row, now)

        return write(self.engine, work)


def select_same(new: NewJob) -> Any:
    """The id of the job that a new one would double, if there is one."""
    same = false() if new.key is None else jobs.c.submit_key == new.key
    if new.retry_of is not None:
        same = or_(same, (jobs.c.retry_of == new.retry_of) & jobs.c.state.not_in(TERMINAL_VALUES))
    return select(jobs.c.id).where(same).limit(1)


def free_slots(connection: Connection, slots: Sequence[str]) -> list[str]:
    """Those of ``slots`` that no job has, in their order."""
    taken = set(connection.scalars(TAKEN, {"slots": list(slots)}))
    return [slot for slot in slots if slot not in taken]


def select_waiting(within_limits: bool) -> Any:
    """Id, fence and attempt of the next job of a lane that may start now; ``within_limits``: an owner may
    have too many.
    """
    # A time too far ahead was written before the clock was set back: it is over.
    ready = or_(
        jobs.c.not_before.is_(None),
        jobs.c.not_before <= bindparam("now"),
        jobs.c.not_before > bindparam("too_far"),
    )
    waiting = select(jobs.c.id, jobs.c.fence, jobs.c.attempt).where(
        jobs.c.state == JobState.QUEUED.value, jobs.c.lane == bindparam("lane"), ready
    )
    if within_limits:
        others = jobs.alias("others")
        running = (
            select(func.count())
            .where(others.c.owner == jobs.c.owner, others.c.state.in_(ACTIVE_VALUES))
            .scalar_subquery()
        )
        waiting = waiting.where(or_(jobs.c.owner == "", running < bindparam("owner_limit")))
    return waiting.order_by(*IN_ORDER).limit(1).with_for_update(skip_locked=True)


# Workers ask these all the time: built once, they take half as long.
WAITING = select_waiting(within_limits=False)
WAITING_WITHIN_LIMITS = select_waiting(within_limits=True)
TAKEN = select(jobs.c.slot).where(jobs.c.slot.in_(bindparam("slots", expanding=True)))


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
        "owner": new.owner,
        "resumable": new.resumable,
        "priority": new.priority,
        "rank": rank_of(now, new.priority),
        "state": JobState.QUEUED.value,
        "attempt": 0,
        "attempts_allowed": new.attempts_allowed,
        "kills": 0,
        "strays": 0,
        "fence": 0,
        "told": 0,
        "stop_asked": False,
        "message": "",
        "retry_of": new.retry_of,
        "created_at": now,
    }
