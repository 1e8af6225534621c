"""Predictions: of a few texts at once, or of a whole file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jobs.queue import JobView, NewJob
from studio.errors import Conflict, InvalidInput
from studio.prediction.answers import Answerer, array_of
from studio.prediction.pool import ModelState, PredictorPool
from studio.prediction.tables import FileRequest, PredictedFile, predict_file
from studio.records.models import ModelRecord
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService
from studio.settings import Settings


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

    def predict(self, model_name: str, texts: list[str]) -> list[dict[str, Any]]:
        """One {label, confidence, probabilities: {label: p}} per text."""
        if any(not text.strip() for text in texts):
            raise InvalidInput("There is no text to predict.", "Write a text first.")
        return self._pool.predict(self._folder(model_name), texts)

    def state(self, model_name: str) -> ModelState:
        """Whether the model is in memory: cold, loading or ready."""
        return self._pool.state(self._folder(model_name))

    def warm(self, model_name: str) -> None:
        """Have the model loaded; does not wait."""
        self._pool.warm(self._folder(model_name))

    def predict_file(
        self, model_name: str, source: Path, out: Path, progress: Callable[[int, int], None] | None = None
    ) -> PredictedFile:
        """Write the file with predictions added. Conflict where ``out`` exists."""
        model = self._models.get(model_name)
        folder = self._folder(model_name)
        request = FileRequest(source=source, to=out, likely_columns=self._text_columns(model))

        def ask(texts: list[str], tell: Callable[[int], None]) -> np.ndarray:
            return array_of(self._pool.predict(folder, texts, progress=tell), model.labels)

        return predict_file(request, Answerer(tuple(model.labels), ask), progress)

    def _folder(self, model_name: str) -> Path:
        """What answers for a model; where that is its compiled form, the plain one leaves the memory."""
        model = self._models.get(model_name)
        folder, plain = self._models.answering_folder(model), self._models.folder_of(model)
        if folder != plain and self._pool.state(plain) == "ready":
            self._pool.forget(plain)
        return folder

    def _text_columns(self, model: ModelRecord) -> list[str]:
        """What the text column was called where the model was trained."""
        return [column for column in [self._datasets.text_column(model.dataset_id)] if column]

    def start_file(
        self, model_name: str, source: Path, file_name: str, text_column: str | None = None
    ) -> JobView:
        """Queue the prediction of a file that stays where it is; the job's result names the file it made.

        The job may be paused: what it has answered is kept, and not answered again.
        Without ``text_column`` the column is found as ``predict_file`` finds it.
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
                    "text_column": text_column,
                    "likely_columns": self._text_columns(model),
                    "file_name": file_name,
                },
                lane="light",
                resumable=True,
                title=f"Predict {file_name} with {model.name}",
            )
        )

    def file_of(self, job_id: str) -> Path:
        """The file that a finished prediction job made."""
        result = self._jobs.get(job_id).result or {}
        if "file" not in result:
            raise Conflict("The file is not ready yet.", "Wait until its job has succeeded.")
        return self._settings.jobs_dir / job_id / str(result["file"])
