"""Bringing a backup back: all of it is checked before anything of the home is touched."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.database import make_engine
from jobs.durable import temporary_name
from jobs.queue import Queue
from jobs.restoring import move_paths, settle_restored
from jobs.store import Store
from studio.errors import Conflict, Damaged, StudioError, WorkFailed
from studio.keeping.adoption import adopt, drop_rows_without_files
from studio.keeping.archive import DATABASE, ROOMS, Progress, open_archive
from studio.keeping.database import check_pages, copy_database, free_name, has_wrong_start, stamp
from studio.keeping.lock import hold_home
from studio.keeping.opening import open_database, upgrade
from studio.keeping.swapping import finish_swap, is_swap_pending, swap_in
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.records.schema import writing
from studio.settings import Settings

CHECK_SECONDS = 600.0
KEPT_WITHOUT = "checkpoints"  # stays where it is if the backup has none: they belong to no studio


@dataclass(frozen=True)
class RestoreRequest:
    """What is wanted: ``replace`` allows that a studio is there, which is then moved to a folder beside."""

    source: Path
    replace: bool = False


@dataclass(frozen=True)
class Restored:
    """What a restore brought back; ``set_aside`` is where the former content is now."""

    home: str
    datasets: int
    models: int
    unfinished_jobs: int
    seconds: float
    set_aside: str | None

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        return asdict(self)


def restore(settings: Settings, request: RestoreRequest, progress: Progress) -> Restored:
    """Bring back a backup, or a copy of the database alone; jobs that ran wait again and are resumed.

    Raises InvalidInput where the file is no backup, Damaged where it is not as it was written, Conflict where
    the home is in use, has a studio, or a later version made the backup; the home is then as it was.
    """
    started = time.monotonic()
    with no_empty_home(settings), hold_home(settings):
        finish_swap(settings.home)
        refuse_use(settings, request)
        staged = temporary_name(settings.home / "restored")
        staged.mkdir()
        try:
            names = stage(settings, request, staged, progress)
            counted = settle(settings, staged, whole="datasets" in names)
            refuse_use(settings, request)  # again, as unpacking may have taken long
            aside = free_name(settings.home / f"before-restore-{stamp()}")
            swap_in(settings.home, staged, aside, names)
        except OSError as error:
            raise WorkFailed(
                f"The backup could not be brought back: {error.strerror or error}.",
                "Check that the disk has room and that the studio's folder may be written to.",
            ) from error
        finally:
            if not is_swap_pending(settings.home):
                shutil.rmtree(staged, ignore_errors=True)
    kept = str(aside) if aside.exists() else None
    return Restored(
        str(settings.home), **counted, seconds=round(time.monotonic() - started, 3), set_aside=kept
    )


@contextmanager
def no_empty_home(settings: Settings) -> Iterator[None]:
    """Where a restore is refused, take away the folders that were made for it, and its lock."""
    missing = [path for path in (*settings.home.parents, *settings.folders) if not path.exists()]
    try:
        yield
    except StudioError:
        if settings.home in missing:
            settings.lock_path.unlink(missing_ok=True)
        for folder in sorted(missing, key=lambda path: len(path.parts), reverse=True):
            with suppress(OSError):  # something else has been put there meanwhile
                folder.rmdir()
        raise


def refuse_use(settings: Settings, request: RestoreRequest) -> None:
    """Raise Conflict where a worker is at work, or where something is there that may not be replaced."""
    rooms = (settings.datasets_dir, settings.models_dir, settings.jobs_dir)
    occupied = has_rows(settings)
    if not is_database(request.source):
        occupied = occupied or any(any(room.iterdir()) for room in rooms)
    if occupied and not request.replace:
        raise Conflict(
            f"There is a studio in {settings.home} already.",
            "Choose another --home. Or add --force: what is there now is kept in a folder of that home.",
        )


def has_rows(settings: Settings) -> bool:
    """Whether the home's database holds anything, or cannot be read; Conflict where a worker uses it."""
    if not settings.database_path.exists():
        return False
    try:
        engine = open_database(settings)
    except StudioError:
        return True  # of a later version, or damaged
    try:
        queue = Queue(Store(engine), settings.jobs_dir)
        for worker in queue.workers():
            if worker.alive:
                raise Conflict(
                    f"A worker is at work in {settings.home} ({worker.id}).",
                    "Stop it first, or choose another --home.",
                )
        return bool(DatasetStore(engine).ids() or ModelStore(engine).list() or queue.jobs(limit=1))
    finally:
        engine.dispose()


def is_database(path: Path) -> bool:
    """Whether a file is a copy of a database and no archive."""
    return path.is_file() and path.stat().st_size > 0 and not has_wrong_start(path)


def stage(settings: Settings, request: RestoreRequest, staged: Path, progress: Progress) -> list[str]:
    """Unpack into ``staged`` with every hash checked; the names there that are to replace the home's."""
    if is_database(request.source):
        copy_database(request.source, staged / DATABASE)
        return [DATABASE]
    with open_archive(request.source) as archive:
        archive.require_room(settings.home)
        archive.unpack(staged, progress)
        old_home = archive.manifest.home
    names = [room for room in ROOMS if room != KEPT_WITHOUT or (staged / room).exists()]
    for room in names:
        (staged / room).mkdir(exist_ok=True)
    engine = make_engine(f"sqlite:///{staged / DATABASE}")
    try:
        upgrade(engine)
        with writing(engine) as connection:
            move_paths(connection, old_home, str(settings.home))
    finally:
        engine.dispose()
    return [*names, DATABASE]


def settle(settings: Settings, staged: Path, *, whole: bool) -> dict[str, int]:
    """Make the staged database one that nobody works with; what is in it, counted.

    Where it comes without folders (``whole`` is False), it is made to agree with those of the home.
    """
    path = staged / DATABASE
    why = check_pages(path, "integrity_check", CHECK_SECONDS)
    if why is not None:
        raise Damaged(f"The database of the backup is damaged ({why}).", "Choose another backup.")
    engine = make_engine(f"sqlite:///{path}")
    try:
        upgrade(engine)
        with writing(engine) as connection:
            settle_restored(connection, time.time())
        if not whole:
            drop_rows_without_files(settings, engine)
            adopt(settings, engine)
        return {
            "datasets": len(DatasetStore(engine).ids()),
            "models": len(ModelStore(engine).list()),
            "unfinished_jobs": len(Queue(Store(engine), settings.jobs_dir).unfinished()),
        }
    finally:
        engine.dispose()
