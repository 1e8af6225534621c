"""Which jobs have come to an end, or to a stop, since one looked last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select

from jobs.reasons import FOR_LACK_OF_ROOM
from jobs.states import TERMINAL, JobState
from jobs.tables import events, jobs


@dataclass(frozen=True)
class Ending:
    """A job came to ``state``; ``at`` in seconds since 1970, ``event_id`` grows with time.

    ``worker``: who ran it then; None where it waited or was paused.
    """

    event_id: int
    job_id: str
    kind: str
    state: JobState
    at: float
    worker: str | None


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
            Ending(row.id, row.job_id, row.job_kind, JobState(row.data["to"]), row.at, row.data["worker"])
            for row in rows
            if row.kind == "state" and is_ending(row.data)
        ]
        return found, rows[-1].id if rows else event_id


def is_ending(data: dict[str, Any]) -> bool:
    """Whether a move ends a job, or pauses it though nobody asked for that.

    >>> is_ending({"to": "failed"}), is_ending({"to": "paused", "reason": "Pause was asked for."})
    (True, False)
    """
    for_lack_of_room = data["to"] == JobState.PAUSED and data["reason"] in FOR_LACK_OF_ROOM
    return for_lack_of_room or data["to"] in TERMINAL
