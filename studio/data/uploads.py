"""The tables of an import: the main file, and files of their own for validation and test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from studio.data.checks.rows import ALL
from studio.data.columns import TaskShape, match_columns
from studio.data.guessing import guess_roles
from studio.data.readers import Progress, ReadOptions, Table, read_table

Reader = Callable[..., Table]
"""``read_table``, or something that remembers what it gave."""


class Files(Protocol):
    """What this file needs to know of a request."""

    @property
    def path(self) -> Path:
        """The main file."""

    @property
    def file_name(self) -> str | None:
        """What it was called before it was uploaded."""

    @property
    def validation(self) -> Path | None:
        """The file of the validation rows."""

    @property
    def validation_name(self) -> str | None:
        """What that was called."""

    @property
    def test(self) -> Path | None:
        """The file of the test rows."""

    @property
    def test_name(self) -> str | None:
        """What that was called."""

    @property
    def reading(self) -> ReadOptions:
        """How they are to be read."""


def no_progress(_share: float, _sentence: str) -> None:
    """For callers who do not ask."""


def part_of(tell: Progress, start: float, end: float) -> Progress:
    """A progress whose 0 and 1 are ``start`` and ``end`` of another."""
    return lambda share, sentence: tell(start + (end - start) * share, sentence)


def read_tables(request: Files, tell: Progress, read: Reader = read_table) -> dict[str, Table]:
    """The tables by split; "all" is the one still to be divided, first in any case."""

    main = read(request.path, request.reading, request.file_name, tell)
    own = {
        "validation": (request.validation, request.validation_name),
        "test": (request.test, request.test_name),
    }
    others = {
        split: read_like(read, path, name_beside(name or path.name, split, main), main, request.reading)
        for split, (path, name) in own.items()
        if path is not None
    }
    return {"train" if len(others) == 2 else ALL: main, **others}


def name_beside(name: str, split: str, main: Table) -> str:
    """What a split's own file is called; with the split where the main file has the same name."""
    return f"{name} ({split})" if name == main.file else name


def read_like(read: Reader, path: Path, name: str, main: Table, options: ReadOptions) -> Table:
    """Read a further file of the same make: a header where the main file has one, else the same columns."""
    table = read(path, options, name)
    names = list(main.frame.columns)
    if options.header is None and table.report.header != main.report.header:
        other = read(path, replace(options, header=main.report.header), name)
        if list(other.frame.columns) == names:
            return other
    if not table.report.header and len(table.frame.columns) == len(names):
        return replace(table, frame=table.frame.set_axis(names, axis=1))
    return table


def complete_roles(given: Mapping[str, str], table: Table, task: TaskShape) -> dict[str, str]:
    """The roles asked for, the rest guessed, in the order of the task's roles."""
    asked = match_columns({role: column for role, column in given.items() if column}, table)
    roles = {**guess_roles(table, task, asked), **asked}
    order = [role.key for role in task.roles if role.key in roles]
    return {key: roles[key] for key in [*order, *(key for key in roles if key not in order)]}
