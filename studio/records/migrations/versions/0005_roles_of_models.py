"""A model knows what it reads of each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "records_0005"
down_revision = "records_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every model that is there reads one text, which is what nothing says."""
    with op.batch_alter_table("models") as table:
        table.add_column(sa.Column("roles", sa.JSON))


def downgrade() -> None:
    """Forget what models read."""
    with op.batch_alter_table("models") as table:
        table.drop_column("roles")
