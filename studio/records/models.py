"""Which models there are, where they came from and how well they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from studio.errors import Conflict, NotFound
from studio.records.forms import CompiledForm, set_form_in
from studio.records.schema import writing
from studio.records.tables import evaluations, models, to_moment, to_seconds

ONE_TEXT = ("text",)


@dataclass(frozen=True)
class ModelRecord:
    """A model; its id is that of the job that trained it, ``metrics`` is {split: {name: value}}.

    ``compiled`` is the form it answers by, None for the plain one; ``roles`` are what it reads of each row.
    """

    id: str
    name: str
    task: str
    checkpoint: str
    dataset: str
    dataset_id: str
    dataset_fingerprint: str
    recipe: dict[str, Any]
    labels: tuple[str, ...]
    metrics: dict[str, dict[str, float]]
    best_epoch: float | None
    parameters: int
    trainable_parameters: int
    size_bytes: int
    seconds: float
    rows_per_second: float | None
    created_at: datetime
    compiled: CompiledForm | None = None
    roles: tuple[str, ...] = ONE_TEXT

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **to_dict(self),
            "labels": list(self.labels),
            "roles": list(self.roles),
            "compiled": self.compiled.to_json() if self.compiled else None,
            "created_at": self.created_at.astimezone(UTC).isoformat(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ModelRecord:
        """Read what to_json wrote."""
        form = value.get("compiled")
        return cls(
            **{
                **value,
                "labels": tuple(value["labels"]),
                "roles": tuple(value.get("roles") or ONE_TEXT),
                "created_at": datetime.fromisoformat(value["created_at"]),
                "compiled": CompiledForm.from_json(form) if form else None,
            }
        )


class ModelStore:
    """The rows about models; their files are in the studio's models folder."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, limit: int | None = None) -> list[ModelRecord]:
        """All models or the newest few, newest first."""
        wanted = select(models).order_by(models.c.created_at.desc(), models.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [from_row(row) for row in connection.execute(wanted).mappings()]

    def count(self) -> int:
        """How many models there are."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(models)) or 0

    def names_of(self, ids: Sequence[str]) -> dict[str, str]:
        """The names of those of these models that are there, by their ids."""
        wanted = select(models.c.id, models.c.name).where(models.c.id.in_(ids))
        with self._engine.connect() as connection:
            return {row.id: row.name for row in connection.execute(wanted)}

    def get(self, name: str) -> ModelRecord | None:
        """The model of that name, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(select(models).where(models.c.name == name)).mappings().first()
        return from_row(row) if row else None

    def by_id(self, model_id: str) -> ModelRecord | None:
        """The model of that id, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(select(models).where(models.c.id == model_id)).mappings().first()
        return from_row(row) if row else None

    def name_taken(self, name: str) -> bool:
        """Whether a model has that name."""
        with self._engine.connect() as connection:
            return is_taken(connection, name)

    def rename(self, name: str, new_name: str) -> ModelRecord:
        """Give a model another name; NotFound where there is none, Conflict where the name is taken."""
        try:
            with writing(self._engine) as connection:
                changed = connection.execute(
                    update(models).where(models.c.name == name).values(name=new_name)
                ).rowcount
        except IntegrityError as error:
            raise Conflict(f"There is a model '{new_name}' already.", "Choose another name.") from error
        record = self.get(new_name) if changed else None
        if record is None:
            raise NotFound(f"There is no model '{name}'.", "It may have been renamed or deleted meanwhile.")
        return record

    def set_form(self, model_id: str, form: CompiledForm | None) -> None:
        """Remember which form a model answers by; None for the plain one."""
        with writing(self._engine) as connection:
            set_form_in(connection, model_id, form)

    def adopt(self, record: ModelRecord) -> ModelRecord:
        """Remember a model whose files were found; where its name is taken, by a free one."""
        with writing(self._engine) as connection:
            return add_model_in(connection, record)

    def delete(self, name: str) -> bool:
        """Forget a model and its evaluations; False where there was none of that name."""
        chosen = select(models.c.id).where(models.c.name == name).scalar_subquery()
        with writing(self._engine) as connection:
            connection.execute(delete(evaluations).where(evaluations.c.model_id == chosen))
            return connection.execute(delete(models).where(models.c.name == name)).rowcount > 0


def add_model_in(connection: Connection, record: ModelRecord) -> ModelRecord:
    """Remember a model within the transaction in which its job succeeds.

    A training is never lost over its name: where that was taken meanwhile, the model gets the first free
    one of name-2, name-3 ... The record is given back as it was kept.
    """
    kept = record
    number = 2
    while is_taken(connection, kept.name):
        kept = ModelRecord(**{**to_dict(record), "name": f"{record.name}-{number}"})
        number += 1
    row = {
        **to_dict(kept),
        "labels": list(kept.labels),
        "roles": list(kept.roles),
        "created_at": to_seconds(kept.created_at),
        "compiled": kept.compiled.to_json() if kept.compiled else None,
    }
    connection.execute(insert(models).values(row))
    return kept


def is_taken(connection: Connection, name: str) -> bool:
    """Whether a model has that name."""
    return connection.scalar(select(models.c.id).where(models.c.name == name)) is not None


def to_dict(record: ModelRecord) -> dict[str, Any]:
    """The fields of a record, as they are."""
    return {item.name: getattr(record, item.name) for item in fields(record)}


def from_row(row: RowMapping) -> ModelRecord:
    """A record from a row of the table."""
    values = {item.name: row[item.name] for item in fields(ModelRecord)}
    epoch = values["best_epoch"]
    return ModelRecord(
        **{
            **values,
            "labels": tuple(values["labels"]),
            "roles": tuple(values["roles"] or ONE_TEXT),
            "best_epoch": int(epoch) if epoch is not None and epoch == int(epoch) else epoch,
            "created_at": to_moment(values["created_at"]),
            "compiled": CompiledForm.from_json(values["compiled"]) if values["compiled"] else None,
        }
    )
