"""Bring the tables of this room to this version, and open transactions that write them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine

from jobs.schema import Schema

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version_records"
SCHEMA = Schema(MIGRATIONS, VERSION_TABLE)


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """One transaction that will write; an engine of SQLite takes the write lock at its start.

    A reader that turns writer half-way fails at once when another has written meanwhile.
    """
    return engine.execution_options(writes=True).begin()


def upgrade(engine: Engine) -> None:
    """Create or upgrade the tables; safe to repeat and to run twice at once.

    Raises SchemaTooNew where a later version of the studio wrote this database.
    """
    with writing(engine) as connection:
        SCHEMA.upgrade(connection)
