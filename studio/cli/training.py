"""train, evaluate, predict, compare."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.datasets import parse_pairs
from studio.cli.jobs import show_ended, show_job
from studio.cli.output import Context, say, say_now_and_then
from studio.cli.waiting import wait_for_end
from studio.data.problems import count_of
from studio.errors import InvalidInput
from studio.prediction.reading import Reading
from studio.prediction.tables import PredictedFile
from studio.services.training import TrainRequest
from studio.tasks.registry import get_task


def register(app: typer.Typer) -> None:
    """Add this file's commands to the program."""
    app.command()(train)
    app.command()(evaluate)
    app.command()(predict)
    app.command()(compare)


def train(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the dataset.")],
    checkpoint: Annotated[str, typer.Option(help="Where training starts.")],
    task: Annotated[str | None, typer.Option(help="The task; the dataset's own where left out.")] = None,
    preset: Annotated[str, typer.Option(help="One of quick, balanced and best.")] = "balanced",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A field of the recipe, as FIELD=VALUE.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the model is to be called.")] = None,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Agree to weights that exist only as a pickle.")
    ] = False,
    owner: Annotated[str, typer.Option(help="Whose job it is, where each may run only so many.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Print the job when it has ended.")] = False,
) -> None:
    """Queue a training; prints its job."""
    request = TrainRequest(
        dataset=dataset,
        checkpoint=checkpoint,
        preset=preset,
        changes=parse_pairs(set_ or [], "--set"),
        name=name,
        key=f"cli-{uuid.uuid4()}",
        allow_pickle=allow_pickle,
        task=task,
        owner=owner,
    )
    with context.obj.studio() as studio:
        job = studio.training.start(request)
        if wait:
            show_ended(context.obj, studio, job.id)
        else:
            show_job(context.obj, studio, job)


def evaluate(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="M", help="Name of the model.")],
    dataset: Annotated[str | None, typer.Option(help="Another dataset with the same labels.")] = None,
    split: Annotated[str, typer.Option(help="One of train, validation and test.")] = "test",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the report.")] = False,
) -> None:
    """Print a model's report on one split, made first where it does not exist yet."""
    with context.obj.studio() as studio:
        job = studio.evaluations.start(model, dataset, split)
        if job is not None and not wait:
            show_job(context.obj, studio, job)
            return
        if job is not None:
            wait_for_end(studio, job.id)
            studio.jobs.wait_for_success(job.id)
        report = studio.evaluations.report(model, dataset, split).to_json()
    context.obj.show(report, report["sentence"])


def predict(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="M", help="Name of the model.")],
    text: Annotated[str | None, typer.Option(help="One text to predict.")] = None,
    input_: Annotated[
        list[str] | None, typer.Option("--input", help="A role and its text, as ROLE=VALUE.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A table of texts.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the table with predictions goes.")] = None,
    tokens: Annotated[
        bool,
        typer.Option("--tokens", help="Instead of the answer, print the tokens that are read of the row."),
    ] = False,
) -> None:
    """Predict one row (--text, or an --input for each role), or every row of a file."""
    given = {**({} if text is None else {"text": text}), **parse_pairs(input_ or [], "--input")}
    if bool(given) == (file is not None):
        raise InvalidInput("Nothing to predict, or two things at once.", "Give --text, or --file and --out.")
    if tokens and not given:
        raise InvalidInput("Tokens are those of one row.", "Give --text, or an --input for each role.")
    with context.obj.studio() as studio:
        if tokens:
            show_tokens(context.obj, studio.predictions.read(model, [given])[0])
            return
        if given:
            answer = studio.predictions.predict(model, [given])[0]
            task = get_task(studio.models.get(model).task)
            context.obj.show(answer, task.say(answer))
            return
        if file is None or out is None:
            raise InvalidInput("There is no place for the predictions.", "Add --out FILE.")
        tell = say_now_and_then(lambda done, total: f"{done} of {total} rows")
        made = studio.predictions.predict_file(model, file, out, progress=tell)
    for note in made.notes:
        say(note)
    context.obj.show({"rows": made.rows, "out": str(out)}, describe_written(made))


def describe_written(made: PredictedFile) -> str:
    """How many rows a file with predictions has, and how many predictions where that differs."""
    answered = f", {made.rows - made.unanswered} of them with a prediction," if made.unanswered else ""
    return f"Wrote {count_of(made.rows, 'row')}{answered} to {made.path}."


def show_tokens(context: Context, readings: Sequence[Reading]) -> None:
    """Print ``{"sequences": [...]}``, or a table of tokens for each sequence, and say what is cut."""
    if context.as_json:
        context.show({"sequences": [reading.to_json() for reading in readings]}, "")
        return
    columns = ["position", "token", "id", "segment", "mask", "role"]
    for reading in readings:
        rows = enumerate(reading.to_json()["tokens"], start=1)
        context.show_table([{"position": place, **token} for place, token in rows], columns, "No tokens.")
        for cut in reading.cut:
            of = f" of {cut.role}" if cut.role else ""
            say(f"Not read: {cut.tokens} tokens{of}. The model reads at most {reading.limit}.")


def compare(
    context: typer.Context,
    models: Annotated[list[str], typer.Argument(metavar="M1 M2 ...", help="Names of models.")],
    split: Annotated[str, typer.Option(help="One of validation and test.")] = "test",
) -> None:
    """Compare models on the same rows."""
    with context.obj.studio() as studio:
        comparison = studio.comparisons.compare(models, split)
    value = comparison.to_json()
    context.obj.show(value, value["sentence"])
