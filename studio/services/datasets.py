"""Datasets: look at a file, check it, import it, list, show and delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.data.columns import guess_roles
from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.library import Library
from studio.data.readers import ReadOptions, Table, read_table
from studio.data.sample import SAMPLE_NAME, SAMPLE_ROLES, sample_path
from studio.data.scoring import prepare_scoring
from studio.errors import Conflict, InvalidInput, NotFound
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.services.jobs import JobService
from studio.services.names import check_name
from studio.settings import Settings
from studio.tasks.registry import get_task


@dataclass(frozen=True)
class TablePreview:
    """What was understood of a file, before anything is decided."""

    table: Table
    roles: dict[str, str]


class DatasetService:
    """The verbs on datasets."""

    def __init__(
        self,
        settings: Settings,
        library: Library,
        rows: DatasetStore,
        models: ModelStore,
        jobs: JobService,
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._library = library
        self._rows = rows
        self._models = models

    def inspect(
        self, path: Path, options: ReadOptions | None = None, file_name: str | None = None
    ) -> TablePreview:
        """Read a table and guess its columns' roles; InvalidInput where it is no table."""
        table = read_table(path, options or ReadOptions(), file_name=file_name)
        return TablePreview(table=table, roles=guess_roles(table, get_task("classification")))

    def prepare(self, request: ImportRequest) -> PreparedImport:
        """Check and split a table without keeping anything; NotFound where there is no such task."""
        return prepare_import(request, get_task(request.task))

    def import_file(self, request: ImportRequest) -> Dataset:
        """Check, split and keep a table as a dataset.

        Raises InvalidInput with all problems where rows have errors and may not be dropped,
        and Conflict where the name is taken.
        """
        check_name(request.name, "dataset")
        self._refuse_taken(request.name)
        return self._keep(self.prepare(request))

    def prepare_scoring(self, request: ImportRequest, known_labels: Sequence[str]) -> PreparedImport:
        """Check a table to score a model with these labels on, without keeping anything."""
        return prepare_scoring(request, known_labels, get_task(request.task))

    def import_for_scoring(self, request: ImportRequest, known_labels: Sequence[str]) -> Dataset:
        """Keep a table of which every row is a test row; errors as for import_file."""
        check_name(request.name, "dataset")
        self._refuse_taken(request.name)
        return self._keep(self.prepare_scoring(request, known_labels))

    def _keep(self, prepared: PreparedImport) -> Dataset:
        prepared.raise_if_blocking()
        dataset = self._library.save(prepared)
        try:
            self._rows.add(dataset)
        except Conflict:
            self._library.delete(dataset.id)
            raise
        return dataset

    def import_sample(self) -> Dataset:
        """The built-in sample, imported on first use."""
        known = {dataset.name: dataset for dataset in self.list()}
        if SAMPLE_NAME in known:
            return known[SAMPLE_NAME]
        return self.import_file(ImportRequest(path=sample_path(), name=SAMPLE_NAME, roles=dict(SAMPLE_ROLES)))

    def list(self) -> list[Dataset]:
        """Newest first."""
        return self._rows.list()

    def get(self, name: str) -> Dataset:
        """One dataset; NotFound where there is none of that name."""
        dataset = self._rows.get(name)
        if dataset is None:
            raise NotFound(
                f"There is no dataset '{name}'.",
                "The list of datasets shows those there are.",
                shell_hint="Print it with: python -m studio dataset list",
            )
        return dataset

    def delete(self, name: str) -> None:
        """Delete rows and files; models trained on it stay. Conflict while a job needs it."""
        dataset = self.get(name)
        for job in self._jobs.unfinished():
            if dataset.id in {job.payload.get("dataset_id"), job.payload.get("trained_on_id")}:
                raise Conflict(
                    f"'{name}' is in use by the job '{job.title}'.",
                    "Cancel that job or wait for it, then delete.",
                )
        self._rows.delete(name)
        self._library.delete(dataset.id)

    def rows(self, name: str, split: str, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """A slice of one split, each row with text, label and line."""
        return self._library.rows(self.get(name).id, split, offset, limit)

    def examples(self, name: str, split: str = "test", count: int = 6) -> list[str]:
        """Texts to try a model on, one per label first, never from training."""
        if split == "train":
            raise InvalidInput("Examples to try never come from training.", "Use validation or test.")
        frame = self._library.frame(self.get(name).id, split)
        firsts = frame.drop_duplicates("label")
        rest = frame.drop(firsts.index)
        return [*firsts["text"], *rest["text"]][:count]

    def folder(self, name: str) -> Path:
        """Where the dataset's files are."""
        return self._settings.datasets_dir / self.get(name).id

    def texts(self, name: str, split: str) -> Sequence[str]:
        """All texts of one split, in order."""
        return list(self._library.frame(self.get(name).id, split)["text"])

    def text_column(self, dataset_id: str) -> str | None:
        """What the text column of a dataset was called in its file, or None where the dataset is gone."""
        known = {dataset.id: dataset for dataset in self.list()}
        return known[dataset_id].roles.get("text") if dataset_id in known else None

    def used_by(self, name: str) -> list[str]:
        """Names of the models trained on the dataset, not on one that had its name before."""
        dataset = self.get(name)
        return [model.name for model in self._models.list() if model.dataset_id == dataset.id]

    def _refuse_taken(self, name: str) -> None:
        if self._rows.get(name) is not None:
            raise Conflict(
                f"There is a dataset '{name}' already.", "Choose another name, or delete that one first."
            )


def parse_split(text: str) -> tuple[float, float, float]:
    """Three shares of '0.8,0.1,0.1'; InvalidInput where they are not three numbers.

    >>> parse_split("0.8,0.1,0.1")
    (0.8, 0.1, 0.1)
    """
    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput(
            f"The split is '{text}', which is not three numbers.", "Write for example 0.8,0.1,0.1."
        ) from error
    return train, validation, test


def parse_delimiter(text: str | None) -> str | None:
    """The separator that is meant; a tab may be written as the two letters that stand for it.

    >>> parse_delimiter("\\\\t"), parse_delimiter(";"), parse_delimiter("")
    ('\\t', ';', None)
    """
    return text.replace("\\t", "\t") if text else None
