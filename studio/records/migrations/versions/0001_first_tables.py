"""Datasets, models and evaluations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("task", sa.String(60), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("description", sa.JSON, nullable=False),
    )
    op.create_index("ix_datasets_created", "datasets", ["created_at"])
    op.create_table(
        "models",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("task", sa.String(60), nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("dataset_id", sa.String(32), nullable=False),
        sa.Column("dataset_fingerprint", sa.String(64), nullable=False),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("best_epoch", sa.Double),
        sa.Column("parameters", sa.BigInteger, nullable=False),
        sa.Column("trainable_parameters", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("rows_per_second", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_models_created", "models", ["created_at"])
    op.create_index("ix_models_dataset", "models", ["dataset_id"])
    op.create_table(
        "evaluations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("model_id", sa.String(32), sa.ForeignKey("models.id"), nullable=False),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("dataset_id", sa.String(32), nullable=False),
        sa.Column("split", sa.String(40), nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_evaluations_model", "evaluations", ["model_id", "created_at"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("evaluations", "models", "datasets"):
        op.drop_table(name)
