"""Run the migrations of this room on the connection that studio.records.schema.upgrade hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from studio.records.schema import VERSION_TABLE
from studio.records.tables import metadata


def is_ours(item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Leave every table alone that is not declared in studio.records.tables."""
    table = name if kind == "table" else item.table.name
    return table in metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_object=is_ours,
    render_as_batch=True,
    # The caller's transaction holds all steps, so that a failed upgrade leaves nothing behind.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
