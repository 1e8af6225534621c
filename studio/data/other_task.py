"""A table that was taken for one task and looks like one for another."""

from __future__ import annotations

from dataclasses import replace

from studio.data.guessing import guess_task
from studio.data.importing import OTHER_TASK, ImportRequest, PreparedImport
from studio.data.problems import Problem, by_severity
from studio.tasks.registry import list_tasks


def note_other_task(prepared: PreparedImport, request: ImportRequest) -> PreparedImport:
    """The import with a warning where its columns plainly are those of another task than it is for.

    Whoever chose the task, or the columns, is told only where the import cannot go on.
    """
    if (request.task or request.roles) and not prepared.blocking:
        return prepared
    table = next(iter(prepared.tables.values()))
    task = guess_task(table, list_tasks())
    if task is None or task == prepared.request.task:
        return prepared
    told = Problem(
        "warning",
        "other_task",
        f"These columns look like those of {task}, but are taken for {prepared.request.task}.",
        "The task decides what a model learns to give, and from which columns.",
        f"If so, import the file for that task: --task {task} in a command, 'task' in a request.",
        table.file,
    )
    return replace(
        prepared,
        problems=tuple(by_severity([*prepared.problems, told])),
        reading_codes=(*prepared.reading_codes, OTHER_TASK),
    )
