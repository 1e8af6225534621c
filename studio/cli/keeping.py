"""backup and restore: everything people made, in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.output import say, say_now_and_then
from studio.keeping.backup import BackupRequest, back_up
from studio.keeping.restore import RestoreRequest, restore


def register(app: typer.Typer) -> None:
    """Add this file's commands to the program."""
    app.command()(backup)
    app.command("restore")(bring_back)


def backup(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="The file to write, such as studio.zip.")],
    with_checkpoints: Annotated[
        bool, typer.Option("--with-checkpoints", help="Take along checkpoints that can be fetched again.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file where it is there already.")
    ] = False,
) -> None:
    """Write everything to one file, also while the studio is at work."""
    request = BackupRequest(to.absolute(), with_checkpoints, overwrite=force)
    made = back_up(context.obj.settings(), request, say_now_and_then(in_megabytes("Writing")))
    for sentence in made.left_out:
        say(f"Left out: {sentence}")
    context.obj.show(
        made.to_json(),
        f"Wrote {made.datasets} datasets, {made.models} models and {made.jobs} jobs "
        f"({made.size_bytes / 1e6:.1f} MB) to {made.path}.",
    )


def bring_back(
    context: typer.Context,
    source: Annotated[
        Path, typer.Option("--from", help="A file that backup wrote, or a copy of the database.")
    ],
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace the studio that is there; it is kept in a folder of its home."),
    ] = False,
) -> None:
    """Bring a backup back; the studio must not be running."""
    request = RestoreRequest(source.absolute(), replace=force)
    done = restore(context.obj.settings(), request, say_now_and_then(in_megabytes("Reading")))
    if done.set_aside:
        say(f"What was there before is kept in {done.set_aside}.")
    waiting = (
        f" {done.unfinished_jobs} unfinished jobs go on once it is started." if done.unfinished_jobs else ""
    )
    context.obj.show(
        done.to_json(),
        f"Brought back {done.datasets} datasets and {done.models} models to {done.home}.{waiting}",
    )


def in_megabytes(verb: str) -> Callable[[int, int], str]:
    """How far it is, in words."""
    return lambda done, total: f"{verb} ... {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
