"""A damaged database is put aside and never overwritten; an older one is copied before it is changed."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from jobs.database import SCHEMA as JOB_SCHEMA
from jobs.database import make_engine
from jobs.queue import NewJob, Queue
from jobs.schema import Schema
from jobs.store import Store
from studio.bootstrap import open_studio, start_studio
from studio.cli.main import main
from studio.errors import Conflict, Damaged
from studio.keeping.database import find_damage
from studio.keeping.opening import newest_backup
from studio.records.schema import SCHEMA as RECORD_SCHEMA
from studio.records.schema import writing
from studio.services.datasets import ImportRequest
from studio.settings import Settings
from tests.records.databases import dataset

ROOT = Path(__file__).resolve().parents[2]
PAGE_BYTES = 4096


def fill(settings: Settings, table: Path) -> bytes:
    """A studio with a dataset and many jobs, closed: the bytes of its database."""
    with contextlib.closing(open_studio(settings)) as studio:
        studio.datasets.import_file(ImportRequest(path=table, name="small"))
        for number in range(300):
            studio.jobs.submit(NewJob("train", "nowhere", {"text": "x" * 200}, title=f"job {number}"))
    with contextlib.closing(sqlite3.connect(settings.database_path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return settings.database_path.read_bytes()


def spoil_start(content: bytes) -> bytes:
    return b"not a database at all" + content[21:]


def spoil_pages(content: bytes) -> bytes:
    return content[: 3 * PAGE_BYTES] + os.urandom(len(content) - 6 * PAGE_BYTES) + content[-3 * PAGE_BYTES :]


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("spoil", [spoil_start, spoil_pages, cut_short])
def test_a_damaged_database_is_put_aside_once_and_the_way_back_is_said(
    settings: Settings, small_table: Path, spoil: object
) -> None:
    spoilt = spoil(fill(settings, small_table))
    folder = next(settings.datasets_dir.iterdir())
    settings.database_path.write_bytes(spoilt)
    with pytest.raises(Damaged) as caught:
        start_studio(settings)
    (aside,) = settings.home.glob("studio.db.damaged-*Z")
    assert aside.read_bytes() == spoilt and not settings.database_path.exists()
    assert str(aside) in caught.value.message and "start the studio again" in caught.value.hint
    with contextlib.closing(start_studio(settings)) as studio:
        assert [one.name for one in studio.datasets.list()] == ["small"]
    assert aside.read_bytes() == spoilt and folder.is_dir()


def test_the_newest_backup_is_named_with_the_command_that_brings_it_back(
    settings: Settings, small_table: Path
) -> None:
    fill(settings, small_table)
    with contextlib.closing(start_studio(settings)):
        pass
    backup = newest_backup(settings)
    assert backup is not None and find_damage(backup) is None
    settings.database_path.write_bytes(spoil_start(settings.database_path.read_bytes()))
    with pytest.raises(Damaged) as caught:
        start_studio(settings)
    assert f"restore --from {backup}" in caught.value.hint


@pytest.mark.parametrize("spoil", [spoil_start, cut_short])
def test_a_command_that_meets_a_damaged_database_says_so_and_changes_nothing(
    settings: Settings, small_table: Path, capsys: pytest.CaptureFixture[str], spoil: object
) -> None:
    spoilt = spoil(fill(settings, small_table))
    settings.database_path.write_bytes(spoilt)
    assert main(["--home", str(settings.home), "job", "list"]) == 2
    said = capsys.readouterr().err
    assert "is damaged" in said and "serve" in said and "Traceback" not in said
    assert settings.database_path.read_bytes() == spoilt


def test_serving_a_damaged_home_ends_with_exit_code_2_and_a_sentence(
    settings: Settings, small_table: Path
) -> None:
    settings.database_path.parent.mkdir(exist_ok=True)
    settings.database_path.write_bytes(spoil_start(fill(settings, small_table)))
    done = subprocess.run(
        [sys.executable, "-m", "studio", "--home", str(settings.home), "serve", "--port", "65003"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2 and "is damaged" in done.stderr and "Traceback" not in done.stderr


def test_what_a_killed_process_wrote_is_no_damage(settings: Settings, small_table: Path) -> None:
    fill(settings, small_table)
    code = (
        "import os, signal, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('CREATE TABLE more (body TEXT)')\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "c.executemany('INSERT INTO more VALUES (?)', [('x' * 500,)] * 20000)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(settings.database_path)], check=False)
    assert Path(f"{settings.database_path}-wal").stat().st_size > 0
    assert find_damage(settings.database_path) is None


def upgrade_to(engine: object, schema: Schema, revision: str) -> None:
    """Bring a database to the tables of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_database_of_an_earlier_release_is_copied_and_then_brought_to_this_one(settings: Settings) -> None:
    settings.make_folders()
    engine = make_engine(settings.database_url)
    upgrade_to(engine, JOB_SCHEMA, "0001")
    upgrade_to(engine, RECORD_SCHEMA, "records_0001")
    old = dataset().to_json()
    with writing(engine) as connection:
        connection.execute(
            text("insert into datasets values (:id, :name, 'classification', 'f', 5.5, :description)"),
            {"id": old["id"], "name": old["name"], "description": json.dumps(old)},
        )
    engine.dispose()
    for _ in range(2):
        with contextlib.closing(open_studio(settings)) as studio:
            assert [one.name for one in studio.datasets.list()] == [old["name"]]
    (copy,) = settings.backups_dir.iterdir()
    assert copy.name.startswith("studio-before-") and RECORD_SCHEMA.known()[0] in copy.name
    with make_engine(f"sqlite:///{copy}").connect() as connection:
        assert RECORD_SCHEMA.revision(connection) == "records_0001"
        assert connection.scalar(text("select name from datasets")) == old["name"]


def test_a_new_home_has_no_backup_of_nothing(settings: Settings) -> None:
    with contextlib.closing(open_studio(settings)):
        assert not settings.backups_dir.exists()


@pytest.mark.parametrize("schema", [JOB_SCHEMA, RECORD_SCHEMA])
def test_a_database_of_a_later_release_is_refused_and_left_as_it_is(
    settings: Settings, schema: Schema
) -> None:
    with contextlib.closing(open_studio(settings)):
        pass
    engine = make_engine(settings.database_url)
    with writing(engine) as connection:
        connection.execute(text(f"update {schema.version_table} set version_num = '9999'"))
    with pytest.raises(Conflict, match="later version"):
        start_studio(settings)
    with engine.connect() as connection:
        assert schema.revision(connection) == "9999"


def test_the_daily_copies_are_few_and_whole(settings: Settings) -> None:
    settings.make_folders()
    day = 86_400
    settings.backups_dir.mkdir()
    for age in range(1, 8):
        path = settings.backups_dir / f"studio-daily-2026010{9 - age}T000000Z.db"
        path.write_bytes(b"")
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age * day - 5))
    for _ in range(2):
        with contextlib.closing(start_studio(settings)):
            pass
    copies = sorted(settings.backups_dir.iterdir())
    assert len(copies) == 5 and copies[0].name == "studio-daily-20260105T000000Z.db"
    assert Queue(Store(make_engine(f"sqlite:///{copies[-1]}")), settings.jobs_dir).jobs() == []


NOBODY = 65534
AS_NOBODY = f"""
import os, sys
import studio.server  # while the folders of this Python may be read: they are often root's alone
from studio.cli.main import main

if os.getuid() == 0:  # root may write anywhere
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def open_to_all() -> Iterator[Settings]:
    """A home whose parents everybody may enter, which those of pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Settings(home=Path(folder) / "home", offline=True)


@pytest.mark.parametrize(
    "closed, words",
    [
        ("", ("serve", "--port", "65002")),
        ("", ("dataset", "sample")),
        ("datasets", ("serve", "--port", "65002")),
        ("studio.db", ("job", "list")),
    ],
)
def test_a_home_that_may_only_be_read_is_said_to_an_ordinary_user(
    open_to_all: Settings, small_table: Path, closed: str, words: tuple[str, ...]
) -> None:
    home = open_to_all.home
    content = fill(open_to_all, small_table)
    if os.getuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    shut = home / closed
    shut.chmod(0o555 if shut.is_dir() else 0o444)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "--home", str(home), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be used" in done.stderr and "Traceback" not in done.stderr
    assert open_to_all.database_path.read_bytes() == content


READS_AND_LEAVES = """
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1])) as connection:
    connection.execute("SELECT count(*) FROM jobs").fetchone()
"""


def test_to_look_at_a_database_takes_no_locks_from_those_who_use_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", offline=True)
    log = Path(f"{settings.database_path}-wal")
    with contextlib.closing(open_studio(settings)) as studio:
        studio.jobs.submit(NewJob("train", "nowhere", {}))
        assert find_damage(settings.database_path) is None
        make_engine(settings.database_url).dispose()
        size = log.stat().st_size
        subprocess.run([sys.executable, "-c", READS_AND_LEAVES, str(settings.database_path)], check=True)
        assert log.stat().st_size == size > 0, (
            "the last one to leave empties the log, and this was not the last"
        )
        studio.jobs.submit(NewJob("train", "nowhere", {}))
