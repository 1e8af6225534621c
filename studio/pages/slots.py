"""The two fields of a form for what a model reads: which role of a task each of them is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from studio.tasks.base import Role, Task
from studio.tasks.classification import CLASSIFICATION

FIRST, SECOND = "text", "text_b"
SLOTS = (FIRST, SECOND)
# What a field is called before a task is known.
TITLES = {slot: role.title for slot, role in zip(SLOTS, CLASSIFICATION.roles, strict=False)}


def roles_of(task: Task) -> dict[str, Role]:
    """By field the role that it is for; no task reads more than two things, and some read one."""
    return dict(zip(SLOTS, (role for role in task.roles if not role.answer), strict=False))


def by_role(task: Task, values: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the fields, by role."""
    return {role.key: values.get(slot) for slot, role in roles_of(task).items()}


def column_field(role: Role | None, columns: Sequence[str], chosen: str | None, nothing: str = "") -> Any:
    """The update of a choice of columns for a role, or away with it where there is none.

    ``nothing`` is what is said for no column, where the task can do without one. Several columns, with commas
    between, stand among the choices.
    """
    if role is None:
        return gr.update(visible=False, value="")
    choices = [*dict.fromkeys([*columns, *filter(None, [chosen])])]
    free = [] if role.required or not nothing else [(nothing, "")]
    return gr.update(
        choices=[*free, *choices],
        value=chosen or ("" if free else None),
        label=role.title,
        info=role.help,
        visible=True,
    )
