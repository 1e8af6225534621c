"""Roles of columns, and whether a choice of them can work."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.data.one_column import one_column
from studio.data.problems import Problem
from studio.data.readers import Table

TEXT = "text"
TEXT_B = "text_b"
LABEL = "label"
NUMBER = "number"
LABELS = "labels"
CHOICES = "choices"
TAGS = "tags"
QUESTION = "question"
CONTEXT = "context"
SPANS = "answers"
ANSWERS = (LABEL, NUMBER, LABELS, TAGS, SPANS)
PLAIN_TEXTS = (TEXT, TEXT_B, QUESTION, CONTEXT)
# Roles that may be read from several columns, with commas between their names.
SEVERAL = (LABELS, CHOICES, SPANS)
BETWEEN_COLUMNS = ", "


class RoleShape(Protocol):
    """What this room needs to know of a role of a task."""

    @property
    def key(self) -> str:
        """The role's word, such as "text"."""

    @property
    def required(self) -> bool:
        """Whether the task cannot do without it."""


class TaskShape(Protocol):
    """What this room needs to know of a task."""

    @property
    def key(self) -> str:
        """The task's word, such as "classification"."""

    @property
    def roles(self) -> Sequence[RoleShape]:
        """Its roles, in the order they are asked for."""


@dataclass(frozen=True)
class PlainRole:
    """A role by its key alone."""

    key: str
    required: bool = True


@dataclass(frozen=True)
class PlainTask:
    """A task by its roles alone."""

    key: str
    roles: tuple[PlainRole, ...]


CLASSIFICATION = PlainTask("classification", (PlainRole(TEXT), PlainRole(TEXT_B, False), PlainRole(LABEL)))


def main_text(roles: Container[str]) -> str | None:
    """The role of the text that a row is about, which keeps rows on one side; None where there is none.

    >>> main_text(["question", "context"]), main_text(["text", "text_b"]), main_text(["label"])
    ('context', 'text', None)
    """
    return next((role for role in (TEXT, CONTEXT) if role in roles), None)


def columns_of(role: str, chosen: str, names: Sequence[str]) -> list[str]:
    """The columns that a role is read from, of those a table has: of some roles several, with commas between.

    >>> columns_of("labels", "a, b", ["a", "b"]), columns_of("text", "a, b", ["a", "b"])
    (['a', 'b'], ['a, b'])
    >>> columns_of("labels", "Food, drinks, service", ["food, drinks", "service"])
    ['Food, drinks', 'service']
    """
    known = {name.strip().casefold() for name in names}
    if role not in SEVERAL or chosen.strip().casefold() in known:
        return [chosen]
    parts, found = chosen.split(","), []
    while parts:
        # A name may hold commas itself: the longest that there is.
        ends = (end for end in range(len(parts), 1, -1) if ",".join(parts[:end]).strip().casefold() in known)
        end = next(ends, 1)
        found.append(",".join(parts[:end]).strip())
        parts = parts[end:]
    return [name for name in found if name]


def all_columns_of(roles: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """The columns that any of the roles is read from.

    >>> all_columns_of({"text": "t", "labels": "a, b", "text_b": ""}, ["t", "a", "b"])
    ['t', 'a', 'b']
    """
    return [name for role, chosen in roles.items() if chosen for name in columns_of(role, chosen, names)]


def match_columns(roles: Mapping[str, str], table: Table) -> dict[str, str]:
    """The roles with columns spelled as in the table: blanks around a name and its case are forgiven."""
    names = [str(name) for name in table.frame.columns]
    by_plain = {name.strip().casefold(): name for name in reversed(names)}

    def spell(column: str) -> str:
        return column if column in names else by_plain.get(column.strip().casefold(), column)

    return {
        role: BETWEEN_COLUMNS.join(map(spell, columns_of(role, spell(column), names)))
        for role, column in roles.items()
    }


def check_roles(roles: Mapping[str, str], table: Table, task: TaskShape = CLASSIFICATION) -> list[Problem]:
    """Roles without a column, columns that are not there, one column in two roles, or one column in all."""
    names = [str(name) for name in table.frame.columns]
    listed = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    known = {role.key for role in task.roles}
    required = [role.key for role in task.roles if role.required]
    if len(names) == 1 < len(required):
        return [one_column(table, required)]
    found = []
    for role in task.roles:
        if role.required and not roles.get(role.key):
            found.append(
                Problem(
                    "error",
                    "missing_role",
                    f"No column is chosen for the {role.key}.",
                    "A model needs it in every row.",
                    f"Choose one of: {listed}.",
                    table.file,
                )
            )
    for role_key, column in roles.items():
        if role_key not in known:
            found.append(
                Problem(
                    "error",
                    "unknown_role",
                    f"'{role_key}' is not a role of {task.key}.",
                    "Each column of the dataset plays one of the task's roles.",
                    f"Use one of: {', '.join(role.key for role in task.roles)}.",
                    table.file,
                )
            )
        unknown = [name for name in columns_of(role_key, column, names) if name not in names]
        if role_key in known and column and unknown:
            found.append(
                Problem(
                    "error",
                    "unknown_column",
                    f"{table.file} has no column '{unknown[0]}', chosen for the {role_key}.",
                    "The column is found by its name.",
                    f"Choose one of: {listed}.",
                    table.file,
                    column=unknown[0],
                )
            )
    chosen = all_columns_of(roles, names)
    for column in dict.fromkeys(column for column in chosen if chosen.count(column) > 1):
        found.append(
            Problem(
                "error",
                "column_in_two_roles",
                f"'{column}' is chosen for more than one role.",
                "A model that is given the answer learns nothing.",
                "Choose a different column for each role.",
                table.file,
                column=column,
            )
        )
    return found
