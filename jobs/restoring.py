"""What a database of the queue needs that was brought back from a backup: nobody works on its jobs."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Connection, delete, select, update

from jobs.moves import Loss, give_up
from jobs.states import ACTIVE_VALUES
from jobs.tables import jobs, workers

REASON = "The studio was restored from a backup."


def settle_restored(connection: Connection, now: float) -> int:
    """Queue the jobs that ran, pause or cancel those of which that was asked, and forget the workers.

    Each gets a new fence, so that no process of before can write to it. Returns how many there were.
    """
    rows = connection.execute(select(jobs).where(jobs.c.state.in_(ACTIVE_VALUES))).all()
    for row in rows:
        give_up(connection, row, Loss(REASON, stray=True), now)
    connection.execute(delete(workers))
    return len(rows)


def move_paths(connection: Connection, old: str, new: str) -> None:
    """Let the payloads of all jobs name the folder ``new`` and what is in it where they named ``old``."""
    if old == new:
        return
    for row in connection.execute(select(jobs.c.id, jobs.c.payload)).all():
        moved = with_moved_paths(row.payload, old, new)
        if moved != row.payload:
            connection.execute(update(jobs).where(jobs.c.id == row.id).values(payload=moved))


def with_moved_paths(value: Any, old: str, new: str) -> Any:
    """A JSON value whose texts that are the path ``old``, or one below it, begin with ``new``.

    >>> with_moved_paths({"home": "/a", "files": ["/a/x.csv", "/ab", 5]}, "/a", "/b/c")
    {'home': '/b/c', 'files': ['/b/c/x.csv', '/ab', 5]}
    """
    if isinstance(value, dict):
        return {key: with_moved_paths(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [with_moved_paths(one, old, new) for one in value]
    if isinstance(value, str) and (value == old or value.startswith(old + os.sep)):
        return new + value[len(old) :]
    return value


def known_ids(connection: Connection) -> set[str]:
    """The ids of all jobs."""
    return set(connection.scalars(select(jobs.c.id)))
