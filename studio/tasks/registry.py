"""Every task the studio knows: one line each."""

from __future__ import annotations

from studio.errors import NotFound
from studio.tasks.base import Task
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


def title_of(role: str) -> str:
    """What a role is called, in lower case.

    >>> title_of("text_b")
    'second text'
    """
    titles = (one.title for task in TASKS.values() for one in task.roles if one.key == role)
    return next(titles).lower()
