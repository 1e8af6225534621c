"""Which models were scored on which data after their training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select

from studio.records.tables import evaluations, to_moment, to_seconds


@dataclass(frozen=True)
class EvaluationRecord:
    """A model's scores on one split of a dataset; its id is that of the job that made it."""

    id: str
    model_id: str
    dataset: str
    dataset_id: str
    split: str
    metrics: dict[str, float]
    created_at: datetime


class EvaluationStore:
    """The rows about evaluations; their reports lie beside the model."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, model_id: str) -> list[EvaluationRecord]:
        """The evaluations of a model, newest first."""
        wanted = (
            select(evaluations)
            .where(evaluations.c.model_id == model_id)
            .order_by(evaluations.c.created_at.desc(), evaluations.c.id)
        )
        with self._engine.connect() as connection:
            return [from_row(row) for row in connection.execute(wanted).mappings()]

    def get(self, evaluation_id: str) -> EvaluationRecord | None:
        """One evaluation by its id, or None."""
        with self._engine.connect() as connection:
            row = (
                connection.execute(select(evaluations).where(evaluations.c.id == evaluation_id))
                .mappings()
                .first()
            )
        return from_row(row) if row else None


def add_evaluation_in(connection: Connection, record: EvaluationRecord) -> None:
    """Remember an evaluation within the transaction in which its job succeeds.

    It replaces an earlier one of the same model on the same split of the same dataset.
    """
    same = (
        evaluations.c.model_id == record.model_id,
        evaluations.c.dataset_id == record.dataset_id,
        evaluations.c.split == record.split,
    )
    connection.execute(delete(evaluations).where(*same))
    row = {**asdict(record), "created_at": to_seconds(record.created_at)}
    connection.execute(insert(evaluations).values(row))


def from_row(row: RowMapping) -> EvaluationRecord:
    """A record from a row of the table."""
    return EvaluationRecord(**{**row, "created_at": to_moment(row["created_at"])})
