"""Predictions: of a few rows at once, or of a whole file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from jobs.queue import JobView, NewJob
from studio.data.writings import Strange, Writings
from studio.errors import Conflict, InvalidInput, StudioError
from studio.prediction.answers import Answerer
from studio.prediction.pool import ModelState, PredictorPool
from studio.prediction.reading import Reading
from studio.prediction.tables import FileRequest, PredictedFile, predict_file
from studio.records.models import ModelRecord
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService
from studio.settings import Settings
from studio.tasks.base import Row, text_of
from studio.tasks.registry import get_task, title_of

WRITINGS_SAMPLE = 5000  # rows


class PredictionService:
    """The verbs on predictions; the model runs in a process of its own."""

    def __init__(
        self,
        settings: Settings,
        datasets: DatasetService,
        models: ModelService,
        jobs: JobService,
        pool: PredictorPool,
    ) -> None:
        self._settings = settings
        self._datasets = datasets
        self._models = models
        self._jobs = jobs
        self._pool = pool
        self._writings = lru_cache(maxsize=32)(self._look_at_writings)

    def predict(self, model_name: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """One answer per row, as the model's task gives it; a row has what each of its roles takes.

        Raises InvalidInput where a text is missing, or stands in a role that the model does not read.
        """
        return self.answer(self._models.get(model_name), rows)

    def answer(self, model: ModelRecord, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """As ``predict``, of a model whose record has been read."""
        return self._pool.predict(self._folder(model), check_rows(rows, model))

    def read(self, model_name: str, rows: Sequence[Mapping[str, Any]]) -> list[list[Reading]]:
        """What the model reads of each row: its tokens and what is cut. Rows and errors as of ``predict``."""
        model = self._models.get(model_name)
        return self._pool.read(self._folder(model), check_rows(rows, model))

    def find_strange(self, model_name: str, row: Row) -> Strange | None:
        """What a row is written in where the model learnt from hardly any such texts.

        None where it learnt from others like it, where that is not clear, or its dataset is gone.
        """
        try:
            writings = self._writings(self._models.get(model_name).dataset_id)
        except (StudioError, OSError):  # an answer is worth more than what there is to say of its text
            return None
        return writings.find_strange(text_of(row))

    def _look_at_writings(self, dataset_id: str) -> Writings:
        rows = self._datasets.glimpse(dataset_id, "train", WRITINGS_SAMPLE)
        return Writings.of([text_of(row) for row in rows])

    def state(self, model_name: str) -> ModelState:
        """Whether the model is in memory: cold, loading or ready."""
        return self._pool.state(self._folder(self._models.get(model_name)))

    def warm(self, model_name: str) -> None:
        """Have the model loaded; does not wait."""
        self._pool.warm(self._folder(self._models.get(model_name)))

    def predict_file(
        self, model_name: str, source: Path, out: Path, progress: Callable[[int, int], None] | None = None
    ) -> PredictedFile:
        """Write the file with predictions added. Conflict where ``out`` exists."""
        model = self._models.get(model_name)
        task = get_task(model.task)
        folder = self._folder(model)
        request = FileRequest(source=source, to=out, likely=self.likely_columns(model))

        def ask(rows: list[Row], tell: Callable[[int], None]) -> np.ndarray:
            return task.recode(self._pool.predict(folder, rows, progress=tell), model.labels, rows)

        answerer = Answerer(tuple(model.labels), ask, roles=model.roles, task=task)
        return predict_file(request, answerer, progress)

    def _folder(self, model: ModelRecord) -> Path:
        """What answers for a model; where that is its compiled form, the plain one leaves the memory."""
        folder, plain = self._models.answering_folder(model), self._models.folder_of(model)
        if folder != plain and self._pool.state(plain) == "ready":
            self._pool.forget(plain)
        return folder

    def likely_columns(self, model: ModelRecord) -> dict[str, str]:
        """What the columns that a model reads were called where it was trained, by their roles."""
        dataset = self._datasets.by_id(model.dataset_id)
        return {role: dataset.roles[role] for role in model.roles if role in dataset.roles} if dataset else {}

    def start_file(
        self, model_name: str, source: Path, file_name: str, columns: Mapping[str, str] | None = None
    ) -> JobView:
        """Queue the prediction of a file that stays where it is; the job's result names the file it made.

        The job may be paused: what it has answered is kept, and not answered again. ``columns`` are those
        of the roles that a person chose; the others are found as ``predict_file`` finds them.
        """
        model = self._models.get(model_name)
        return self._jobs.submit(
            NewJob(
                kind="predict",
                handler="studio.handlers.predict_table_file",
                payload={
                    "home": str(self._settings.home),
                    "model_id": model.id,
                    "model": model.name,
                    "form_id": model.compiled.id if model.compiled else None,
                    "source": str(source),
                    "roles": list(model.roles),
                    "columns": dict(columns or {}),
                    "likely": self.likely_columns(model),
                    "file_name": file_name,
                },
                lane="light",
                resumable=True,
                title=f"Predict {file_name} with {model.name}",
            )
        )

    def file_of(self, job_id: str, *, guarded: bool = False) -> Path:
        """The file that a finished prediction job made.

        ``guarded``: that with a ' before cells that a spreadsheet would run, where there are any.
        """
        result = self._jobs.get(job_id).result or {}
        if "file" not in result:
            raise Conflict("The file is not ready yet.", "Wait until its job has succeeded.")
        name = (result.get("guarded") if guarded else None) or result["file"]
        return self._settings.jobs_dir / job_id / str(name)


def check_rows(rows: Sequence[Mapping[str, Any]], model: ModelRecord) -> list[dict[str, str]]:
    """As ``check_row``, for each row; the error names the row where there are several."""
    checked = []
    for number, row in enumerate(rows):
        try:
            checked.append(check_row(row, model))
        except InvalidInput as error:
            place = f"Input {number:,}, counted from 0: " if len(rows) > 1 else ""
            raise InvalidInput(place + error.message, error.hint) from error
    return checked


def check_row(row: Mapping[str, Any], model: ModelRecord) -> dict[str, str]:
    """What a model reads, in its order of roles and as a dataset keeps it; what no task knows is left out.

    Raises InvalidInput where something is missing, cannot be read, or is not read by this model; the hint
    names what was left out, which may be a role misspelt.
    """
    task = get_task(model.task)
    unknown = [f"'{name[:40]}'" for name in row if name not in task.asked_roles][:5]
    left_out = f"; not read: {', '.join(unknown)}" if unknown else ""
    reads = f"'{model.name}' reads {' and '.join(model.roles)}{left_out}."
    for role in model.roles:
        if not str(row.get(role, "")).strip():
            verb = "are" if task.role(role).least else "is"
            raise InvalidInput(f"There {verb} no {title_of(role)} to predict.", reads)
    for role in task.asked_roles:
        if role in row and role not in model.roles:
            raise InvalidInput(f"'{model.name}' does not read a {title_of(role)}.", reads)
    return {role: task.role(role).read(row[role]) for role in model.roles}
