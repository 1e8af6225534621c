"""Every task the studio knows: one line each."""

from __future__ import annotations

from studio.errors import NotFound
from studio.tasks.base import Role, Row, Task, text_of
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.multilabel import MULTILABEL
from studio.tasks.multiple_choice import MULTIPLE_CHOICE
from studio.tasks.question_answering import QUESTION_ANSWERING
from studio.tasks.regression import REGRESSION
from studio.tasks.token_classification import TOKEN_CLASSIFICATION

TASKS: dict[str, Task] = {
    task.key: task
    for task in (
        CLASSIFICATION,
        MULTILABEL,
        REGRESSION,
        MULTIPLE_CHOICE,
        TOKEN_CLASSIFICATION,
        QUESTION_ANSWERING,
    )
}


def get_task(key: str) -> Task:
    """Return a task by its key; raises NotFound with the keys there are."""
    if key not in TASKS:
        raise NotFound(f"There is no task '{key}'.", f"Choose one of: {', '.join(TASKS)}.")
    return TASKS[key]


def list_tasks() -> list[Task]:
    """All tasks, the one that most people want first."""
    return list(TASKS.values())


def find_role(key: str) -> Role:
    """The role of this key, of the first task that has one."""
    return next(role for task in TASKS.values() for role in task.roles if role.key == key)


def title_of(role: str) -> str:
    """What a role is called, in lower case.

    >>> title_of("text_b")
    'second text'
    """
    return find_role(role).title.lower()


def show_row(row: Row) -> str:
    """What is asked, in one line as people read it.

    >>> show_row({"text": "Is it?", "choices": '["yes", "no"]'})
    'Is it? ‖ yes | no'
    """
    return text_of({role: find_role(role).shown(cell) for role, cell in row.items()})
