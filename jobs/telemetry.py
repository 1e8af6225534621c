"""What the database knows of a job's course: progress, metrics, events and the revision number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, func, insert, or_, select, update

from jobs.database import write
from jobs.listing import to_time
from jobs.moves import add_event, bump_revision
from jobs.states import JobState
from jobs.tables import events, is_held, jobs, metrics, revision
from jobs.views import EventView, MetricPoint, Standing

IN_STEP = (metrics.c.step, metrics.c.id)


@dataclass(frozen=True)
class NewPoint:
    """A measured value on its way to the database; ``at`` in seconds since 1970."""

    name: str
    value: float
    split: str
    step: int
    epoch: float | None
    at: float


@dataclass
class Batch:
    """What a runner tells at once: changed progress fields, new points, and sentences for the history."""

    progress: dict[str, Any] = field(default_factory=dict)
    points: list[NewPoint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.progress or self.points or self.notes)

    def before(self, later: Batch) -> Batch:
        """This batch and a later one as one."""
        return Batch(self.progress | later.progress, self.points + later.points, self.notes + later.notes)


class Telemetry:
    """The course of the jobs of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.clock = clock

    def report(self, job_id: str, fence: int, batch: Batch) -> Standing | None:
        """Write what a runner tells; where the job stands is returned.

        None, and nothing written, where the fence is old or the job has ended.
        """

        def work(connection: Connection) -> Standing | None:
            row = connection.execute(
                update(jobs)
                .where(*is_held(job_id, fence))
                .values(told=jobs.c.told + 1, **batch.progress)
                .returning(jobs.c.state, jobs.c.stop_asked, jobs.c.told, jobs.c.step)
            ).one_or_none()
            if row is None:
                return None
            if batch.points:
                add_points(connection, job_id, fence, batch.points)
            for sentence in batch.notes:
                data = {"reason": sentence, "fence": fence}
                add_event(connection, job_id, "note", data, self.clock())
            bump_revision(connection)
            return Standing(JobState(row.state), row.stop_asked, row.told, row.step)

        return write(self.engine, work)

    def metrics(self, job_id: str, max_points: int = 500) -> list[MetricPoint]:
        """The points of a job ordered by series and step, at most ``max_points`` (two or more) a series.

        A longer series is thinned evenly; its first and last point always stay.
        """
        mine = metrics.c.job_id == job_id
        series = (metrics.c.split, metrics.c.name)
        counting = select(*series, func.count()).where(mine).group_by(*series).order_by(*series)
        most = max(max_points, 2)
        with self.engine.connect() as connection:
            counts = connection.execute(counting).all()
            if all(total <= most for _, _, total in counts):
                wanted = [select(metrics).where(mine).order_by(*series, *IN_STEP)]
            else:
                wanted = [select_thinned(job_id, split, name, total, most) for split, name, total in counts]
            rows = [row for query in wanted for row in connection.execute(query)]
        return [
            MetricPoint(row.name, row.split, row.step, row.epoch, row.value, to_time(row.at)) for row in rows
        ]

    def events_after(self, job_id: str, after: int, limit: int = 500) -> list[EventView]:
        """What happened to a job since the event with id ``after``, the oldest first."""
        query = (
            select(events)
            .where(events.c.job_id == job_id, events.c.id > after)
            .order_by(events.c.id)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [
                EventView(row.id, to_time(row.at), row.kind, row.data) for row in connection.execute(query)
            ]

    def revision(self) -> int:
        """A number that grows with every change but a mere heartbeat."""
        with self.engine.connect() as connection:
            return connection.scalar(select(revision.c.value)) or 0


def select_thinned(job_id: str, split: str, name: str, total: int, most: int) -> Select[Any]:
    """At most ``most`` of the ``total`` points of one series; the choice is made within its index alone."""
    one = (metrics.c.job_id == job_id, metrics.c.split == split, metrics.c.name == name)
    if total <= most:
        return select(metrics).where(*one).order_by(*IN_STEP)
    place = func.row_number().over(order_by=IN_STEP).label("place")
    places = select(metrics.c.id, place).where(*one).subquery()
    stride = ceil((total - 1) / (most - 1))
    chosen = or_((places.c.place - 1) % stride == 0, places.c.place == total)
    return select(metrics).where(metrics.c.id.in_(select(places.c.id).where(chosen))).order_by(*IN_STEP)


def add_points(connection: Connection, job_id: str, fence: int, points: Sequence[NewPoint]) -> None:
    """Insert points; those an earlier attempt left at the same or later steps of a series give way."""
    first_steps: dict[tuple[str, str], int] = {}
    for point in points:
        series = (point.split, point.name)
        first_steps[series] = min(point.step, first_steps.get(series, point.step))
    for (split, name), step in first_steps.items():
        connection.execute(
            delete(metrics).where(
                metrics.c.job_id == job_id,
                metrics.c.split == split,
                metrics.c.name == name,
                metrics.c.step >= step,
                metrics.c.fence < fence,
            )
        )
    connection.execute(
        insert(metrics),
        [
            {
                "job_id": job_id,
                "fence": fence,
                "name": point.name,
                "value": point.value,
                "split": point.split,
                "step": point.step,
                "epoch": point.epoch,
                "at": point.at,
            }
            for point in points
        ],
    )
