"""checkpoint list, show, fetch."""

from __future__ import annotations

from typing import Annotated

import typer

from studio.cli.jobs import show_ended
from studio.services.checkpoints import checkpoint_to_json

app = typer.Typer(help="See where training can start.", no_args_is_help=True)
CheckpointId = Annotated[str, typer.Argument(metavar="ID", help="A name of the list, a hub id or a folder.")]


@app.command("list")
def list_checkpoints(context: typer.Context) -> None:
    """List the catalogue and what of it is on this machine."""
    with context.obj.new_studio() as studio:
        values = [checkpoint_to_json(view) for view in studio.checkpoints.list()]
    columns = ["id", "state", "language", "layers", "hidden", "parameters", "max_tokens", "licence"]
    context.obj.show_table(values, columns, "The catalogue is empty.")


@app.command()
def show(context: typer.Context, checkpoint_id: CheckpointId) -> None:
    """Show one checkpoint."""
    with context.obj.new_studio() as studio:
        value = checkpoint_to_json(studio.checkpoints.get(checkpoint_id))
    text = "\n".join(f"{key.replace('_', ' ')}: {item}" for key, item in value.items() if item is not None)
    context.obj.show(value, text)


@app.command()
def fetch(
    context: typer.Context,
    checkpoint_id: CheckpointId,
    allow_pickle: Annotated[
        bool,
        typer.Option("--allow-pickle", help="Read weights that exist only as a pickle, and convert them."),
    ] = False,
) -> None:
    """Download a checkpoint, going on where an earlier download stopped."""
    with context.obj.new_studio() as studio:
        job = studio.checkpoints.fetch(checkpoint_id, allow_pickle=allow_pickle)
        show_ended(context.obj, studio, job.id)
