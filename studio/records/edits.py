"""The edits of datasets that are not saved yet, so that a closed page loses none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select

from studio.data.editing import Edit
from studio.records.schema import writing
from studio.records.tables import dataset_edits, to_seconds


class EditStore:
    """The draft of each version, in the order in which its edits were made."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, dataset_id: str) -> tuple[Edit, ...]:
        """The draft of a version."""
        with self._engine.connect() as connection:
            return list_edits(connection, dataset_id)

    def add(self, dataset_id: str, edits: Sequence[Edit]) -> None:
        """Put edits at the end of the draft."""
        of_version = dataset_edits.c.dataset_id == dataset_id
        now = to_seconds(datetime.now(UTC))
        with writing(self._engine) as connection:
            last = connection.scalar(select(func.max(dataset_edits.c.number)).where(of_version)) or 0
            for number, edit in enumerate(edits, last + 1):
                place = {"dataset_id": dataset_id, "number": number, "split": edit.split, "created_at": now}
                what = {"action": edit.action, "value": edit.value, "new_label": edit.new_label}
                connection.execute(insert(dataset_edits).values({**place, "row_index": edit.index, **what}))

    def remove_last(self, dataset_id: str) -> bool:
        """Take back the last edit; False where there is none."""
        of_version = dataset_edits.c.dataset_id == dataset_id
        with writing(self._engine) as connection:
            last = connection.scalar(select(func.max(dataset_edits.c.number)).where(of_version))
            if last is None:
                return False
            connection.execute(delete(dataset_edits).where(of_version, dataset_edits.c.number == last))
            return True

    def clear(self, dataset_id: str) -> None:
        """Take back the whole draft."""
        with writing(self._engine) as connection:
            connection.execute(delete(dataset_edits).where(dataset_edits.c.dataset_id == dataset_id))


def list_edits(connection: Connection, dataset_id: str) -> tuple[Edit, ...]:
    """The draft of a version, within a transaction."""
    table = dataset_edits.c
    wanted = (
        select(table.split, table.row_index, table.action, table.value, table.new_label)
        .where(table.dataset_id == dataset_id)
        .order_by(table.number)
    )
    return tuple(Edit(*row) for row in connection.execute(wanted))
