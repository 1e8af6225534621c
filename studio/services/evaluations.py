"""Evaluations: a model's report on a split of its own dataset, of another, or of an uploaded table."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from jobs.queue import JobView, NewJob
from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest
from studio.data.problems import Problem
from studio.data.scoring import read_as_learnt
from studio.errors import InvalidInput, NotFound
from studio.files import read_json
from studio.records.evaluations import EvaluationRecord, EvaluationStore
from studio.records.models import ModelRecord
from studio.results.kinds import read_answers
from studio.results.predictions import Answers
from studio.results.report import Report
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService

SPLITS = ("train", "validation", "test")


class EvaluationService:
    """The verbs on evaluations; each new one is a job and leaves a report beside the model."""

    def __init__(
        self, rows: EvaluationStore, datasets: DatasetService, models: ModelService, jobs: JobService
    ) -> None:
        self._rows = rows
        self._datasets = datasets
        self._models = models
        self._jobs = jobs

    def list(self, model_name: str) -> list[EvaluationRecord]:
        """Evaluations of a model on other data, newest first."""
        return self._rows.list(self._models.get(model_name).id)

    def start(self, model_name: str, dataset_name: str | None, split: str) -> JobView | None:
        """Queue an evaluation; None where its report exists already."""
        check_split(split)
        model = self._models.get(model_name)
        try:
            self._report(model, self.find(model, dataset_name, split), split)
        except NotFound:
            return self._submit(model, self._dataset_for(model, dataset_name), split)
        return None

    def score_table(self, model_name: str, request: ImportRequest) -> JobView:
        """Keep an uploaded labelled table as test rows, and queue the model's evaluation on it.

        Raises InvalidInput with all problems where rows have errors and may not be dropped.
        """
        model = self._models.get(model_name)
        asked = self._as_learnt(model, request)
        dataset = self._datasets.import_for_scoring(asked, model.labels, model.roles)
        return self._submit(model, dataset, "test")

    def check_table(self, model_name: str, request: ImportRequest) -> tuple[Problem, ...]:
        """Everything that is wrong with a labelled table for this model."""
        model = self._models.get(model_name)
        asked = self._as_learnt(model, request)
        return self._datasets.prepare_scoring(asked, model.labels, model.roles).problems

    def _as_learnt(self, model: ModelRecord, request: ImportRequest) -> ImportRequest:
        """The request for the model's task, its numbers read as those that it learnt."""
        request, learnt = replace(request, task=model.task), self._datasets.by_id(model.dataset_id)
        return request if learnt is None else read_as_learnt(request, learnt)

    def _dataset_for(self, model: ModelRecord, dataset_name: str | None) -> Dataset:
        dataset = self._datasets.get(dataset_name) if dataset_name else self._own_dataset(model)
        if dataset.task != model.task:
            raise InvalidInput(
                f"'{dataset.name}' is a dataset for {dataset.task}, '{model.name}' a model for {model.task}.",
                "Choose a dataset for the same task.",
            )
        missing = [role for role in model.roles if role not in dataset.roles]
        if missing:
            raise InvalidInput(
                f"'{dataset.name}' has no column for '{missing[0]}', which '{model.name}' reads.",
                "Choose a dataset with the same roles, or train a new model on this one.",
            )
        strange = sorted(set(dataset.labels) - set(model.labels))
        if strange:
            raise InvalidInput(
                f"'{dataset.name}' has labels that '{model.name}' does not know: {', '.join(strange[:8])}.",
                "Choose a dataset with the same labels, or train a new model on this one.",
            )
        return dataset

    def _own_dataset(self, model: ModelRecord) -> Dataset:
        """The dataset the model was trained on; another one may go by its name now."""
        dataset = self._datasets.by_id(model.dataset_id)
        if dataset is not None:
            return dataset
        raise NotFound(
            f"The dataset '{model.dataset}' that '{model.name}' was trained on is not there any more.",
            "Choose a dataset to score it on by name.",
        )

    def _submit(self, model: ModelRecord, dataset: Dataset, split: str) -> JobView:
        if not dataset.rows.get(split):
            raise InvalidInput(f"'{dataset.name}' has no {split} rows.", "Choose another split.")
        payload = {
            "home": str(self._models.home),
            "model_id": model.id,
            "model": model.name,
            "dataset": dataset.name if dataset.version == 1 else dataset.address,
            "dataset_id": dataset.id,
            "trained_on_id": model.dataset_id,
            "split": split,
            "roles": list(model.roles),
        }
        for job in self._jobs.unfinished():
            if job.kind == "evaluate" and job.payload == payload:
                return job
        return self._jobs.submit(
            NewJob(
                kind="evaluate",
                handler="studio.handlers.evaluate",
                payload=payload,
                lane="light",
                title=f"Score {model.name} on {dataset.name}",
            )
        )

    def report(self, model_name: str, dataset_name: str | None, split: str) -> Report:
        """The report of a finished evaluation; NotFound where there is none."""
        model = self._models.get(model_name)
        return self._report(model, self.find(model, dataset_name, split, earlier=True), split)

    def _report(self, model: ModelRecord, row: EvaluationRecord | None, split: str) -> Report:
        if row is None:
            return self._models.report(model.name, split)
        return replace(self.read(model, row.id), model=model.name)

    def predictions(self, model_name: str, dataset_name: str | None, split: str) -> Answers:
        """What the model answered in a finished evaluation, row by row; NotFound where there is none."""
        model = self._models.get(model_name)
        row = self.find(model, dataset_name, split, earlier=True)
        if row is None:
            return self._models.predictions(model_name, split)
        folder = self._models.folder_of(model).parent / "evaluations"
        return read_answers(folder / f"{row.id}.parquet")

    def scored_dataset(self, model_name: str, dataset_name: str | None, split: str) -> Dataset | None:
        """The version whose rows the model answered; None where it is gone, NotFound where none was."""
        model = self._models.get(model_name)
        row = self.find(model, dataset_name, split, earlier=True)
        return self._datasets.by_id(row.dataset_id if row else model.dataset_id)

    def find(
        self, model: ModelRecord, dataset_name: str | None, split: str, *, earlier: bool = False
    ) -> EvaluationRecord | None:
        """The evaluation on a split; None where the training itself scored it, NotFound where nobody did.

        ``earlier``: where the newest version was not scored, an earlier one that was scored as the newest.
        """
        check_split(split)
        done = self._rows.list(model.id)
        dataset_id = self._dataset_id(model, dataset_name, done)
        if dataset_id == model.dataset_id and split != "train":
            return None
        for row in done:
            if (row.dataset_id, row.split) == (dataset_id, split):
                return row
        for row in done if earlier else ():
            version = self._datasets.by_id(row.dataset_id)
            if (row.dataset, row.split) == (dataset_name, split) and version is not None:
                return row
        raise NotFound(
            f"'{model.name}' was not yet scored on '{dataset_name or model.dataset}', {split}.",
            "Score it on them first.",
            shell_hint=f"Do it with: {command_of(model.name, dataset_name, split)}",
        )

    def _dataset_id(self, model: ModelRecord, name: str | None, done: Sequence[EvaluationRecord]) -> str:
        if name is None:
            return model.dataset_id
        try:
            return self._datasets.get(name).id
        except NotFound:
            # A report outlives the dataset it was made on.
            ids = [row.dataset_id for row in done if row.dataset == name]
            ids += [model.dataset_id] if name == model.dataset else []
            if not ids:
                raise
            return ids[0]

    def read(self, model: ModelRecord, evaluation_id: str) -> Report:
        """The report of one evaluation by its id."""
        path = self._models.folder_of(model).parent / "evaluations" / f"{evaluation_id}.json"
        return Report.from_json(read_json(path, f"A report of '{model.name}'"))


def command_of(model_name: str, dataset_name: str | None, split: str) -> str:
    """The command that scores a model.

    >>> command_of("my model", "may", "test")
    "python -m studio evaluate 'my model' --dataset may --split test --wait"
    """
    place = ["--dataset", dataset_name] if dataset_name else []
    return shlex.join(["python", "-m", "studio", "evaluate", model_name, *place, "--split", split, "--wait"])


def check_split(split: str) -> None:
    """Raise InvalidInput where there is no such split."""
    if split not in SPLITS:
        raise InvalidInput(f"'{split[:40]}' is no split.", f"Choose one of {', '.join(SPLITS)}.")
