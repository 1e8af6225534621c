"""Compiled forms: asked for, and given up again."""

from __future__ import annotations

import importlib.util
import itertools
import shlex
from dataclasses import asdict, dataclass

from jobs.queue import JobView, NewJob
from studio.errors import Conflict, NotFound, Unavailable
from studio.files import remove_folder
from studio.prediction.pool import PredictorPool
from studio.records.models import ModelRecord, ModelStore
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService

KIND = "compile"


@dataclass(frozen=True)
class FormWish:
    """A compiled form that is wanted: in 8-bit integers or floats, and what may come with it."""

    int8: bool = False
    accept_loss: bool = False
    accept_slow: bool = False


class FormService:
    """The verbs on compiled forms; a model has one at most, and answers by it."""

    def __init__(
        self,
        rows: ModelStore,
        datasets: DatasetService,
        models: ModelService,
        jobs: JobService,
        pool: PredictorPool,
    ) -> None:
        self._rows = rows
        self._datasets = datasets
        self._models = models
        self._jobs = jobs
        self._pool = pool

    def start(self, model_name: str, wish: FormWish) -> JobView:
        """Queue the making of a form; the job that makes the same already, where there is one.

        Raises Conflict while another one is being made, NotFound where the model's dataset is gone,
        Unavailable where OpenVINO, or for int8 NNCF, is not installed.
        """
        model = self._models.get(model_name)
        check_installed("openvino", *(["nncf"] if wish.int8 else []))
        if self._datasets.by_id(model.dataset_id) is None:
            raise NotFound(
                f"The dataset '{model.dataset}' that '{model.name}' was trained on is not there any more.",
                "A faster form is measured on its test rows. Train the model again to make one.",
            )
        payload = {
            "home": str(self._models.home),
            "model_id": model.id,
            "model": model.name,
            "dataset": model.dataset,
            "dataset_id": model.dataset_id,
            **asdict(wish),
        }
        # Before the look at what is unfinished: one of the two finds a wish that comes between them.
        key = self._next_key(model)
        job = next(iter(self._unfinished(model)), None) or self._jobs.submit(
            NewJob(
                key=key,
                kind=KIND,
                handler="studio.form_handlers.compile_model",
                payload=payload,
                lane="light",
                title=f"Make a faster form of {model.name}",
            )
        )
        if job.payload != payload:
            raise being_made(model)
        return job

    def remove(self, model_name: str) -> ModelRecord:
        """Have a model answer by its plain form again; Conflict while another form is being made."""
        model = self._models.get(model_name)
        if self._unfinished(model):
            raise being_made(model)
        if model.compiled is None:
            return model
        folder = self._models.answering_folder(model)
        self._rows.set_form(model.id, None)
        self._pool.forget(folder)
        if folder != self._models.folder_of(model):
            remove_folder(folder)
        return self._models.get(model_name)

    def latest(self, model: ModelRecord) -> JobView | None:
        """The newest job that makes, or made, a form of the model; None where there is none."""
        return next((job for job in self._jobs.board() if is_of(job, model)), None)

    def _next_key(self, model: ModelRecord) -> str:
        """The key of the model's next job: of two wishes at the same moment both get the same."""
        keys = (f"form-{model.id}-{number}" for number in itertools.count(1))
        return next(key for key in keys if self._jobs.find_by_key(key) is None)

    def _unfinished(self, model: ModelRecord) -> list[JobView]:
        return [job for job in self._jobs.unfinished() if is_of(job, model)]


def is_of(job: JobView, model: ModelRecord) -> bool:
    """Whether a job makes a form of the model."""
    return job.kind == KIND and job.payload.get("model_id") == model.id


def being_made(model: ModelRecord) -> Conflict:
    """The error of a wish that comes while a form is on its way."""
    return Conflict(
        f"A faster form of '{model.name}' is being made.",
        "Wait until its job has ended, or cancel that job.",
        shell_hint="See it with: python -m studio job list",
    )


def check_installed(*packages: str) -> None:
    """Raise Unavailable where a package cannot be found; none is imported."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"{' and '.join(missing)} cannot be found, without which no faster form can be made.",
            "Install what requirements.txt lists, then try again.",
            shell_hint=f"Do it with: {shlex.join(['pip', 'install', '-r', 'requirements.txt'])}",
        )
