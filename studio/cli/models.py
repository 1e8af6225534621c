"""model list, show, rename, delete, export, compile, plain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.jobs import show_ended, show_job
from studio.errors import WorkFailed
from studio.results.form_words import describe_form
from studio.services.forms import FormWish
from studio.services.models import model_to_json
from studio.tasks.registry import get_task

app = typer.Typer(help="List, export and delete models.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="M", help="The model's name.")]


@app.command("list")
def list_models(context: typer.Context) -> None:
    """List the models, newest first."""
    with context.obj.studio() as studio:
        values = [model_to_json(model) for model in studio.models.list()]
    if not context.obj.as_json:
        values = [
            {
                **value,
                "test_score": value["metrics"].get("test", {}).get(get_task(value["task"]).primary_metric),
            }
            for value in values
        ]
    context.obj.show_table(
        values,
        ["name", "dataset", "checkpoint", "test_score", "parameters", "created_at"],
        "No model yet. Train one with: python -m studio train --dataset NAME --checkpoint minilm-l6 --wait",
    )


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one model."""
    with context.obj.studio() as studio:
        model = studio.models.get(name)
        value = {**model_to_json(model), "history": studio.models.history(name)}
    scores = ", ".join(f"{key} {number:.4g}" for key, number in value["metrics"].get("test", {}).items())
    form = f" Faster form ({model.compiled.kind}): {describe_form(model.compiled)}" if model.compiled else ""
    context.obj.show(value, f"{name}: {value['checkpoint']} on {value['dataset']}. Test: {scores}.{form}")


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
    format_: Annotated[str | None, typer.Option("--format", help="By the ending, or folder, zip.")] = None,
) -> None:
    """Write the model where any Hugging Face tool can load it."""
    with context.obj.studio() as studio:
        wanted = format_ or ("zip" if to.suffix.lower() == ".zip" else "folder")
        path = studio.models.export(name, to, wanted)
    context.obj.show({"path": str(path)}, f"Wrote the model to {path}.")


@app.command("compile")
def compile_model(
    context: typer.Context,
    name: Name,
    int8: Annotated[
        bool, typer.Option("--int8", help="Compute in 8-bit integers, which some processors do faster.")
    ] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Keep it even where its answers differ too much.")
    ] = False,
    accept_slow: Annotated[
        bool, typer.Option("--accept-slow", help="Keep it even where it is not faster here.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Print the job when it has ended.")] = False,
) -> None:
    """Queue the making of a form that answers faster, used once it has proved good; prints its job."""
    with context.obj.studio() as studio:
        job = studio.forms.start(name, FormWish(int8, accept_loss, accept_slow))
        if not wait:
            show_job(context.obj, studio, job)
            return
        try:
            show_ended(context.obj, studio, job.id)
        except WorkFailed as error:
            error.shell_hint = "To keep it anyway, add --accept-loss or --accept-slow."
            raise


@app.command()
def plain(context: typer.Context, name: Name) -> None:
    """Answer by the plain form again; the compiled one is removed."""
    with context.obj.studio() as studio:
        model = studio.forms.remove(name)
    context.obj.show(model_to_json(model), f"'{name}' answers by its plain form.")
