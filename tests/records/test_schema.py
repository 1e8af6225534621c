"""The tables come from migrations that agree with their declaration and leave other tables alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from jobs.database import make_engine
from jobs.database import upgrade as upgrade_jobs
from jobs.errors import SchemaTooNew
from studio.errors import Conflict
from studio.records.datasets import DatasetStore
from studio.records.schema import MIGRATIONS, VERSION_TABLE, upgrade, writing
from studio.records.tables import metadata
from tests.records.databases import dataset, open_database


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
    with pytest.raises(SchemaTooNew, match="later version"):
        upgrade(engine)


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(text("create table half_done (id integer)"))
        raise ZeroDivisionError
    assert "half_done" not in inspect(engine).get_table_names()


def test_datasets_of_the_first_release_become_first_versions(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'studio.db'}")
    upgrade_to(engine, "records_0001")
    old = {key: value for key, value in dataset().to_json().items() if key not in LATER_KEYS}
    with writing(engine) as connection:
        connection.execute(
            text("insert into datasets values (:id, :name, 'classification', :print, 5.5, :description)"),
            {"id": old["id"], "name": old["name"], "print": "f" * 64, "description": json.dumps(old)},
        )
    upgrade(engine)
    store = DatasetStore(engine)
    assert store.get("tickets 1", 1) == dataset()
    store.add_version(dataset(2, name="tickets 1", version=2), dataset(1).id)
    assert [one.version for one in store.versions("tickets 1")] == [2, 1]
    with pytest.raises(Conflict):
        store.add(dataset(3, name="tickets 1"))
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


LATER_KEYS = {"version", "parent", "steps", "mark_codes", "reading_codes", "answered"}


def upgrade_to(engine: Engine, revision: str) -> None:
    """Bring a database to the tables of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
