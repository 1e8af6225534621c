"""Which workers there are, and which of them are alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from jobs.database import write
from jobs.listing import to_time
from jobs.moves import bump_revision
from jobs.processes import is_gone
from jobs.tables import workers
from jobs.views import WorkerView

FORGET_AFTER_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class WorkerIdentity:
    """What a worker says of itself; ``id`` is unique to this one run of the process.

    ``mark`` tells its process from any other that gets the same ``pid``.
    """

    id: str
    host: str
    pid: int
    mark: str


class Roster:
    """The workers of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.clock = clock

    def register(self, worker: WorkerIdentity, lease_seconds: float) -> None:
        """Enter a worker, and forget those not seen for a day."""

        def work(connection: Connection) -> None:
            now = self.clock()
            connection.execute(delete(workers).where(workers.c.seen_at < now - FORGET_AFTER_SECONDS))
            connection.execute(
                insert(workers).values(
                    id=worker.id,
                    host=worker.host,
                    pid=worker.pid,
                    mark=worker.mark,
                    lease_seconds=lease_seconds,
                    started_at=now,
                    seen_at=now,
                    stats={},
                )
            )
            bump_revision(connection)

        write(self.engine, work)

    def leave(self, worker_id: str) -> None:
        """Strike out a worker that ends in good order."""

        def work(connection: Connection) -> None:
            connection.execute(delete(workers).where(workers.c.id == worker_id))
            bump_revision(connection)

        write(self.engine, work)

    def workers(self) -> list[WorkerView]:
        """All workers, the newest first."""
        now = self.clock()
        with self.engine.connect() as connection:
            rows = connection.execute(select(workers).order_by(workers.c.started_at.desc())).all()
        return [
            WorkerView(
                id=row.id,
                host=row.host,
                pid=row.pid,
                started_at=to_time(row.started_at),
                seen_at=to_time(row.seen_at),
                # Either way: the clock may have been set back since.
                alive=abs(now - row.seen_at) <= row.lease_seconds and not is_gone(row.pid, row.mark),
                stats=row.stats,
            )
            for row in rows
        ]
