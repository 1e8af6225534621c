"""Models may answer by a compiled form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "records_0004"
down_revision = "records_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every model that is there answers by its plain form."""
    with op.batch_alter_table("models") as table:
        table.add_column(sa.Column("compiled", sa.JSON))


def downgrade() -> None:
    """Let all answer by their plain forms."""
    with op.batch_alter_table("models") as table:
        table.drop_column("compiled")
