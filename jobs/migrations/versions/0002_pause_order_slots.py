"""Pausing, stopping early, an order that ages, slots, owners, and what tells a worker's process apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

HOUR_SECONDS = 3600.0


def upgrade() -> None:
    """Add the columns; jobs that wait keep their order."""
    with op.batch_alter_table("jobs") as batch:
        batch.drop_index("ix_jobs_waiting")
        batch.add_column(sa.Column("owner", sa.String(120), nullable=False, server_default=""))
        batch.add_column(sa.Column("resumable", sa.Boolean, nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("rank", sa.Double, nullable=False, server_default="0"))
        batch.add_column(sa.Column("kills", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("strays", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("not_before", sa.Double))
        batch.add_column(sa.Column("slot", sa.String(200)))
        batch.add_column(sa.Column("told", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("stop_asked", sa.Boolean, nullable=False, server_default=sa.false()))
        batch.create_unique_constraint("uq_jobs_slot", ["slot"])
        batch.create_index("ix_jobs_waiting", ["state", "lane", "rank", "number"])
    op.execute(f"UPDATE jobs SET rank = created_at - {HOUR_SECONDS} * priority")
    op.execute("UPDATE jobs SET resumable = true WHERE kind = 'train'")
    with op.batch_alter_table("job_workers") as batch:
        batch.add_column(sa.Column("mark", sa.String(120), nullable=False, server_default=""))
        batch.add_column(sa.Column("stats", sa.JSON, nullable=False, server_default="{}"))
