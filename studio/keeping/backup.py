"""One file with everything people made: database, datasets, models, logs and what unfinished jobs need."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from jobs.database import make_engine
from jobs.durable import replacing, temporary_name
from jobs.queue import JobView, Queue
from jobs.restoring import known_ids
from jobs.store import Store
from studio import __version__
from studio.errors import Conflict, Damaged, InvalidInput, NotFound, WorkFailed
from studio.keeping.archive import DATABASE, ArchiveWriter, Manifest, Progress
from studio.keeping.database import BESIDE, check_pages, copy_database
from studio.keeping.opening import upgrade
from studio.keeping.sweep import UNFINISHED
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.settings import Settings

CHECK_SECONDS = 600.0
FILES_AT_ONCE = 100
TRIES, PAUSE_SECONDS = 20, 0.1
SNAPSHOTS = "snapshots"
CHECKPOINTS = ("hub", "converted")


@dataclass(frozen=True)
class BackupRequest:
    """What is wanted: ``with_checkpoints`` takes along what could be fetched again."""

    to: Path
    with_checkpoints: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class BackupMade:
    """What a backup holds; ``left_out`` are sentences about rows whose files were not there."""

    path: str
    size_bytes: int
    files: int
    datasets: int
    models: int
    jobs: int
    seconds: float
    left_out: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        return {**asdict(self), "left_out": list(self.left_out)}


def back_up(settings: Settings, request: BackupRequest, progress: Progress) -> BackupMade:
    """Write a backup while the studio may be at work; the file appears whole or not at all.

    Raises NotFound where the home has no studio, Conflict where the file is there already, Damaged for a
    damaged database, WorkFailed where the disk is full.
    """
    started = time.monotonic()
    check_place(settings, request)
    try:
        with replacing(request.to) as waiting, copied_database(settings, request.to) as copy:
            made = write_archive(settings, request, waiting, copy, progress)
    except OSError as error:
        raise WorkFailed(
            f"The backup could not be written to {request.to}: {error.strerror or error}.",
            "Check that the disk has room and that you may write there.",
        ) from error
    size, seconds = request.to.stat().st_size, round(time.monotonic() - started, 3)
    return BackupMade(str(request.to), size, seconds=seconds, **made)


def check_place(settings: Settings, request: BackupRequest) -> None:
    """Raise the error of a backup that cannot be made or has no place."""
    if not settings.database_path.exists():
        raise NotFound(f"There is no studio in {settings.home}.", "Choose its folder with --home.")
    if not request.to.absolute().parent.is_dir() or request.to.is_dir():
        raise InvalidInput(
            f"{request.to} is no place for a file.",
            "Name a file in a folder that exists, such as studio.zip.",
        )
    if request.to.exists() and not request.overwrite:
        raise Conflict(f"There is already a file {request.to}.", "Choose another name, or add --force.")


@contextmanager
def copied_database(settings: Settings, beside: Path) -> Iterator[Path]:
    """A copy of the database as it is now, in this version's tables, for as long as the block lasts."""
    copy = temporary_name(beside.with_name(DATABASE))
    try:
        copy_database(settings.database_path, copy)
        why = check_pages(copy, "quick_check", CHECK_SECONDS)
        if why is not None:
            raise Damaged(
                f"The database is damaged ({why}), so that there is nothing to back up.",
                "Stop the studio and start it again: it says how to go on.",
            )
        yield copy
    finally:
        for path in (copy, *(Path(f"{copy}{ending}") for ending in BESIDE)):
            path.unlink(missing_ok=True)


def write_archive(
    settings: Settings, request: BackupRequest, waiting: Path, copy: Path, progress: Progress
) -> dict[str, Any]:
    """Write the archive; what is in it, counted."""
    moment = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    manifest = Manifest(__version__, moment, str(settings.home))
    engine = make_engine(f"sqlite:///{copy}")
    with closing(ArchiveWriter(waiting, manifest)) as archive, ExitStack() as stack:
        stack.callback(engine.dispose)
        upgrade(engine)
        contents = Contents(settings, engine, archive, request.with_checkpoints)
        archive.follow(progress, contents.measure() + copy.stat().st_size)
        counted = contents.write()
        engine.dispose()  # what was changed in the copy is in its one file now
        with copy.open("rb") as file:
            archive.add(DATABASE, file, copy.stat().st_size)
        archive.finish()
    return {**counted, "files": len(manifest.files)}


class Contents:
    """What of a home belongs into a backup, by the rows of a copied database.

    Rows whose files are not there (any more) are deleted in the copy, so that both agree.
    """

    def __init__(
        self, settings: Settings, engine: Engine, archive: ArchiveWriter, with_checkpoints: bool
    ) -> None:
        self._home = settings.home
        self._settings = settings
        self._archive = archive
        self._datasets, self._models = DatasetStore(engine), ModelStore(engine)
        queue = Queue(Store(engine), settings.jobs_dir)
        self._unfinished = queue.unfinished()
        with engine.connect() as connection:
            self._jobs = known_ids(connection)
        self._with_checkpoints = with_checkpoints

    def measure(self) -> int:
        """Bytes of the files there are now."""
        folders = [self._settings.datasets_dir / name for name in self._datasets.ids()]
        folders += [self._settings.models_dir / model.id for model in self._models.list()]
        files = [path for folder in [*folders, *self._others()] for path in files_of(folder)]
        for job in self._unfinished:
            files += files_of(self._snapshots_of(job), skipped=())
        return sum(size_of(path) for path in files)

    def write(self) -> dict[str, Any]:
        """Write all files; how many datasets, models and jobs there are, and what was left out."""
        left_out = []
        for dataset_id in sorted(self._datasets.ids()):
            dataset = self._datasets.by_id(dataset_id)
            if dataset and not self._add(self._settings.datasets_dir / dataset_id):
                self._datasets.delete_version(dataset_id)
                left_out.append(f"The files of the dataset '{dataset.address}' are not there.")
        for model in self._models.list():
            if not self._add(self._settings.models_dir / model.id):
                self._models.delete(model.name)
                left_out.append(f"The files of the model '{model.name}' are not there.")
        for folder in self._others():
            self._add(folder)
        for job in self._unfinished:
            if not self._add_snapshots(self._snapshots_of(job)):
                left_out.append(f"The snapshots of '{job.title}' changed all the time: it would start anew.")
        return {
            "datasets": len(self._datasets.ids()),
            "models": len(self._models.list()),
            "jobs": len(self._jobs),
            "left_out": tuple(left_out),
        }

    def _snapshots_of(self, job: JobView) -> Path:
        return self._settings.jobs_dir / job.id / SNAPSHOTS

    def _others(self) -> Iterator[Path]:
        """Folders and files beside datasets, models and snapshots."""
        yield from sorted(self._settings.jobs_dir / job_id for job_id in self._jobs)
        yield from sorted({path for job in self._unfinished for path in self._uploads_of(job.payload)})
        if self._with_checkpoints:
            yield from (self._settings.checkpoints_dir / name for name in CHECKPOINTS)

    def _uploads_of(self, value: Any) -> Iterator[Path]:
        """The files and folders among the uploads that a payload names."""
        if isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from self._uploads_of(one)
        elif isinstance(value, str) and value.startswith(f"{self._settings.uploads_dir}/"):
            yield Path(value)

    def _add(self, folder: Path) -> bool:
        """Write the files of a folder; False, and none of them counts, where it is gone at the end."""
        files = files_of(folder)
        for start in range(0, len(files), FILES_AT_ONCE):
            self._write_together(files[start : start + FILES_AT_ONCE])
        if folder.exists():
            return True
        self._archive.forget([self._name_of(path) for path in files])
        return False

    def _add_snapshots(self, folder: Path) -> bool:
        """Write snapshots as they are at one moment: a training that replaces them does not part them.

        False where no such moment was met.
        """
        for _ in range(TRIES):
            if self._write_together(files_of(folder, skipped=()), all_or_none=True):
                return True
            time.sleep(PAUSE_SECONDS)
        return False

    def _write_together(self, paths: list[Path], *, all_or_none: bool = False) -> bool:
        """Open files at once, so that each is written even where it is deleted meanwhile."""
        with ExitStack() as stack:
            opened = []
            for path in paths:
                try:
                    opened.append((path, stack.enter_context(path.open("rb"))))
                except FileNotFoundError:
                    if all_or_none:
                        return False
            for path, file in opened:
                self._archive.add(self._name_of(path), file, file.seek(0, 2))
        return True

    def _name_of(self, path: Path) -> str:
        return path.relative_to(self._home).as_posix()


def files_of(place: Path, skipped: Collection[str] = (SNAPSHOTS,)) -> list[Path]:
    """A file itself, or those below a folder that are not half-written; ``skipped`` are names of folders."""
    if place.is_file():
        return [place]
    found: list[Path] = []
    try:
        entries = sorted(place.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    for path in entries:
        if path.name.endswith(UNFINISHED) or path.is_symlink() or path.name in skipped:
            continue
        found += files_of(path, skipped)
    return found


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
