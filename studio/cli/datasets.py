"""dataset import, list, show, check, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.data.importing import ImportRequest
from studio.data.readers import ReadOptions
from studio.errors import InvalidInput
from studio.services.datasets import parse_delimiter, parse_split

app = typer.Typer(help="Import and look at datasets.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The dataset's name.")]


def parse_pairs(pairs: list[str], option: str) -> dict[str, str]:
    """{'text': 'message'} of ['text=message']; InvalidInput where there is no '='."""
    for pair in pairs:
        if "=" not in pair:
            raise InvalidInput(f"{option} got '{pair}', which has no '='.", f"Write {option} NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in pairs)


@app.command("import")
def import_dataset(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or TSV file.")],
    name: Annotated[str, typer.Option(help="What the dataset is to be called.")],
    task: Annotated[str, typer.Option(help="What the model is to learn.")] = "classification",
    role: Annotated[list[str] | None, typer.Option(help="ROLE=COLUMN; guessed where left out.")] = None,
    validation: Annotated[Path | None, typer.Option(help="An own file of validation rows.")] = None,
    test: Annotated[Path | None, typer.Option(help="An own file of test rows.")] = None,
    split: Annotated[str, typer.Option(help="Shares of train, validation and test.")] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(help="Seed of the split.", min=0)] = 0,
    delimiter: Annotated[str | None, typer.Option(help="Separator of the fields.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file.")] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="The first line is a row.")] = False,
    labels: Annotated[Path | None, typer.Option(help="One label per line; the file holds indices.")] = None,
    drop_bad_rows: Annotated[
        bool, typer.Option("--drop-bad-rows", help="Leave out rows with errors.")
    ] = False,
) -> None:
    """Import a table as a dataset."""
    reading = ReadOptions(
        delimiter=parse_delimiter(delimiter),
        encoding=encoding,
        header=False if no_header else None,
    )
    request = ImportRequest(
        path=file,
        name=name,
        task=task,
        roles=parse_pairs(role, "--role") if role else None,
        validation=validation,
        test=test,
        split=parse_split(split),
        seed=seed,
        reading=reading,
        labels_file=labels,
        drop_bad_rows=drop_bad_rows,
    )
    with context.obj.studio() as studio:
        try:
            dataset = studio.datasets.import_file(request)
        except InvalidInput as error:
            if any("drop_rows" in problem.fixes for problem in error.problems):
                error.hint += " (--drop-bad-rows)"
            raise
    value = dataset.to_json()
    rows = ", ".join(f"{count} {split_name}" for split_name, count in value["rows"].items())
    context.obj.show(value, f"Imported '{name}': {rows} rows, {len(value['labels'])} labels.")


@app.command("list")
def list_datasets(context: typer.Context) -> None:
    """List the datasets, newest first."""
    with context.obj.studio() as studio:
        datasets = [dataset.to_json() for dataset in studio.datasets.list()]
    context.obj.show_table(
        datasets if context.obj.as_json else [{**one, "rows": sum(one["rows"].values())} for one in datasets],
        ["name", "task", "rows", "labels", "created_at"],
        "No dataset yet. Import one with: python -m studio dataset import FILE --name NAME",
    )


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one dataset."""
    with context.obj.studio() as studio:
        value = studio.datasets.get(name).to_json()
    rows = ", ".join(f"{count} {split_name}" for split_name, count in value["rows"].items())
    context.obj.show(value, f"{name}: {rows} rows; labels: {', '.join(value['labels'])}")


@app.command()
def check(context: typer.Context, name: Name) -> None:
    """List what was found in the dataset's table."""
    with context.obj.studio() as studio:
        problems = [problem.to_json() for problem in studio.datasets.get(name).problems]
    context.obj.show_table(
        problems,
        ["severity", "count", "rows", "message", "hint"],
        "Nothing was found that needs your attention.",
    )


@app.command()
def delete(context: typer.Context, name: Name) -> None:
    """Delete a dataset; models trained on it stay."""
    with context.obj.studio() as studio:
        studio.datasets.delete(name)
    context.obj.show({"deleted": name}, f"Deleted the dataset '{name}'.")


@app.command()
def sample(context: typer.Context) -> None:
    """Import the built-in sample, customer messages in six intents."""
    with context.obj.studio() as studio:
        dataset = studio.datasets.import_sample()
    context.obj.show(dataset.to_json(), f"The sample is there as '{dataset.name}'.")
