"""Which jobs have come to an end, or to a stop, since one looked last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from jobs.states import TERMINAL, JobState
from jobs.tables import events, jobs


@dataclass(frozen=True)
class Ending:
    """A job came to ``state``; ``at`` in seconds since 1970, ``event_id`` grows with time."""

    event_id: int
    job_id: str
    kind: str
    state: JobState
    at: float


class Endings:
    """The events of one database that end a job.

    Reading them in the order of their ids misses none where one writes at a time, as in SQLite.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self) -> int:
        """The id of the newest event of all; 0 before the first."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.max(events.c.id))) or 0

    def after(self, event_id: int, limit: int = 500) -> tuple[list[Ending], int]:
        """The endings among the next ``limit`` events, and the id of the last event that was read."""
        query = (
            select(events, jobs.c.kind.label("job_kind"))
            .join(jobs, jobs.c.id == events.c.job_id)
            .where(events.c.id > event_id)
            .order_by(events.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        found = [
            Ending(row.id, row.job_id, row.job_kind, JobState(row.data["to"]), row.at)
            for row in rows
            if row.kind == "state" and row.data["to"] in TERMINAL
        ]
        return found, rows[-1].id if rows else event_id
