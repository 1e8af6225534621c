"""Engine, transactions and schema on real files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from jobs.database import VERSION_TABLE, make_engine, upgrade, write
from jobs.errors import CannotWrite, SchemaTooNew
from jobs.tables import metadata

ROOT = Path(__file__).resolve().parents[2]
COMMIT_THREE = """
import sys
from sqlalchemy import text
from jobs.database import make_engine, write

engine = make_engine(sys.argv[1])
for statement in ("CREATE TABLE notes (body TEXT)", "INSERT INTO notes VALUES ('one')",
                  "INSERT INTO notes VALUES ('two')"):
    write(engine, lambda connection: connection.execute(text(statement)))
"""


def test_a_process_killed_before_its_commit_has_written_nothing_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    command = [sys.executable, "-c", COMMIT_THREE, url]
    environment = {**os.environ, "STUDIO_FAULT": "app.commit:3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with make_engine(url).connect() as connection:
        assert connection.scalars(text("SELECT body FROM notes")).all() == ["one"]


def test_upgrade_can_be_repeated_and_leaves_other_tables_alone(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    write(engine, lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
    upgrade(engine)
    write(engine, lambda connection: connection.execute(text("UPDATE job_revision SET value = 7")))
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM job_revision")) == 7
    assert {"notes", "jobs", VERSION_TABLE} <= set(inspect(engine).get_table_names())


def test_two_upgrades_at_once_make_one_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    threads = [threading.Thread(target=lambda: upgrade(make_engine(url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with make_engine(url).connect() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).all() == [("0002",)]
        assert connection.execute(text("SELECT id, value FROM job_revision")).all() == [(1, 0)]


def test_migrations_make_exactly_the_declared_tables(empty_database: Path) -> None:
    with make_engine(f"sqlite:///{empty_database}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_a_database_of_a_later_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(engine)
    later = text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    write(engine, lambda connection: connection.execute(later))
    with pytest.raises(SchemaTooNew, match="later version"):
        upgrade(engine)


def test_every_connection_is_durable_and_patient(tmp_path: Path) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'a.db'}").connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5000


def test_a_write_waits_while_another_process_holds_the_database(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}", busy_seconds=0.02)
    write(engine, lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    note = text("INSERT INTO notes VALUES ('x')")
    with pytest.raises(CannotWrite, match="another program"):
        write(engine, lambda connection: connection.execute(note), patience_seconds=0.1)
    threading.Timer(0.4, lambda: other.execute("COMMIT")).start()
    write(engine, lambda connection: connection.execute(note), patience_seconds=10)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 1


def test_an_error_that_is_not_contention_is_raised_at_once(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    calls = []

    def work(connection: object) -> None:
        calls.append(1)
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(OperationalError):
        write(engine, work)
    assert len(calls) == 1


def test_a_relative_database_path_is_made_absolute() -> None:
    assert Path(make_engine("sqlite:///some/studio.db").url.database or "").is_absolute()


def test_a_lost_connection_is_said_and_not_taken_for_an_error_of_the_work(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'jobs.db'}")

    def work(_connection: object) -> None:
        raise OperationalError("UPDATE jobs", {}, Exception("server closed"), connection_invalidated=True)

    with pytest.raises(CannotWrite, match="connection to the database was lost"):
        write(engine, work)
    engine.dispose()
