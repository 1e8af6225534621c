"""The first tables: jobs, their events and metrics, workers, and the revision counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

growing_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    make_jobs()
    make_history()
    op.create_table(
        "job_workers",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("lease_seconds", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    counter = op.create_table(
        "job_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", growing_number, nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "value": 0}])


def make_jobs() -> None:
    """Make the table of jobs."""
    op.create_table(
        "jobs",
        sa.Column("number", growing_number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("submit_key", sa.String(200), unique=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("handler", sa.String(200), nullable=False),
        sa.Column("lane", sa.String(60), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("attempts_allowed", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(200)),
        sa.Column("lease_until", sa.Double),
        sa.Column("heartbeat_at", sa.Double),
        sa.Column("fraction", sa.Double),
        sa.Column("step", sa.Integer),
        sa.Column("steps", sa.Integer),
        sa.Column("eta_seconds", sa.Double),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text),
        sa.Column("error_hint", sa.Text),
        sa.Column("error_code", sa.String(60)),
        sa.Column("result", sa.JSON),
        sa.Column("retry_of", sa.String(32)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double),
        sa.Column("finished_at", sa.Double),
    )
    op.create_index("ix_jobs_waiting", "jobs", ["state", "lane", "priority", "number"])


def make_history() -> None:
    """Make the tables of events and metrics."""
    op.create_table(
        "job_events",
        sa.Column("id", growing_number, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_job_events_job", "job_events", ["job_id", "id"])
    op.create_table(
        "job_metrics",
        sa.Column("id", growing_number, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("split", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Double),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("ix_job_metrics_series", "job_metrics", ["job_id", "split", "name", "step"])
