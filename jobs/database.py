"""The database of the queue: engine, transactions and schema."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from jobs.errors import CannotWrite
from jobs.faults import fault
from jobs.schema import Schema

VERSION_TABLE = "alembic_version_jobs"
SCHEMA = Schema(Path(__file__).parent / "migrations", VERSION_TABLE)
BUSY_CODES = frozenset({5, 6})  # SQLITE_BUSY, SQLITE_LOCKED
NO_ROOM_CODES = frozenset({10, 13})  # SQLITE_IOERR, SQLITE_FULL
# PostgreSQL: serialization failure, deadlock, lock not available.
CONFLICT_STATES = frozenset({"40001", "40P01", "55P03"})
LONGEST_PAUSE_SECONDS = 0.5

Answer = TypeVar("Answer")


def make_engine(url: str, busy_seconds: float = 5.0) -> Engine:
    """Open the database at ``url``; a relative SQLite path is made absolute.

    ``busy_seconds`` is how long one statement waits for another writer before it gives up.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True)
    else:
        if parsed.database and parsed.database != ":memory:":
            parsed = parsed.set(database=str(Path(parsed.database).absolute()))
        engine = create_engine(parsed, pool_size=10, max_overflow=40)
        prepare_sqlite(engine, busy_seconds)
    event.listen(engine, "commit", lambda _connection: fault("commit"))
    return engine


def prepare_sqlite(engine: Engine, busy_seconds: float) -> None:
    """Make SQLite durable and safe for several processes, and let SQLAlchemy emit BEGIN itself."""

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        # Without this the driver begins by itself, and only before some statements.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={int(busy_seconds * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer half-way fails at once when another has written: writers say so first.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def write(engine: Engine, work: Callable[[Connection], Answer], patience_seconds: float = 20.0) -> Answer:
    """Run ``work`` in one writing transaction, again while the database is busy.

    ``work`` may run more than once, so it must leave nothing outside the database. Raises CannotWrite
    where it is still busy after ``patience_seconds``, where its disk is full and where it is gone.
    """
    writer = engine.execution_options(writes=True)
    deadline = time.monotonic() + patience_seconds
    pause = 0.01
    while True:
        try:
            with writer.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise CannotWrite(
                    "The connection to the database was lost.",
                    "What was asked for may have been done: look, then try again.",
                ) from error
            if not isinstance(error, OperationalError):
                raise
            if is_without_room(error):
                raise CannotWrite(
                    "The database cannot be written: its disk is full or fails.",
                    "Nothing was changed. Free some space, then try again.",
                ) from error
            if not is_busy(error):
                raise
            if time.monotonic() + pause > deadline:
                raise CannotWrite(
                    "The database is busy: another program has held it for too long.",
                    "Nothing was changed. Try again in a moment.",
                ) from error
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def is_busy(error: OperationalError) -> bool:
    """Whether the same transaction may succeed a moment later."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in BUSY_CODES
    return getattr(error.orig, "sqlstate", None) in CONFLICT_STATES


def is_without_room(error: OperationalError) -> bool:
    """Whether the disk, and not the statement, is why a write failed."""
    return (getattr(error.orig, "sqlite_errorcode", None) or 0) & 0xFF in NO_ROOM_CODES


def upgrade(engine: Engine) -> None:
    """Bring the tables of the queue to this version; safe to repeat and to run twice at once.

    Raises SchemaTooNew when a later version of the program wrote this database.
    """
    write(engine, SCHEMA.upgrade)
