"""The tables come from migrations that agree with their declaration and leave other tables alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from jobs.database import make_engine
from jobs.database import upgrade as upgrade_jobs
from studio.errors import Conflict
from studio.records.schema import VERSION_TABLE, upgrade, writing
from studio.records.tables import metadata
from tests.records.databases import open_database


def test_the_migrations_make_the_declared_tables(tmp_path: Path) -> None:
    with open_database(tmp_path).connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_both_rooms_share_one_file_in_either_order_and_upgrading_again_changes_nothing(
    tmp_path: Path,
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'studio.db'}")
    for step in (upgrade_jobs, upgrade, upgrade_jobs, upgrade):
        step(engine)
    tables = set(inspect(engine).get_table_names())
    assert {"jobs", "datasets", "models", "evaluations", "alembic_version_jobs", VERSION_TABLE} <= tables
    assert "alembic_version" not in tables


def test_a_database_of_a_later_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with writing(engine) as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = 'records_9999'"))
    with pytest.raises(Conflict, match="later version"):
        upgrade(engine)


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(text("create table half_done (id integer)"))
        raise ZeroDivisionError
    assert "half_done" not in inspect(engine).get_table_names()
