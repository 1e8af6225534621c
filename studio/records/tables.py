"""The tables of datasets, open edits, models, evaluations, notices; times are seconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

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
    UniqueConstraint,
)

metadata = MetaData()
NAME_LENGTH = 200

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("version", Integer, nullable=False),
    Column("task", String(60), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("description", JSON(none_as_null=True), nullable=False),
    UniqueConstraint("name", "version", name="uq_datasets_name_version"),
    Index("ix_datasets_created", "created_at"),
)

dataset_edits = Table(
    "dataset_edits",
    metadata,
    Column("dataset_id", String(32), ForeignKey("datasets.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("split", String(40), nullable=False),
    Column("row_index", Integer, nullable=False),
    Column("action", String(40), nullable=False),
    Column("value", Text, nullable=False),
    Column("new_label", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False, unique=True),
    Column("task", String(60), nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("dataset", String(NAME_LENGTH), nullable=False),
    Column("dataset_id", String(32), nullable=False),
    Column("dataset_fingerprint", String(64), nullable=False),
    Column("recipe", JSON(none_as_null=True), nullable=False),
    Column("labels", JSON(none_as_null=True), nullable=False),
    Column("metrics", JSON(none_as_null=True), nullable=False),
    Column("best_epoch", Double),
    Column("parameters", BigInteger, nullable=False),
    Column("trainable_parameters", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("rows_per_second", Double),
    Column("created_at", Double, nullable=False),
    Column("compiled", JSON(none_as_null=True)),
    Column("roles", JSON(none_as_null=True)),
    Index("ix_models_created", "created_at"),
    Index("ix_models_dataset", "dataset_id"),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("model_id", String(32), ForeignKey("models.id"), nullable=False),
    Column("dataset", String(NAME_LENGTH), nullable=False),
    Column("dataset_id", String(32), nullable=False),
    Column("split", String(40), nullable=False),
    Column("metrics", JSON(none_as_null=True), nullable=False),
    Column("created_at", Double, nullable=False),
    Index("ix_evaluations_model", "model_id", "created_at"),
)

notice_positions = Table(
    "notice_positions",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("event_id", BigInteger, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", String(32), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("next_at", Double),
    Column("ended_at", Double),
    Column("error", Text, nullable=False),
    Index("ix_notices_next", "next_at"),
)


def to_seconds(moment: datetime) -> float:
    """Seconds since 1970 of an aware time."""
    return moment.timestamp()


def to_moment(seconds: float) -> datetime:
    """The aware time in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)
