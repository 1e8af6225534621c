"""The database as a file: whether it is sound, a copy of it while it is used, and its setting aside."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from jobs.durable import rename, replacing
from studio.errors import Damaged, WorkFailed

BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a database that is in use
QUICK_SECONDS, THOROUGH_SECONDS = 10.0, 120.0
STEPS_BETWEEN_LOOKS = 20_000
BUSY_SECONDS = 20.0


def connect(path: Path) -> sqlite3.Connection:
    """Open a database that is there; reading alone changes nothing but the files beside it."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY_SECONDS)


def has_wrong_start(path: Path) -> bool:
    """Whether a file that is not empty cannot be a database.

    SQLite itself looks, at this file alone. Whoever closes a file of his own takes from the connections of
    his process their locks on it (https://www.sqlite.org/howtocorrupt.html, 2.2): another process then
    removes the log from under them.
    """
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode == sqlite3.SQLITE_NOTADB
    return False


def find_damage(path: Path) -> str | None:
    """What is wrong with a database file, as a clause; None where it is sound, or is not there.

    After an unclean end every page is read, else the check is quicker; each stops where it takes too long.
    """
    if not path.exists():
        return None
    if has_wrong_start(path):
        return "it does not begin as a database does"
    if ended_in_disorder(path):
        return check_pages(path, "integrity_check", THOROUGH_SECONDS)
    return check_pages(path, "quick_check", QUICK_SECONDS)


def ended_in_disorder(path: Path) -> bool:
    """Whether somebody who wrote to a database did not close it, or has it open still."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def check_pages(path: Path, check: str, seconds: float) -> str | None:
    """What ``integrity_check`` or ``quick_check`` finds first; None where that is nothing within the time."""
    deadline = time.monotonic() + seconds
    with closing(connect(path)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
        try:
            found = str(connection.execute(f"PRAGMA {check}(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            raise
    return None if found == "ok" else found.splitlines()[-1]


def is_damage(error: BaseException | None) -> bool:
    """Whether an error says that the file itself is not as SQLite left it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def copy_database(source: Path, to: Path) -> None:
    """Copy a database as it is at one moment, while others go on writing to it; one whole file.

    Raises Damaged where it cannot be read, WorkFailed where there is no room for the copy.
    """
    try:
        with (
            replacing(to) as waiting,
            closing(connect(source)) as old,
            closing(sqlite3.connect(waiting)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
    except (OSError, sqlite3.Error) as error:
        if is_damage(error):
            raise Damaged(
                f"The database {source} is damaged ({error}).",
                "Use another copy of it. If it is the studio's own, start the studio: it says how to go on.",
            ) from error
        raise WorkFailed(
            f"The database {source} could not be copied to {to} ({error}).",
            "Check that the disk has room and that you may write there.",
        ) from error


def set_aside(path: Path, why: str) -> Path:
    """Give a database and what is beside it other names in its folder; the new name of the database."""
    aside = free_name(path.with_name(f"{path.name}.{why}-{stamp()}"))
    # What is beside it first: a new database under the old name must never meet the log of this one.
    for ending in BESIDE:
        if Path(f"{path}{ending}").exists():
            rename(Path(f"{path}{ending}"), Path(f"{aside}{ending}"))
    rename(path, aside)
    return aside


def stamp() -> str:
    """The time now in UTC, as names of files carry it: 20261126T081500Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def free_name(path: Path) -> Path:
    """The path, or one with -2, -3 ... behind its stem where that is taken."""
    free, number = path, 2
    while free.exists():
        free, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return free
