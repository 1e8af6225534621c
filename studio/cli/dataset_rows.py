"""dataset rows, export, versions, fix, undo, restore: what is in a dataset, and its history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from studio.data.browsing import RowQuery
from studio.data.dataset import Dataset
from studio.data.exporting import guess_format
from studio.services.datasets import parse_fixes
from studio.tasks.registry import get_task

SHOWN_CHARACTERS = 80
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The dataset's name; NAME@2 means its second version.")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands to the group `dataset`."""
    for command in (rows, export, versions, fix, undo, restore):
        app.command()(command)


def rows(
    context: typer.Context,
    name: Name,
    split: Annotated[str | None, typer.Option(help="Only rows of train, validation or test.")] = None,
    label: Annotated[str | None, typer.Option(help="Only rows with this label.")] = None,
    finding: Annotated[str | None, typer.Option(help="Only rows with this finding, by its code.")] = None,
    shortest: Annotated[int | None, typer.Option(help="Fewest characters of the text.", min=0)] = None,
    longest: Annotated[int | None, typer.Option(help="Most characters of the text.", min=0)] = None,
    search: Annotated[str, typer.Option(help="Text that stands in the row, in capitals or not.")] = "",
    line: Annotated[int | None, typer.Option(help="Only the row that starts on this line.", min=0)] = None,
    limit: Annotated[int, typer.Option(help="How many rows to show.", min=1, max=10_000)] = 50,
    offset: Annotated[int, typer.Option(help="How many rows to pass over first.", min=0)] = 0,
) -> None:
    """Look through the rows of a dataset."""
    query = RowQuery(split, label, finding, shortest, longest, search, line)
    with context.obj.studio() as studio:
        page = studio.datasets.browse(name, query, offset, limit)
        task = get_task(studio.datasets.get(name).task)
    value = {"total": page.total, "offset": offset, "rows": list(page.rows)}
    if context.obj.as_json:
        context.obj.show(value, "")
        return
    words = {role.key: role.shown for role in (task.answer_role, *task.roles) if role.required}
    columns = ["split", "index", "line", *words, "findings"]
    shown = [
        {key: plain(words[key](row[key]) if key in words else row.get(key)) for key in columns}
        for row in page.rows
    ]
    context.obj.show_table(shown, columns, "No row is like that.")
    if shown:
        print(f"Rows {offset + 1:,} to {offset + len(shown):,} of {page.total:,}")


def export(
    context: typer.Context,
    name: Name,
    to: Annotated[Path, typer.Option(help="File to write; .csv, .jsonl or .parquet.")],
    format: Annotated[str | None, typer.Option(help="By the ending, or csv, jsonl, parquet.")] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Cells of CSV exactly as they are, and no byte order mark.")
    ] = False,
) -> None:
    """Write the rows of a dataset to a file, with their split and line."""
    wanted = format or guess_format(to)
    with context.obj.studio() as studio:
        path = studio.datasets.export(name, to, wanted, raw=raw)
        count = sum(studio.datasets.get(name).rows.values())
    context.obj.show(
        {"file": str(path), "format": wanted, "rows": count}, f"Wrote {count:,} rows of '{name}' to {path}."
    )


def versions(context: typer.Context, name: Name) -> None:
    """List the versions of a dataset, newest first, and what was done in each."""
    with context.obj.studio() as studio:
        found = [dataset.to_json() for dataset in studio.datasets.versions(name)]
    shown = [
        {
            "version": one["version"],
            "created_at": one["created_at"],
            "rows": sum(one["rows"].values()),
            "steps": "\n".join(f"{n}. {step['message']}" for n, step in enumerate(one["steps"], 1)),
        }
        for one in found
    ]
    columns = ["version", "created_at", "rows", "steps"]
    context.obj.show_table(found if context.obj.as_json else shown, columns, "There is no version.")


def fix(
    context: typer.Context,
    name: Name,
    fixes: Annotated[
        list[str], typer.Argument(metavar="CODE=ACTION", help="What to do about a finding; one or more.")
    ],
) -> None:
    """Mend findings of a dataset, as a new version."""
    choices = parse_fixes(fixes)
    with context.obj.studio() as studio:
        show_version(context, studio.datasets.apply_fixes(name, choices))


def undo(
    context: typer.Context,
    name: Name,
    step: Annotated[int, typer.Argument(metavar="STEP", help="Number of the step, as versions lists them.")],
) -> None:
    """Undo one step of a version, as a new version with the other steps."""
    with context.obj.studio() as studio:
        show_version(context, studio.datasets.undo_step(name, step))


def restore(
    context: typer.Context,
    name: Name,
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")],
) -> None:
    """Take the rows of an earlier version again, as a new version."""
    with context.obj.studio() as studio:
        show_version(context, studio.datasets.restore(name, version))


def show_version(context: typer.Context, dataset: Dataset) -> None:
    """Say what a new version holds and what was done."""
    steps = "".join(f"\n  {step.message}" for step in dataset.steps)
    rows = ", ".join(f"{count:,} {split}" for split, count in dataset.rows.items())
    context.obj.show(dataset.to_json(), f"'{dataset.address}' has {rows} rows.{steps}")


def plain(value: Any) -> Any:
    """A cell in one line that does nothing to a terminal.

    >>> plain("a\\x1b[31m\\nb"), plain(3)
    ('a [31m b', 3)
    """
    if not isinstance(value, str):
        return value
    text = "".join(letter if letter.isprintable() else " " for letter in value[: SHOWN_CHARACTERS + 1])
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
