"""model list, show, rename, delete, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.services.models import model_to_json

app = typer.Typer(help="List, export and delete models.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="M", help="The model's name.")]


@app.command("list")
def list_models(context: typer.Context) -> None:
    """List the models, newest first."""
    with context.obj.studio() as studio:
        values = [model_to_json(model) for model in studio.models.list()]
    if not context.obj.as_json:
        values = [
            {**value, "test_accuracy": value["metrics"].get("test", {}).get("accuracy")} for value in values
        ]
    context.obj.show_table(
        values,
        ["name", "dataset", "checkpoint", "test_accuracy", "parameters", "created_at"],
        "No model yet. Train one with: python -m studio train --dataset NAME --checkpoint minilm-l6 --wait",
    )


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one model."""
    with context.obj.studio() as studio:
        model = studio.models.get(name)
        value = {**model_to_json(model), "history": studio.models.history(name)}
    scores = ", ".join(f"{key} {number:.4g}" for key, number in value["metrics"].get("test", {}).items())
    context.obj.show(value, f"{name}: {value['checkpoint']} on {value['dataset']}. Test: {scores}")


@app.command()
def rename(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
) -> None:
    """Give a model another name."""
    with context.obj.studio() as studio:
        model = studio.models.rename(name, new_name)
    context.obj.show(model_to_json(model), f"'{name}' is now called '{new_name}'.")


@app.command()
def delete(context: typer.Context, name: Name) -> None:
    """Delete a model; refused while a job uses it."""
    with context.obj.studio() as studio:
        studio.models.delete(name)
    context.obj.show({"deleted": name}, f"Deleted the model '{name}'.")


@app.command()
def export(
    context: typer.Context,
    name: Name,
    to: Annotated[Path, typer.Option(help="A folder or .zip file that does not exist yet.")],
    format_: Annotated[str, typer.Option("--format", help="One of folder and zip.")] = "folder",
) -> None:
    """Write the model where any Hugging Face tool can load it."""
    with context.obj.studio() as studio:
        path = studio.models.export(name, to, format_)
    context.obj.show({"path": str(path)}, f"Wrote the model to {path}.")
