"""What ended jobs leave on the disk beside their results, and its removal."""

from __future__ import annotations

import shutil

from jobs.queue import Queue, UnknownJob
from jobs.states import TERMINAL
from studio.files import GONE, remove_folder
from studio.records.models import ModelStore
from studio.settings import Settings


class Leftovers:
    """Snapshots of ended jobs, and folders of models that never came to be."""

    def __init__(self, settings: Settings, queue: Queue, models: ModelStore) -> None:
        self._settings = settings
        self._queue = queue
        self._models = models

    def remove_all(self) -> None:
        """Remove those of every ended job; folders that no job of this home has made stay as they are."""
        for folder in self._settings.models_dir.glob(GONE):
            shutil.rmtree(folder, ignore_errors=True)
        made = {path.name for path in self._settings.models_dir.iterdir()}
        made |= {path.parent.name for path in self._settings.jobs_dir.glob("*/snapshots")}
        for job_id in made:
            self.remove_of(job_id)

    def remove_of(self, job_id: str) -> None:
        """Remove those of one job, where it has ended."""
        # In this order: the end of a job and the record of its model are written together.
        if not self._has_ended(job_id):
            return
        if self._models.by_id(job_id) is None:
            remove_folder(self._settings.models_dir / job_id)
        remove_folder(self._settings.jobs_dir / job_id / "snapshots")

    def _has_ended(self, job_id: str) -> bool:
        try:
            return self._queue.get(job_id).state in TERMINAL
        except UnknownJob:
            return False
