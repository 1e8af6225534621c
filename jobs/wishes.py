"""What people ask of jobs that are there already: cancel, pause, resume, stop early, another order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, select, update

from jobs.database import write
from jobs.errors import NotPossibleNow, UnknownJob
from jobs.listing import IN_ORDER
from jobs.moves import Move, add_event, apply_move
from jobs.states import TERMINAL_VALUES, JobState
from jobs.tables import jobs, metrics

PRIORITY_SECONDS = 3600.0  # a point of priority is worth so much waiting, so that nothing waits for ever
SMALLEST_GAP = 0.001  # seconds between the ranks of neighbours


def rank_of(created_at: float, priority: int) -> float:
    """Where a job stands in its lane; the lowest goes first.

    It never changes by itself, and yet nothing starves: a job overtakes only those that were queued less
    than an hour earlier for each point that its priority is higher.

    >>> rank_of(7200.0, 1) < rank_of(4000.0, 0) < rank_of(7200.0, 0)
    True
    """
    return created_at - PRIORITY_SECONDS * priority


class Wishes:
    """The wishes about the jobs of one database; each is safe to repeat."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.clock = clock

    def set_priority(self, job_id: str, priority: int) -> None:
        """Let a job go before others with a lower number; an ended job stays as it is."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state.not_in(TERMINAL_VALUES))
                .values(priority=priority, rank=jobs.c.created_at - PRIORITY_SECONDS * priority)
            )
            if changed.rowcount:
                add_event(connection, job_id, "priority", {"priority": priority}, self.clock())

        write(self.engine, work)

    def move_to(self, job_id: str, position: int) -> None:
        """Put a waiting job at a place of its lane, counted from 1; those between move on by one.

        Beyond the end is the end. A job that does not wait stays as it is.
        """

        def work(connection: Connection) -> None:
            lane = connection.scalar(
                select(jobs.c.lane).where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED.value)
            )
            if lane is None:
                return
            waiting = connection.execute(
                select(jobs.c.id, jobs.c.rank)
                .where(jobs.c.lane == lane, jobs.c.state == JobState.QUEUED.value)
                .order_by(*IN_ORDER)
                .with_for_update()
            ).all()
            for moved, rank in ranks_after_move(waiting, job_id, position).items():
                connection.execute(update(jobs).where(jobs.c.id == moved).values(rank=rank))
            add_event(connection, job_id, "order", {"position": position}, self.clock())

        write(self.engine, work)

    def cancel(self, job_id: str) -> None:
        """End a job that waits or is paused at once, and ask a running one to stop."""

        def work(connection: Connection) -> None:
            read_row(connection, job_id)  # locked, so that it does not move on between the moves below
            ended = {"finished_at": self.clock(), "message": ""}
            self.first_of(
                connection,
                Move(
                    job_id, JobState.QUEUED, JobState.CANCELLED, "Cancelled before it started.", changes=ended
                ),
                Move(job_id, JobState.PAUSED, JobState.CANCELLED, "Cancelled while paused.", changes=ended),
                Move(job_id, JobState.RUNNING, JobState.CANCELLING, "Cancel was asked for."),
                Move(job_id, JobState.PAUSING, JobState.CANCELLING, "Cancel was asked for."),
            )

        write(self.engine, work)

    def pause(self, job_id: str, reason: str) -> None:
        """Hold a waiting job back, and ask a running one to keep what it has and leave its place.

        Raises NotPossibleNow for a running job that could not go on from where it was.
        """

        def work(connection: Connection) -> None:
            row = read_row(connection, job_id)
            if row.state == JobState.RUNNING.value and not row.resumable:
                raise NotPossibleNow(
                    "This job cannot be paused half-way: it would start from the beginning.",
                    "Let it end, or cancel it.",
                )
            held = {"message": reason, "not_before": None}
            self.first_of(
                connection,
                Move(job_id, JobState.QUEUED, JobState.PAUSED, reason, changes=held),
                Move(job_id, JobState.RUNNING, JobState.PAUSING, reason, changes={"message": reason}),
            )

        write(self.engine, work)

    def resume(self, job_id: str) -> None:
        """Queue a paused job again, at the place it had. Raises NotPossibleNow while it is still pausing."""

        def work(connection: Connection) -> None:
            refuse_pausing(read_row(connection, job_id))
            self.queue_again(connection, job_id, "Resumed.")

        write(self.engine, work)

    def stop(self, job_id: str) -> None:
        """Ask a job to end early as a success with what it has so far; a paused one is queued to do so.

        Raises NotPossibleNow where it has nothing to keep, or no way to.
        """

        def work(connection: Connection) -> None:
            row = read_row(connection, job_id)
            if row.state in TERMINAL_VALUES or row.stop_asked:
                return
            refuse_pausing(row)
            if not row.resumable:
                raise NotPossibleNow("Only a training can be stopped early.", "Let it end, or cancel it.")
            running = row.state == JobState.RUNNING.value
            if row.state == JobState.CANCELLING.value or not (running or has_begun(connection, row)):
                raise NotPossibleNow("This job has nothing to keep.", "Let it run, or cancel it.")
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(stop_asked=True))
            add_event(
                connection, job_id, "stop", {"reason": "Stop and keep the best was asked for."}, self.clock()
            )
            self.queue_again(connection, job_id, "Resumed to keep its best.")

        write(self.engine, work)

    def queue_again(self, connection: Connection, job_id: str, reason: str) -> None:
        """Queue a job if it is paused."""
        changes = {"message": "", "not_before": None}  # how far it has come stays to be seen
        move = Move(job_id, JobState.PAUSED, JobState.QUEUED, reason, changes=changes)
        apply_move(connection, move, self.clock())

    def first_of(self, connection: Connection, *moves: Move) -> None:
        """Carry out the first move that applies; none where the job has gone on meanwhile."""
        now = self.clock()
        any(apply_move(connection, move, now) is not None for move in moves)


def read_row(connection: Connection, job_id: str) -> Row[Any]:
    """One job's row, locked where the database can do so. Raises UnknownJob."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownJob(job_id)
    return row


def has_begun(connection: Connection, row: Row[Any]) -> bool:
    """Whether an attempt has done something; what the row tells of one is forgotten at the next claim."""
    measured = exists().where(metrics.c.job_id == row.id)
    return bool(row.attempt or row.told or connection.scalar(select(measured)))


def refuse_pausing(row: Row[Any]) -> None:
    """Raise NotPossibleNow for a job that is about to be paused."""
    if row.state == JobState.PAUSING.value:
        raise NotPossibleNow("The job is still pausing.", "Ask again when it is paused, in a few seconds.")


def ranks_after_move(waiting: Iterable[Row[Any]], job_id: str, position: int) -> dict[str, float]:
    """New ranks, by id, that put a job at ``position``: the waiting jobs share out the ranks they have."""
    rows = list(waiting)
    ranks = [row.rank for row in rows]
    for place in range(1, len(ranks)):
        ranks[place] = max(ranks[place], ranks[place - 1] + SMALLEST_GAP)
    order = [row.id for row in rows if row.id != job_id]
    order.insert(max(0, position - 1), job_id)
    return dict(zip(order, ranks, strict=True))
