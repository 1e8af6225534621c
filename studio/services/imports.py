"""Imports that take longer than a moment: queued, followed, and explained where they fail."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from dataclasses import replace
from pathlib import Path

from jobs.queue import JobView, NewJob, Queue
from jobs.states import TERMINAL, JobState
from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest
from studio.data.problems import Problem, read_problems
from studio.errors import Conflict, InvalidInput
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.names import check_name
from studio.services.profiles import LANE, needs_profile, profile_job
from studio.settings import Settings

IMPORT = "import"
LARGE_BYTES = 16 * 1024 * 1024
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")  # zip and workbooks, gzip, bzip2, xz
UNPACKED_TIMES = 5
KEPT = "tables"  # folder of uploads that jobs read
KEPT_SECONDS = 86_400.0


class ImportService:
    """The verbs on imports in the background."""

    def __init__(self, settings: Settings, datasets: DatasetService, jobs: JobService) -> None:
        self._settings = settings
        self._datasets = datasets
        self._jobs = jobs

    def is_large(self, *paths: Path | None) -> bool:
        """Whether reading and checking the files takes so long that it belongs into the background."""
        return sum(weigh(path) for path in paths if path) > LARGE_BYTES

    def start(self, request: ImportRequest) -> JobView:
        """Queue an import; the files are kept until it has ended.

        Raises InvalidInput for a name that no dataset can have, Conflict where it is taken or soon will be.
        """
        check_name(request.name, "dataset")
        waiting = {job.payload.get("dataset") for job in self._jobs.unfinished() if job.kind == IMPORT}
        if request.name in waiting | {dataset.name for dataset in self._datasets.list()}:
            raise Conflict(
                f"There is a dataset '{request.name}' already, or an import that makes it.",
                "Choose another name, or delete that one first.",
            )
        kept = keep_files(self._settings.uploads_dir / KEPT, request)
        return self._jobs.submit(
            NewJob(
                kind=IMPORT,
                handler="studio.table_handlers.import_table",
                payload={
                    "home": str(self._settings.home),
                    "dataset": request.name,
                    "request": kept.to_json(),
                    "folder": str(kept.path.parent.parent),
                },
                lane=LANE,
                title=f"Import {request.file_name or request.path.name} as {request.name}",
            )
        )

    def run(self, request: ImportRequest) -> Dataset:
        """As DatasetService.import_file, in another process; blocks until it has ended.

        Raises InvalidInput with all problems where rows have errors, WorkFailed for any other failure.
        """
        job = self._jobs.wait(self.start(request).id)
        problems = self.problems(job.id)
        if job.state == JobState.FAILED and job.error and any(one.severity == "error" for one in problems):
            raise InvalidInput(job.error.message, job.error.hint, problems=problems)
        return self._datasets.get(str(self._jobs.wait_for_success(job.id).payload["dataset"]))

    def problems(self, job_id: str) -> tuple[Problem, ...]:
        """What an import found so far; empty where it has not come that far."""
        return read_problems(self._settings.jobs_dir / self._jobs.get(job_id).id)


class ImportFollowUp:
    """What is to be done once an import has ended; for the worker, which calls it after every job."""

    def __init__(self, settings: Settings, queue: Queue) -> None:
        self._settings = settings
        self._queue = queue

    def after(self, job_id: str) -> None:
        """Do it for one job, and sweep."""
        job = self._queue.get(job_id)
        if job.kind == IMPORT and job.state in TERMINAL:
            self._follow_up(job)
            self.sweep()

    def _follow_up(self, job: JobView) -> None:
        """Queue the closer look at a large table, then delete the files of an import that did its work."""
        result = job.result or {}
        if needs_profile(result.get("rows", 0)):
            made = profile_job(self._settings.home, result["dataset_id"], result["dataset"])
            self._queue.submit(made)
        if job.state != JobState.FAILED:
            shutil.rmtree(job.payload["folder"], ignore_errors=True)

    def sweep(self) -> None:
        """See to kept files that nobody needs: of imports whose worker was killed before it could, and
        those that are a day old and that no waiting or running job needs.
        """
        kept = list((self._settings.uploads_dir / KEPT).glob("*"))
        if not kept:
            return
        imports = [*self._queue.jobs(kinds=[IMPORT]), *self._queue.unfinished()]
        owners = {job.payload.get("folder"): job for job in imports if job.kind == IMPORT}
        oldest = time.time() - KEPT_SECONDS
        for folder in kept:
            owner = owners.get(str(folder))
            if owner is not None and owner.state in TERMINAL - {JobState.FAILED}:
                self._follow_up(owner)
            elif (owner is None or owner.state in TERMINAL) and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def weigh(path: Path) -> int:
    """Bytes to be read of a file or folder; what is packed counts as several times its size."""
    if path.is_dir():
        return sum(weigh(each) for each in path.rglob("*") if each.is_file())
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        packed = file.read(6).startswith(PACKED)
    return path.stat().st_size * (UNPACKED_TIMES if packed else 1)


def keep_files(folder: Path, request: ImportRequest) -> ImportRequest:
    """The request on copies of its files, each under its own name in a new folder of ``folder``."""
    own = folder / uuid.uuid4().hex
    copies = {
        field: keep_file(own / field, path)
        for field in ("path", "validation", "test", "labels_file")
        if (path := getattr(request, field)) is not None
    }
    return replace(request, file_name=request.file_name or request.path.name, **copies)


def keep_file(folder: Path, path: Path) -> Path:
    """A copy of a file or folder; a link where the disk can, which outlives the upload just as well."""
    folder.mkdir(parents=True)
    kept = folder / path.name
    if path.is_dir():
        shutil.copytree(path, kept)
        return kept
    try:
        os.link(path, kept)
    except OSError:
        shutil.copyfile(path, kept)
    return kept
