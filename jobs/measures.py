"""How the queue does in numbers: what waits and runs, what has ended, and what was lost on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, or_, select

from jobs.states import TERMINAL, JobState
from jobs.tables import events, jobs

LOST_CODES = ("lost", "killed", "hung")  # of moves.attempts_used_up
UNBEGUN = (JobState.QUEUED.value, JobState.PAUSED.value)


@dataclass(frozen=True)
class QueueMeasures:
    """One look at the queue.

    ``present`` and ``ended`` count jobs by (lane, state) and by (kind, state); ``oldest_seconds`` is how
    long the oldest job of a lane has waited; ``attempts_lost`` counts processes that ended without a result;
    ``slots_taken`` names the places in which jobs run.
    """

    present: dict[tuple[str, str], int]
    ended: dict[tuple[str, str], int]
    oldest_seconds: dict[str, float]
    attempts_lost: int
    slots_taken: frozenset[str]


class Measures:
    """The numbers of one database; ``clock`` gives seconds since 1970."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def read(self) -> QueueMeasures:
        """Everything, in three questions whatever the number of jobs."""
        # A job whose process was lost is queued without a start; one that ends there has lost all attempts.
        is_unbegun = or_(jobs.c.state.in_(UNBEGUN), jobs.c.started_at.is_(None))
        begun = case((is_unbegun, jobs.c.attempt), (jobs.c.attempt > 0, jobs.c.attempt - 1), else_=0)
        lost = func.sum(begun) + func.sum(case((jobs.c.error_code.in_(LOST_CODES), 1), else_=0))
        counts = select(
            jobs.c.lane, jobs.c.kind, jobs.c.state, func.count().label("number"), lost.label("lost")
        ).group_by(jobs.c.lane, jobs.c.kind, jobs.c.state)
        queued_at = (
            select(func.max(events.c.at))
            .where(events.c.job_id == jobs.c.id, events.c.kind == "state")
            .scalar_subquery()
        )
        waiting = (
            select(jobs.c.lane, queued_at.label("at")).where(jobs.c.state == JobState.QUEUED.value).subquery()
        )
        oldest = select(waiting.c.lane, func.min(waiting.c.at)).group_by(waiting.c.lane)
        with self._engine.connect() as connection:
            rows = connection.execute(counts).all()
            since = {lane: at for lane, at in connection.execute(oldest)}
            taken = connection.scalars(select(jobs.c.slot).where(jobs.c.slot.is_not(None))).all()
        present: dict[tuple[str, str], int] = {}
        ended: dict[tuple[str, str], int] = {}
        for row in rows:
            counted, key = (ended, row.kind) if row.state in TERMINAL else (present, row.lane)
            counted[key, row.state] = counted.get((key, row.state), 0) + row.number
        now = self._clock()
        return QueueMeasures(
            present=present,
            ended=ended,
            oldest_seconds={lane: max(0.0, now - at) for lane, at in since.items()},
            attempts_lost=sum(row.lost for row in rows),
            slots_taken=frozenset(taken),
        )
