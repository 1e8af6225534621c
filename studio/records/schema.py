"""Bring the tables of this room to this version, and open transactions that write them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from jobs.schema import Schema
from studio.records.tables import datasets, models

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version_records"
SCHEMA = Schema(MIGRATIONS, VERSION_TABLE)
LOOKED_THROUGH, LOOKING = 1, 2


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """One transaction that will write; an engine of SQLite takes the write lock at its start.

    A reader that turns writer half-way fails at once when another has written meanwhile.
    """
    return engine.execution_options(writes=True).begin()


def look_through_once(engine: Engine, look: Callable[[], None]) -> None:
    """Call ``look`` for a database that has never had datasets or models; again where it was cut off."""
    with engine.connect() as connection:
        stage = connection.exec_driver_sql("PRAGMA user_version").scalar()
        if stage == LOOKED_THROUGH:
            return
        count = select(func.count())
        is_empty = not any(connection.scalar(count.select_from(table)) for table in (datasets, models))
    if is_empty or stage == LOOKING:
        set_stage(engine, LOOKING)
        look()
    set_stage(engine, LOOKED_THROUGH)


def set_stage(engine: Engine, stage: int) -> None:
    """Note in the database how far the look through the home's folders is."""
    with writing(engine) as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {stage}")


def upgrade(engine: Engine) -> None:
    """Create or upgrade the tables; safe to repeat and to run twice at once.

    Raises SchemaTooNew where a later version of the studio wrote this database.
    """
    with writing(engine) as connection:
        SCHEMA.upgrade(connection)
