"""What reading a file fills in on the import form: what was understood, and what can be chosen then."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.data.columns import columns_of
from studio.errors import StudioError
from studio.pages import guard, slots
from studio.pages.data import dividing, opening, review
from studio.pages.data.draft import TASK_CHOICES, Draft, look, suggest_name, task_of
from studio.pages.words import words_of
from studio.tasks.base import Task
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.data.readers import ReaderReport, Table
    from studio.pages.registry import Services
    from studio.services.datasets import TablePreview

W = words_of("data")
FIELDS = (*slots.SLOTS, "answer")
FIRST_TASK = TASK_CHOICES[0][1]
NOTED = ("task", *FIELDS, "method", "column")


@dataclass(frozen=True)
class Filled:
    """What a reading gives: the notice, whether it could be read, what can be chosen and what is chosen.

    ``told`` is the task where the columns told of it.
    """

    understood: Any = ""
    readable: bool = False
    names: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    task: str = ""
    text: str | None = None
    text_b: str | None = None
    answer: str | None = None
    method: str = "ratios"
    column: str | None = None
    name: str = ""
    told: str = ""

    def updates(self) -> tuple[Any, ...]:
        """For the notice, the rest of the form, sheet, task, roles, method, and the fields that it shows."""
        if not self.readable:
            hidden = gr.update(visible=False)
            return self.understood, hidden, hidden, *(gr.skip(),) * (5 + len(dividing.show_fields("")))
        first, *others = dividing.show_fields(self.method)
        task = get_task(self.task)
        roles = slots.roles_of(task)
        columns = [(str(W.split.no_column), ""), *((name, name) for name in self.names)]
        return (
            self.understood,
            gr.update(visible=True),
            gr.update(choices=list(self.sheets), value=self.sheet, visible=bool(self.sheets)),
            self.task,
            slots.column_field(roles.get(slots.FIRST), self.names, self.text),
            slots.column_field(roles.get(slots.SECOND), self.names, self.text_b, str(W.columns.no_text_b)),
            slots.column_field(task.answer_role, self.names, self.answer),
            self.method,
            {**first, "choices": columns, "value": self.column},
            *others,
        )

    def noted(self) -> Any:
        """What was chosen, with the moment, so that every reading is a change; nothing for no table."""
        if not self.readable:
            return gr.skip()
        noted = {name: getattr(self, name) for name in (*NOTED, "told")}
        return json.dumps({**noted, "at": time.time()})


def read_noted(noted: str) -> dict[str, Any]:
    """What ``Filled.noted`` wrote, to be put in place of what the fields still hold.

    >>> read_noted(Filled(readable=True, task="regression", text="message").noted())["task"]
    'regression'
    """
    found = json.loads(noted)
    return {name: found[name] for name in NOTED}


def told_in(noted: str) -> str:
    """The task of which the columns told, by what ``Filled.noted`` wrote last; empty where they did not.

    >>> told_in(Filled(readable=True, told="regression").noted()), told_in("")
    ('regression', '')
    """
    return str(json.loads(noted)["told"]) if noted else ""


def read_new(studio: Services, draft: Draft, split_column: str = "", by_hand: str = "") -> Filled:
    """A file read for the first time: nothing that was said about another one holds.

    But for the task that was chosen ``by_hand``, where the table has the columns chosen for it: it is the
    same table, corrected. Else it is the task that the table tells of. ``split_column`` keeps the splits that
    a fetched table came with.
    """
    preview, filled = open_file(studio, as_first_read(draft))
    task = preview and find_task(studio, draft, preview.table, by_hand)
    if task not in {None, task_of(draft).key}:
        draft = replace(draft, task=task)
        preview, filled = open_file(studio, as_first_read(draft))
    if preview is None:
        return filled
    if task not in (FIRST_TASK, by_hand):
        understood = review.render_understood(preview.table, task_of(draft).title)
        filled = replace(filled, understood=understood, told=task)
    own = split_column if split_column in filled.names else preview.table.split_column
    return replace(
        filled,
        **guessed_roles(draft, preview),
        method="column" if own else "ratios",
        column=own,
        name=suggest_name(studio, draft),
    )


def has_chosen(draft: Draft, names: Sequence[str]) -> bool:
    """Whether every column that was chosen for the task is among these."""
    return kept_columns(draft, names) == {getattr(draft, field) for field in FIELDS} - {None, ""}


def kept_columns(draft: Draft, names: Sequence[str]) -> set[str]:
    """The choices for the roles of the task whose columns are all among these."""
    chosen, roles = {field: getattr(draft, field) for field in FIELDS}, roles_by_field(task_of(draft))
    return {
        column
        for field, column in chosen.items()
        if column and set(names).issuperset(columns_of(roles[field], column, names))
    }


def find_task(studio: Services, draft: Draft, table: Table, by_hand: str) -> str:
    """The task for a table that was not read before."""
    chosen = draft.task == by_hand and has_chosen(draft, [str(name) for name in table.frame.columns])
    return by_hand if chosen and not table.task else studio.datasets.suggest_task(table) or FIRST_TASK


def read_again(studio: Services, draft: Draft) -> Filled:
    """The file read as the draft wants it; what was chosen stays where it is still a column."""
    preview, filled = open_file(studio, draft)
    if preview is None:
        return filled
    roles = keep_roles(draft, filled.names, guessed_roles(draft, preview))
    column = draft.column if draft.column in filled.names else preview.table.split_column
    return replace(filled, **roles, method=draft.method or "ratios", column=column, name=draft.name or "")


def guessed_roles(draft: Draft, preview: TablePreview) -> dict[str, str | None]:
    """The column that most likely plays each role, under the names of the form's fields."""
    return {field: preview.roles.get(role) for field, role in roles_by_field(task_of(draft)).items()}


def roles_by_field(task: Task) -> dict[str, str]:
    """The role of a task that each field is for."""
    asked = {slot: role.key for slot, role in slots.roles_of(task).items()}
    return {**dict.fromkeys(FIELDS, ""), **asked, "answer": task.answer_role.key}


def choose_task(studio: Services, draft: Draft) -> Filled:
    """Another task was chosen: the column of its answer is found anew, and what it reads beside a text, or
    instead of one.
    """
    roles = slots.roles_of(task_of(draft))
    second = roles.get(slots.SECOND)
    return read_again(
        studio,
        replace(
            draft,
            answer=None,
            text=draft.text if roles[slots.FIRST].key == slots.FIRST else None,
            text_b=None if second and second.required else draft.text_b,
        ),
    )


def open_file(studio: Services, draft: Draft) -> tuple[TablePreview | None, Filled]:
    """The table with what can be chosen in it, or None and the sentence why it is none."""
    if not draft.file:
        return None, Filled()
    try:
        preview = look(studio, draft)
    except StudioError as error:
        return None, Filled(guard.as_notice(error))
    names = tuple(str(column) for column in preview.table.frame.columns)
    report = preview.table.report
    sheets = list_sheets(report)
    understood = review.render_understood(preview.table)
    chosen = report.sheet or "" if sheets else ""
    return preview, Filled(understood, True, names, sheets, chosen, task_of(draft).key)


def as_first_read(draft: Draft) -> Draft:
    """The draft without anything that was overruled or decided about another file."""
    names = [field.name for field in fields_of(Draft)][1 : 1 + len(opening.FOUND_BY_ITSELF)]
    overruled = dict(zip(names, opening.FOUND_BY_ITSELF, strict=True))
    return replace(draft, fixes="", method="ratios", column=None, **overruled)


def list_sheets(report: ReaderReport) -> tuple[str, ...]:
    """The sheets to choose from, where the file is a workbook that has several."""
    return report.parts if report.sheet and len(report.parts) > 1 else ()


def keep_roles(draft: Draft, names: Sequence[str], guessed: dict[str, str | None]) -> dict[str, str | None]:
    """For each field the chosen column where it is still there, else the guess, but no column twice.

    What a task can do without is never guessed where something else was chosen: that there is none may be
    the choice. A choice made for another task gives way to several columns that belong together in this one.
    """
    task = task_of(draft)
    chosen, roles = {field: getattr(draft, field) for field in FIELDS}, roles_by_field(task)
    open_to_guess = [(roles[field], one) for field, one in guessed.items() if one and not chosen[field]]
    groups = [columns_of(role, one, names) for role, one in open_to_guess]
    kept = kept_columns(draft, names).difference(*(group for group in groups if len(group) > 1))
    if kept:
        guessed = {field: one for field, one in guessed.items() if roles[field] in task.required_roles}
    return {
        field: column if column in kept else None if guessed.get(field) in kept else guessed.get(field)
        for field, column in chosen.items()
    }


def restore(studio: Services, draft: Draft | None, size: int) -> tuple[Any, ...]:
    """The fields as they were before a reload, what is understood of the file, and the reading as noted."""
    if draft is None:
        return (gr.skip(),) * (size + 3)
    filled = read_again(studio, draft)
    understood, rest, *given = filled.updates()
    named = zip(("sheet", "task", *FIELDS, "method"), given, strict=False)
    values, shown = {**asdict(draft), **dict(named)}, given[len(FIELDS) + 3 :]
    for name, update in zip(dividing.SHOWN_BY_METHOD, shown, strict=True):
        value = {} if name == "column" else {"value": values[name]}
        values[name] = {**update, **value}
    return (*values.values(), understood, rest, filled.noted())
