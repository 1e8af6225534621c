"""Which datasets there are, and in which versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from studio.data.dataset import Dataset
from studio.data.editing import Edit
from studio.errors import Conflict
from studio.records.edits import EditStore, list_edits
from studio.records.schema import writing
from studio.records.tables import dataset_edits, datasets, to_seconds


class DatasetStore:
    """The rows about datasets, and about their ``edits``; their files belong to studio.data.library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.edits = EditStore(engine)

    def add(self, *versions: Dataset) -> None:
        """Remember the versions that an import made; Conflict where their name is taken."""
        with writing(self._engine) as connection:
            add_dataset_in(connection, *versions)

    def add_version(self, dataset: Dataset, follows: str, draft: Sequence[Edit] = ()) -> None:
        """Remember a version of a name that is there; Conflict where it or its draft changed meanwhile.

        ``follows`` is the id of the version it was started from, and ``draft`` that version's open edits:
        they are in the new one, and are forgotten in the same transaction.
        """
        with writing(self._engine) as connection:
            newest = connection.scalar(
                select(func.max(datasets.c.version)).where(datasets.c.name == dataset.name)
            )
            is_next = newest is not None and newest < dataset.version
            if not is_next or list_edits(connection, follows) != tuple(draft):
                raise Conflict(
                    f"'{dataset.name}' was changed or deleted meanwhile.",
                    "Look at its versions and edits, and try again.",
                )
            insert_in(connection, dataset)
            connection.execute(delete(dataset_edits).where(dataset_edits.c.dataset_id == follows))

    def list(self) -> list[Dataset]:
        """The newest version of each name, the newest first."""
        newest = (
            select(datasets.c.name, func.max(datasets.c.version).label("version"))
            .group_by(datasets.c.name)
            .subquery()
        )
        wanted = (
            select(datasets.c.description)
            .join(newest, (datasets.c.name == newest.c.name) & (datasets.c.version == newest.c.version))
            .order_by(datasets.c.created_at.desc(), datasets.c.id)
        )
        with self._engine.connect() as connection:
            return [Dataset.from_json(row) for row in connection.scalars(wanted)]

    def ids(self) -> set[str]:
        """The ids of all versions of all datasets."""
        with self._engine.connect() as connection:
            return set(connection.scalars(select(datasets.c.id)))

    def versions(self, name: str) -> list[Dataset]:
        """All versions of a name, newest first."""
        wanted = (
            select(datasets.c.description).where(datasets.c.name == name).order_by(datasets.c.version.desc())
        )
        with self._engine.connect() as connection:
            return [Dataset.from_json(row) for row in connection.scalars(wanted)]

    def get(self, name: str, version: int | None = None) -> Dataset | None:
        """A version of that name, by default the newest, or None."""
        wanted = select(datasets.c.description).where(datasets.c.name == name)
        if version is not None:
            wanted = wanted.where(datasets.c.version == version)
        with self._engine.connect() as connection:
            found = connection.scalar(wanted.order_by(datasets.c.version.desc()).limit(1))
        return Dataset.from_json(found) if found else None

    def by_id(self, dataset_id: str) -> Dataset | None:
        """The version of that id, or None."""
        wanted = select(datasets.c.description).where(datasets.c.id == dataset_id)
        with self._engine.connect() as connection:
            found = connection.scalar(wanted)
        return Dataset.from_json(found) if found else None

    def name_taken(self, name: str) -> bool:
        """Whether a dataset has that name."""
        with self._engine.connect() as connection:
            return is_taken(connection, name)

    def adopt(self, dataset: Dataset) -> None:
        """Remember a version whose files were found; where name and version are taken, by a free name."""
        with writing(self._engine) as connection:
            kept, number = dataset, 2
            while has_version(connection, kept):
                kept, number = replace(dataset, name=f"{dataset.name}-{number}"), number + 1
            insert_in(connection, kept)

    def delete(self, name: str) -> bool:
        """Forget all versions of a name and their open edits; False where there was none."""
        return self._delete(datasets.c.name == name)

    def delete_version(self, dataset_id: str) -> bool:
        """Forget one version and its open edits; False where there was none of that id."""
        return self._delete(datasets.c.id == dataset_id)

    def _delete(self, which: ColumnElement[bool]) -> bool:
        ids = select(datasets.c.id).where(which)
        with writing(self._engine) as connection:
            connection.execute(delete(dataset_edits).where(dataset_edits.c.dataset_id.in_(ids)))
            return connection.execute(delete(datasets).where(which)).rowcount > 0


def add_dataset_in(connection: Connection, *versions: Dataset) -> None:
    """Remember the versions that an import made, within a transaction; Conflict where their name is taken."""
    if is_taken(connection, versions[0].name):
        raise taken(versions[0].name)
    for dataset in versions:
        insert_in(connection, dataset)


def insert_in(connection: Connection, dataset: Dataset) -> None:
    """Write the row of a dataset; Conflict where its name has such a version."""
    row = {
        "id": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "task": dataset.task,
        "fingerprint": dataset.fingerprint,
        "created_at": to_seconds(dataset.created_at),
        "description": dataset.to_json(),
    }
    try:
        connection.execute(insert(datasets).values(row))
    except IntegrityError as error:
        raise taken(dataset.name) from error


def is_taken(connection: Connection, name: str) -> bool:
    """Whether a dataset has that name."""
    return connection.scalar(select(datasets.c.id).where(datasets.c.name == name).limit(1)) is not None


def has_version(connection: Connection, dataset: Dataset) -> bool:
    """Whether the name of a dataset has that version already."""
    wanted = select(datasets.c.id).where(
        datasets.c.name == dataset.name, datasets.c.version == dataset.version
    )
    return connection.scalar(wanted) is not None


def taken(name: str) -> Conflict:
    """Two datasets cannot have one name."""
    return Conflict(f"There is a dataset '{name}' already.", "Choose another name, or delete that one first.")
