"""What a person has filled in on the import form, and what follows from it; plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.fixes import FixChoice
from studio.data.splits import SplitPlan
from studio.data.splits.plans import Kind
from studio.errors import InvalidInput
from studio.pages import guard, slots
from studio.pages.data.fixing import READING_REPAIRS, load_choices
from studio.pages.links import link
from studio.pages.words import words_of
from studio.services.datasets import ImportRequest, ReadOptions, parse_delimiter
from studio.services.folds import fold_requests, import_all
from studio.services.names import free_name, name_from
from studio.tasks.base import Task
from studio.tasks.registry import get_task, list_tasks

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.services.datasets import PreparedImport, TablePreview

W = words_of("data")
METHODS: tuple[Kind, ...] = ("ratios", "column", "groups", "time", "folds")
NEEDS_COLUMN = ("column", "groups", "time")
DEFAULT_RATIOS = (0.8, 0.1, 0.1)
HEADERS = {"auto": None, "yes": True, "no": False}
NO_QUOTES = "none"
ROUNDING = 0.01
TASK_CHOICES = [(task.title, task.key) for task in list_tasks()]


@dataclass(frozen=True)
class Draft:
    """The fields of the form, in the order of its components; shares are in percent."""

    file: str | None
    encoding: str | None
    delimiter: str | None
    quote: str | None
    escape: str | None
    comment: str | None
    header: str | None
    header_lines: float | None
    skip_lines: float | None
    sheet: str | None
    task: str | None
    text: str | None
    text_b: str | None
    answer: str | None
    fixes: str | None
    method: str | None
    column: str | None
    train: float | None
    validation: float | None
    test: float | None
    seed: float | None
    stratified: bool | None
    folds: float | None
    fold: float | None
    own_validation: str | None
    own_test: str | None
    name: str | None

    @classmethod
    def of(cls, values: Sequence[Any]) -> Draft:
        """The draft from the values of the form's components."""
        return cls(**dict(zip((field.name for field in fields(cls)), values, strict=True)))

    @property
    def path(self) -> Path:
        """The uploaded table."""
        return guard.uploaded(self.file or "")

    @property
    def choices(self) -> tuple[FixChoice, ...]:
        """What was decided about the findings."""
        return load_choices(self.fixes)

    @property
    def reading(self) -> ReadOptions:
        """What is overruled of how the file is read."""
        return ReadOptions(
            delimiter=parse_delimiter(self.delimiter),
            encoding=self.encoding or None,
            header=HEADERS.get(self.header or "auto"),
            quote="" if self.quote == NO_QUOTES else self.quote or None,
            escape=self.escape or None,
            comment=(self.comment or "").strip() or None,
            skip_lines=None if self.skip_lines is None else int(self.skip_lines),
            header_lines=int(self.header_lines) if self.header_lines else None,
            sheet=self.sheet or None,
            repairs=frozenset(choice.action for choice in self.choices) & READING_REPAIRS,
        )

    @property
    def plan(self) -> SplitPlan:
        """How the rows are to be divided; InvalidInput where that cannot be carried out."""
        kind = self.method if self.method in METHODS else METHODS[0]
        if kind in NEEDS_COLUMN and not self.column:
            raise InvalidInput(W.split.which_column, W.split.which_column_hint)
        return SplitPlan(
            kind=kind,
            ratios=DEFAULT_RATIOS if kind == "column" else self.shares(),
            seed=int(self.seed or 0),
            column=self.column or None if kind in (*NEEDS_COLUMN, "folds") else None,
            stratified=self.stratified is not False,
            folds=int(self.folds or 0),
            fold=int(self.fold or 1) - 1,
        )

    def shares(self) -> tuple[float, float, float]:
        """The three shares between 0 and 1; InvalidInput where they do not add up to 100.

        With folds the test share is one fold, so that the other two are of what is left.
        """
        if self.method == "folds":
            validation = min(max((self.validation or 0) / 100, 0.0), 1.0)
            return 1 - validation, validation, 0.0
        percents = (self.train, self.validation, self.test)
        total = sum(value or 0 for value in percents)
        if any(value is None or value < 0 for value in percents) or abs(total - 100) > ROUNDING:
            raise InvalidInput(W.split.shares.say(sum=f"{total:g}"), W.split.shares_hint)
        train, validation, test = ((value or 0) / 100 for value in percents)
        return train, validation, test

    def request(self, preview: bool = False) -> ImportRequest:
        """What the studio is asked to import, or, of a large file, to look at the first rows of."""
        task = task_of(self)
        roles = slots.by_role(task, {slot: getattr(self, slot) for slot in slots.SLOTS})
        roles[task.answer_role.key] = self.answer
        return ImportRequest(
            path=self.path,
            task=task.key,
            name=(self.name or "").strip(),
            roles={role: column for role, column in roles.items() if column},
            validation=guard.uploaded(self.own_validation) if self.own_validation else None,
            test=guard.uploaded(self.own_test) if self.own_test else None,
            plan=self.plan,
            reading=replace(self.reading, preview=preview),
            file_name=self.path.name,
            fixes=self.choices,
        )


def saved_draft(saved: Any) -> Draft | None:
    """The draft a browser has kept, or None where it is none, or where its file is gone by now."""
    names = {field.name for field in fields(Draft)}
    if not isinstance(saved, dict) or set(saved) != names:
        return None
    draft = Draft(**saved)
    try:
        load_choices(draft.fixes)
        for path in (draft.file or "", *filter(None, (draft.own_validation, draft.own_test))):
            guard.uploaded(path)
    except InvalidInput:
        return None
    return draft


def look(studio: Services, draft: Draft) -> TablePreview:
    """What is understood of the file as it is to be read."""
    reading = replace(draft.reading, preview=is_large(studio, draft))
    return studio.datasets.inspect(draft.path, reading, draft.path.name, task_of(draft).key)


def task_of(draft: Draft) -> Task:
    """What is to be learnt from the table; classification until a person says otherwise."""
    return get_task(draft.task or TASK_CHOICES[0][1])


def is_large(studio: Services, draft: Draft) -> bool:
    """Whether only the first rows are looked at here, and the import runs in the background."""
    others = (guard.uploaded(path) for path in (draft.own_validation, draft.own_test) if path)
    return studio.imports.is_large(draft.path, *others)


def check(studio: Services, draft: Draft) -> PreparedImport:
    """The table checked and divided as the draft wants it, without keeping anything."""
    return studio.datasets.prepare(draft.request(preview=is_large(studio, draft)))


def carry_out(studio: Services, draft: Draft) -> str:
    """Import the table, at once or, where it is large, in the background; the address to go to.

    With folds it becomes a dataset for each of them.
    """
    request = draft.request()
    if is_large(studio, draft):
        started = [studio.imports.start(each) for each in fold_requests(request)]
        return link("jobs", job=started[0].id)
    made = import_all(studio.datasets, request)
    return link("data", dataset=made[0].name) if len(made) == 1 else link("data")


def suggest_name(studio: Services, draft: Draft) -> str:
    """A free name made of the file's."""
    return free_name(name_from(draft.path.name), {dataset.name for dataset in studio.datasets.list()})


def count_rows(prepared: PreparedImport) -> int:
    """How many rows would be imported."""
    return sum(prepared.rows.values())
