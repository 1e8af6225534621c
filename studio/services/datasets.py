"""Datasets: look at a file, check it, import it; and all that can be done with what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.data.columns import PlainRole, PlainTask
from studio.data.comparing import compare_with
from studio.data.dataset import Dataset
from studio.data.fixes import FixChoice
from studio.data.guessing import guess_roles, guess_task
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.other_task import note_other_task
from studio.data.readers import Progress, ReadOptions, Table, read_table
from studio.data.sample import SAMPLES
from studio.data.scoring import prepare_scoring
from studio.data.versions import keep_import
from studio.errors import Conflict, InvalidInput
from studio.records.models import ONE_TEXT
from studio.services.dataset_versions import DatasetVersions
from studio.services.names import check_name
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.registry import get_task, list_tasks


@dataclass(frozen=True)
class TablePreview:
    """What was understood of a file, before anything is decided."""

    table: Table
    roles: dict[str, str]


class DatasetService(DatasetVersions):
    """All verbs on datasets: those below bring tables in, those inherited look after what is there."""

    def inspect(
        self,
        path: Path,
        options: ReadOptions | None = None,
        file_name: str | None = None,
        task: str = CLASSIFICATION.key,
    ) -> TablePreview:
        """Read a table and guess its columns' roles in a task; InvalidInput where it is no table."""
        table = read_again(path, options or ReadOptions(), file_name)
        return TablePreview(table=table, roles=guess_roles(table, get_task(task)))

    def suggest_task(self, table: Table) -> str | None:
        """The task that a table plainly is for, by its format or its columns; None where nothing tells."""
        return guess_task(table, list_tasks())

    def prepare(self, request: ImportRequest) -> PreparedImport:
        """Check, split and mend a table without keeping anything; NotFound where there is no such task.

        What was read stays in memory for the next call, as a form asks again after every click.
        """
        return compare_with(self.list(), prepare_import(request, read=read_again))

    def import_file(self, request: ImportRequest) -> Dataset:
        """Check, split and keep a table as a dataset.

        Raises InvalidInput with all problems where rows have errors and may not be dropped,
        and Conflict where the name is taken.
        """
        check_name(request.name, "dataset")
        self._refuse_taken(request.name)
        return self._keep(note_other_task(compare_with(self.list(), prepare_import(request)), request))

    def prepare_scoring(
        self, request: ImportRequest, known_labels: Sequence[str], asked: Sequence[str] = ONE_TEXT
    ) -> PreparedImport:
        """Check a table to score a model with these labels on, which reads the roles asked."""
        task = get_task(request.task or CLASSIFICATION.key)
        needed = tuple(PlainRole(role.key) for role in task.roles if role.answer or role.key in asked)
        return prepare_scoring(request, known_labels, PlainTask(task.key, needed))

    def import_for_scoring(
        self, request: ImportRequest, known_labels: Sequence[str], asked: Sequence[str] = ONE_TEXT
    ) -> Dataset:
        """Keep a table of which every row is a test row; errors as for import_file."""
        check_name(request.name, "dataset")
        self._refuse_taken(request.name)
        return self._keep(self.prepare_scoring(request, known_labels, asked))

    def _keep(self, prepared: PreparedImport) -> Dataset:
        made = keep_import(self._library, prepared)
        try:
            self._rows.add(*made)
        except Conflict:
            for dataset in made:
                self._library.delete(dataset.id)
            raise
        return self._look_closer(made[-1])

    def import_sample(self, task: str = CLASSIFICATION.key) -> Dataset:
        """The built-in sample of a task, imported on first use; NotFound where there is no such task."""
        sample = SAMPLES[get_task(task).key]
        known = self._rows.get(sample.name)
        if known is not None:
            return known
        request = ImportRequest(path=sample.path, name=sample.name, task=task, roles=dict(sample.roles))
        return self.import_file(request)

    def _refuse_taken(self, name: str) -> None:
        if self._rows.name_taken(name):
            raise Conflict(
                f"There is a dataset '{name}' already.", "Choose another name, or delete that one first."
            )


def read_again(
    path: Path, options: ReadOptions | None, file_name: str | None, progress: Progress | None = None
) -> Table:
    """As read_table, from memory where the same file was just read in the same way."""
    path = Path(path)
    if not path.is_file():
        return read_table(path, options, file_name, progress)
    facts = path.stat()
    return read_kept(path, options or ReadOptions(), file_name, (facts.st_mtime_ns, facts.st_size))


@lru_cache(maxsize=4)
def read_kept(path: Path, options: ReadOptions, file_name: str | None, _as_of: tuple[int, int]) -> Table:
    """The table of a file as it was at some time; nobody may change it."""
    return read_table(path, options, file_name)


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


def parse_quote(text: str | None) -> str | None:
    """The sign around cells; the word none stands for no such sign.

    >>> parse_quote("none"), parse_quote("'"), parse_quote(None)
    ('', "'", None)
    """
    return "" if text == "none" else text


def parse_fixes(texts: Sequence[str]) -> tuple[FixChoice, ...]:
    """What was chosen, of 'code=action' each; InvalidInput where one has another form.

    >>> [str(choice) for choice in parse_fixes(["duplicate_text=drop_repeats"])]
    ['duplicate_text=drop_repeats']
    """
    return tuple(FixChoice.parse(text) for text in texts)
