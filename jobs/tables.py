"""The tables of the queue; times are seconds since 1970 in UTC."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.sql.elements import ColumnElement

from jobs.states import ACTIVE_VALUES

metadata = MetaData()
growing_number = BigInteger().with_variant(Integer, "sqlite")

jobs = Table(
    "jobs",
    metadata,
    Column("number", growing_number, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("submit_key", String(200), unique=True),
    Column("kind", String(60), nullable=False),
    Column("handler", String(200), nullable=False),
    Column("lane", String(60), nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", JSON(none_as_null=True), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("resumable", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("rank", Double, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("attempts_allowed", Integer, nullable=False),
    Column("kills", Integer, nullable=False),
    Column("strays", Integer, nullable=False),
    Column("not_before", Double),
    Column("fence", Integer, nullable=False),
    Column("worker", String(200)),
    Column("slot", String(200), unique=True),
    Column("lease_until", Double),
    Column("heartbeat_at", Double),
    Column("fraction", Double),
    Column("step", Integer),
    Column("steps", Integer),
    Column("eta_seconds", Double),
    Column("told", Integer, nullable=False),
    Column("stop_asked", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("error_message", Text),
    Column("error_hint", Text),
    Column("error_code", String(60)),
    Column("result", JSON(none_as_null=True)),
    Column("retry_of", String(32)),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Index("ix_jobs_waiting", "state", "lane", "rank", "number"),
)

events = Table(
    "job_events",
    metadata,
    Column("id", growing_number, primary_key=True, autoincrement=True),
    Column("job_id", String(32), ForeignKey("jobs.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", JSON(none_as_null=True), nullable=False),
    Index("ix_job_events_job", "job_id", "id"),
)

metrics = Table(
    "job_metrics",
    metadata,
    Column("id", growing_number, primary_key=True, autoincrement=True),
    Column("job_id", String(32), ForeignKey("jobs.id"), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("split", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Double),
    Column("value", Double, nullable=False),
    Column("at", Double, nullable=False),
    Index("ix_job_metrics_series", "job_id", "split", "name", "step"),
)

workers = Table(
    "job_workers",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("host", String(120), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("mark", String(120), nullable=False),
    Column("lease_seconds", Double, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("stats", JSON(none_as_null=True), nullable=False),
)

revision = Table(
    "job_revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", growing_number, nullable=False),
)


def is_held(job_id: str, fence: int) -> tuple[ColumnElement[bool], ...]:
    """The clause under every runner's write: the job is held, and under this fence."""
    return jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_(ACTIVE_VALUES)
