"""Rules that hold for every registered task."""

from __future__ import annotations

import pytest

from studio.errors import NotFound
from studio.metrics.registry import METRICS
from studio.tasks.base import Task
from studio.tasks.registry import TASKS, get_task


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_every_task_explains_itself_and_its_roles(task: Task) -> None:
    assert TASKS[task.key] is task
    assert task.title and task.help.endswith(".")
    assert all(role.title and role.help.endswith(".") for role in task.roles)
    assert task.required_roles


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_every_metric_of_a_task_is_registered_and_its_primary_one_is_among_them(task: Task) -> None:
    assert set(task.metrics) <= set(METRICS)
    assert task.primary_metric in task.metrics


def test_an_unknown_task_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        get_task("poetry")
    assert "poetry" in caught.value.message
    assert "classification" in caught.value.hint
