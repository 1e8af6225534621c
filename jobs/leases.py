"""Leases: renewing those of one's own jobs, and seeing which of others' have run out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from jobs.database import write
from jobs.processes import is_gone
from jobs.states import ACTIVE_VALUES
from jobs.tables import is_held, jobs, workers
from jobs.views import Claim, Held


class Leases:
    """The leases of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.clock = clock

    def renew(
        self, worker: str, claims: Iterable[Claim], lease_seconds: float, stats: dict[str, Any]
    ) -> set[str]:
        """Renew the leases of ``claims``; the ids of the jobs that are still held are returned.

        ``stats`` is kept with the worker. Waits no longer than a third of the lease for a busy database.
        """

        def work(connection: Connection) -> set[str]:
            now = self.clock()
            seen = update(workers).where(workers.c.id == worker).values(seen_at=now, stats=stats)
            connection.execute(seen)
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

    def held(self) -> list[Held]:
        """Every job that some worker holds."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(jobs).where(jobs.c.state.in_(ACTIVE_VALUES))).all()
        return [
            Held(
                Claim(row.id, row.fence, row.attempt, row.lane, row.slot or ""),
                row.worker or "",
                row.heartbeat_at,
                row.lease_until - row.heartbeat_at,
            )
            for row in rows
        ]

    def gone_workers(self) -> set[str]:
        """The ids of the workers whose process has certainly ended on this machine."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(workers.c.id, workers.c.pid, workers.c.mark)).all()
        return {row.id for row in rows if is_gone(row.pid, row.mark)}


@dataclass
class Watch:
    """What one worker has seen of the jobs of others.

    A lease counts from when this worker saw the last heartbeat, by its own steady clock: nothing hangs on
    what time it is, here or on the other machine.
    """

    seen: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)

    def find_stalled(self, held: Iterable[Held], gone: set[str], now: float) -> list[Claim]:
        """The jobs without a heartbeat for a whole lease, and those of workers that are ``gone``."""
        before, self.seen = self.seen, {}
        stalled = []
        for one in held:
            key = (one.claim.job_id, one.claim.fence)
            heartbeat, since = before.get(key, (one.heartbeat_at, now))
            if heartbeat != one.heartbeat_at:
                since = now
            self.seen[key] = (one.heartbeat_at, since)
            if one.worker in gone or now - since > one.lease_seconds:
                stalled.append(one.claim)
        return stalled
