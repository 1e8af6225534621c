"""What ended jobs and killed processes leave on the disk beside their results, and its removal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.queue import JobView, Queue, UnknownJob
from jobs.states import ACTIVE, TERMINAL
from studio.data.library import Library
from studio.errors import Diverged
from studio.files import remove_folder
from studio.keeping.sweep import find_unfinished, sweep, walk_unfinished
from studio.prediction.forms import COMPILED
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.settings import Settings

DIVERGED_KEPT = timedelta(days=7)  # how long what a training was before it went wrong can be looked at


class Leftovers:
    """Snapshots of ended jobs, models, forms and datasets that never came to be, and what is half-written.

    Nothing that a living process works on is taken, so that any process may remove them at any time.
    """

    def __init__(self, settings: Settings, queue: Queue) -> None:
        self._settings = settings
        self._queue = queue
        self._models = ModelStore(queue.store.engine)
        self._datasets = DatasetStore(queue.store.engine)

    def remove_all(self) -> None:
        """Remove those of the whole home; folders that the studio has not made stay as they are."""
        self._sweep(find_unfinished(self._settings.home))
        Library(self._settings.datasets_dir).sweep(self._datasets.ids())
        made = {path.name for path in self._settings.models_dir.iterdir()}
        made |= {path.parent.name for path in self._settings.jobs_dir.glob("*/snapshots")}
        made |= {path.name for path in self._settings.models_dir.glob(f"*/{COMPILED}/*")}
        for job_id in made:
            self.remove_of(job_id)

    def remove_of(self, job_id: str) -> None:
        """Remove those of one job, where it has ended, and datasets that its process did not finish."""
        self._sweep(walk_unfinished(self._settings.datasets_dir))
        # In this order: the end of a job and the record of its model are written together.
        job = self._find(job_id)
        if job is None or job.state not in TERMINAL:
            return
        model, work = self._settings.models_dir / job_id, self._settings.jobs_dir / job_id
        if self._models.by_id(job_id) is None:
            remove_folder(model)
        if not is_kept(job):
            remove_folder(work / "snapshots")
        self._remove_forms(str(job.payload.get("model_id", "")))
        self._sweep([*walk_unfinished(model), *walk_unfinished(work)])

    def _remove_forms(self, model_id: str) -> None:
        """Remove the compiled forms of a model that it does not answer by, but those that are being made."""
        forms = self._settings.models_dir / model_id / COMPILED
        self._sweep(walk_unfinished(forms))
        # In this order: the end of a job and what the model answers by are written together.
        ended = [folder for folder in forms.glob("[!.]*") if self._has_ended(folder.name)]
        model = self._models.by_id(model_id)
        for folder in ended:
            if model is not None and (model.compiled is None or model.compiled.id != folder.name):
                remove_folder(folder)

    def _has_ended(self, job_id: str) -> bool:
        job = self._find(job_id)
        return job is not None and job.state in TERMINAL

    def _sweep(self, unfinished: Iterable[Path]) -> None:
        sweep(unfinished, self._settings.home, self._is_settled)

    def _is_settled(self, job_id: str) -> bool:
        job = self._find(job_id)
        return job is not None and job.state not in ACTIVE

    def _find(self, job_id: str) -> JobView | None:
        try:
            return self._queue.get(job_id)
        except UnknownJob:
            return None


def is_kept(job: JobView) -> bool:
    """Whether the snapshots of an ended job stay for now: those from before its loss went wrong."""
    diverged = job.error is not None and job.error.code == Diverged.code
    return diverged and job.finished_at is not None and datetime.now(UTC) - job.finished_at < DIVERGED_KEPT
