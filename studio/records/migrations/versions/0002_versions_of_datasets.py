"""Datasets have versions, and a draft of edits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "records_0002"
down_revision = "records_0001"
branch_labels = None
depends_on = None

# SQLite gives a unique column no named constraint, PostgreSQL names it so.
OLD_NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}


def upgrade() -> None:
    """Every dataset that is there is version 1 of its name."""
    with op.batch_alter_table("datasets", naming_convention=OLD_NAMES) as table:
        table.add_column(sa.Column("version", sa.Integer, nullable=False, server_default="1"))
        table.drop_constraint("datasets_name_key", type_="unique")
        table.create_unique_constraint("uq_datasets_name_version", ["name", "version"])
    with op.batch_alter_table("datasets") as table:
        table.alter_column("version", server_default=None)
    op.create_table(
        "dataset_edits",
        sa.Column("dataset_id", sa.String(32), sa.ForeignKey("datasets.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("split", sa.String(40), nullable=False),
        sa.Column("row_index", sa.Integer, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("new_label", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Keep the first version of each name alone."""
    op.drop_table("dataset_edits")
    op.execute("delete from datasets where version > 1")
    with op.batch_alter_table("datasets") as table:
        table.drop_constraint("uq_datasets_name_version", type_="unique")
        table.drop_column("version")
        table.create_unique_constraint("datasets_name_key", ["name"])
