"""News of jobs on its way to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "records_0003"
down_revision = "records_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """How far the events of jobs were read for each channel, and what was made of them."""
    op.create_table(
        "notice_positions",
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("event_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("event_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("next_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("ix_notices_next", "notices", ["next_at"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("notices", "notice_positions"):
        op.drop_table(name)
