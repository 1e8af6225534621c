"""Which datasets there are."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from studio.data.dataset import Dataset
from studio.errors import Conflict
from studio.records.schema import writing
from studio.records.tables import datasets, to_seconds


class DatasetStore:
    """The rows about datasets; their files belong to studio.data.library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, dataset: Dataset) -> None:
        """Remember a dataset; Conflict where its name is taken."""
        with writing(self._engine) as connection:
            add_dataset_in(connection, dataset)

    def list(self) -> list[Dataset]:
        """All datasets, newest first."""
        wanted = select(datasets.c.description).order_by(datasets.c.created_at.desc(), datasets.c.id)
        with self._engine.connect() as connection:
            return [Dataset.from_json(row) for row in connection.scalars(wanted)]

    def get(self, name: str) -> Dataset | None:
        """The dataset of that name, or None."""
        wanted = select(datasets.c.description).where(datasets.c.name == name)
        with self._engine.connect() as connection:
            found = connection.scalar(wanted)
        return Dataset.from_json(found) if found else None

    def name_taken(self, name: str) -> bool:
        """Whether a dataset has that name."""
        with self._engine.connect() as connection:
            return connection.scalar(select(datasets.c.id).where(datasets.c.name == name)) is not None

    def delete(self, name: str) -> bool:
        """Forget a dataset; False where there was none of that name."""
        with writing(self._engine) as connection:
            return connection.execute(delete(datasets).where(datasets.c.name == name)).rowcount > 0


def add_dataset_in(connection: Connection, dataset: Dataset) -> None:
    """Remember a dataset within a transaction; Conflict where its name is taken."""
    row = {
        "id": dataset.id,
        "name": dataset.name,
        "task": dataset.task,
        "fingerprint": dataset.fingerprint,
        "created_at": to_seconds(dataset.created_at),
        "description": dataset.to_json(),
    }
    try:
        connection.execute(insert(datasets).values(row))
    except IntegrityError as error:
        raise Conflict(
            f"There is a dataset '{dataset.name}' already.",
            "Choose another name, or delete that one first.",
        ) from error
