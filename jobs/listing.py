"""Reading jobs as frozen views, with the position of those that wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from jobs.errors import UnknownJob
from jobs.states import TERMINAL, JobState
from jobs.tables import jobs
from jobs.views import JobFailure, JobView

IN_ORDER = (jobs.c.rank, jobs.c.number)


def read_job(connection: Connection, job_id: str) -> JobView:
    """One job. Raises UnknownJob."""
    row = connection.execute(select_jobs().where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise UnknownJob(job_id)
    return to_view(row)


def read_jobs(connection: Connection, limit: int, kinds: Iterable[str] | None) -> list[JobView]:
    """The newest jobs first."""
    query = select_jobs().order_by(jobs.c.number.desc()).limit(limit)
    if kinds is not None:
        query = query.where(jobs.c.kind.in_(list(kinds)))
    return [to_view(row) for row in connection.execute(query)]


def read_unfinished(connection: Connection) -> list[JobView]:
    """Every job that has not ended, the newest first."""
    states = [state.value for state in JobState if state not in TERMINAL]
    query = select_jobs().where(jobs.c.state.in_(states)).order_by(jobs.c.number.desc())
    return [to_view(row) for row in connection.execute(query)]


def select_jobs() -> Select[Any]:
    """Every job with its place among the waiting ones of its lane."""
    place = func.row_number().over(partition_by=jobs.c.lane, order_by=IN_ORDER)
    waiting = (
        select(jobs.c.id, place.label("position")).where(jobs.c.state == JobState.QUEUED.value).subquery()
    )
    return select(jobs, waiting.c.position).outerjoin(waiting, waiting.c.id == jobs.c.id)


def to_view(row: Row[Any]) -> JobView:
    """A row as the rest of the program sees it."""
    error = None
    if row.error_message is not None:
        error = JobFailure(row.error_message, row.error_hint or "", row.error_code or "unexpected")
    return JobView(
        id=row.id,
        kind=row.kind,
        lane=row.lane,
        title=row.title,
        handler=row.handler,
        payload=row.payload,
        state=JobState(row.state),
        fraction=row.fraction,
        step=row.step,
        steps=row.steps,
        eta_seconds=row.eta_seconds,
        message=row.message,
        attempt=row.attempt,
        attempts_allowed=row.attempts_allowed,
        priority=row.priority,
        position=row.position,
        created_at=to_time(row.created_at),
        started_at=to_optional_time(row.started_at),
        finished_at=to_optional_time(row.finished_at),
        heartbeat_at=to_optional_time(row.heartbeat_at),
        worker=row.worker,
        error=error,
        result=row.result,
        retry_of=row.retry_of,
        owner=row.owner,
        resumable=row.resumable,
        stop_asked=row.stop_asked,
        strays=row.strays,
        not_before=to_optional_time(row.not_before),
        slot=row.slot,
        fence=row.fence,
        told=row.told,
    )


def to_time(seconds: float) -> datetime:
    """An aware UTC time from seconds since 1970.

    >>> to_time(0.0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC)


def to_optional_time(seconds: float | None) -> datetime | None:
    """As to_time, for a time that may not have come yet."""
    return None if seconds is None else to_time(seconds)
