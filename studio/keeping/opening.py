"""Opening the database of a home: sound, of this version, and never in place of a damaged one."""

from __future__ import annotations

import logging
import shlex
import time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from jobs.database import SCHEMA as JOB_SCHEMA
from jobs.database import make_engine
from jobs.database import upgrade as upgrade_jobs
from jobs.errors import SchemaTooNew
from studio.errors import Conflict, Damaged, WorkFailed
from studio.keeping.database import (
    copy_database,
    find_damage,
    free_name,
    has_wrong_start,
    is_damage,
    set_aside,
    stamp,
)
from studio.records.schema import SCHEMA as RECORD_SCHEMA
from studio.records.schema import upgrade as upgrade_records
from studio.settings import Settings

logger = logging.getLogger(__name__)

DAILY, DAILY_SECONDS, DAILY_KEPT = "studio-daily-", 86_400.0, 5


def open_database(settings: Settings) -> Engine:
    """The engine of the home's database, which is made or brought to this version first.

    An older one is copied to ``backups`` before. Raises Conflict where a later version wrote it, Damaged
    where it cannot be read.
    """
    path = settings.database_path
    if path.exists() and has_wrong_start(path):
        raise damaged(settings)
    engine = make_engine(settings.database_url)
    try:
        back_up_before_upgrade(settings, engine)
        upgrade(engine)
    except DatabaseError as error:
        if is_damage(error.orig):
            raise damaged(settings) from error
        raise
    return engine


def upgrade(engine: Engine) -> None:
    """Make the tables of a database, or bring them to this version; Conflict where a later one wrote it."""
    try:
        upgrade_jobs(engine)
        upgrade_records(engine)
    except SchemaTooNew as error:
        raise Conflict(error.message, error.hint) from error


def damaged(settings: Settings) -> Damaged:
    """The error of a command that meets a database which it must not touch."""
    return Damaged(
        f"The database {settings.database_path} is damaged.",
        "Start the studio: it puts that file aside and says how to go on. "
        f"Do it with: {command_for(settings, 'serve')}",
    )


def back_up_before_upgrade(settings: Settings, engine: Engine) -> None:
    """Copy a database that an earlier version wrote, before its tables are changed."""
    later = []
    with engine.connect() as connection:
        for schema in (JOB_SCHEMA, RECORD_SCHEMA):
            revision, known = schema.revision(connection), schema.known()
            if revision in known[1:]:
                later.append(known[0])
    if later:
        name = f"studio-before-{'-'.join(later)}-{stamp()}.db"
        keep_copy(settings, free_name(settings.backups_dir / name))


def keep_copy(settings: Settings, to: Path) -> None:
    """Copy the database to a new file among the backups."""
    to.parent.mkdir(exist_ok=True)
    copy_database(settings.database_path, to)


def keep_daily_copy(settings: Settings) -> None:
    """Copy the database where the last such copy is a day old; the newest five are kept.

    The studio starts all the same where that is impossible.
    """
    if not settings.database_path.exists():
        return
    copies = sorted(settings.backups_dir.glob(f"{DAILY}*.db"))
    if copies and time.time() - copies[-1].stat().st_mtime < DAILY_SECONDS:
        return
    try:
        keep_copy(settings, free_name(settings.backups_dir / f"{DAILY}{stamp()}.db"))
    except WorkFailed as error:
        logger.warning(error.message)
        return
    for old in copies[: max(0, len(copies) + 1 - DAILY_KEPT)]:
        old.unlink(missing_ok=True)


def refuse_damaged(settings: Settings) -> None:
    """Put a damaged database aside and raise Damaged, which says how to go on; for the one that serves."""
    why = find_damage(settings.database_path)
    if why is None:
        return
    aside = set_aside(settings.database_path, "damaged")
    again = (
        "Or start the studio again: it begins with a new database and enters the datasets and models "
        "it finds. "
        f"Do it with: {command_for(settings, 'serve')}"
    )
    backup = newest_backup(settings)
    back = (
        f"Bring back the newest backup with: {command_for(settings, 'restore', '--from', str(backup))}"
        if backup
        else "There is no backup of it."
    )
    raise Damaged(
        f"The database of this studio is damaged ({why}). It was put aside as {aside}; "
        "datasets and models are untouched.",
        f"{back}\n{again}",
    )


def newest_backup(settings: Settings) -> Path | None:
    """The newest file among the automatic backups."""
    found = [path for path in settings.backups_dir.glob("[!.]*") if path.suffix in {".db", ".zip"}]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def command_for(settings: Settings, *words: str) -> str:
    """A command on this home, ready to copy."""
    return shlex.join(["python", "-m", "studio", "--home", str(settings.home), *words])
