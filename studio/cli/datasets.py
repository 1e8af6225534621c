"""dataset import, list, show, check, delete; the commands on rows and versions are in dataset_rows."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from studio.cli import dataset_rows
from studio.cli import import_options as options
from studio.cli.output import say
from studio.data.dataset import Dataset
from studio.data.importing import OTHER_TASK, ImportRequest
from studio.data.problems import count_of
from studio.data.readers import ReadOptions
from studio.errors import InvalidInput
from studio.services.datasets import parse_delimiter, parse_fixes, parse_quote
from studio.services.folds import import_all
from studio.services.sources import is_address, with_source
from studio.tasks.registry import TASKS, get_task

Name = dataset_rows.Name

app = typer.Typer(help="Import and look at datasets.", no_args_is_help=True)


def parse_pairs(pairs: list[str], option: str) -> dict[str, str]:
    """{'text': 'message'} of ['text=message']; InvalidInput where there is no '='."""
    for pair in pairs:
        if "=" not in pair:
            raise InvalidInput(f"{option} got '{pair}', which has no '='.", f"Write {option} NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in pairs)


@app.command("import")
def import_dataset(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A table, an archive of tables, a folder, a web address, or hf:OWNER/NAME."
        ),
    ],
    name: Annotated[str, typer.Option(help="What the dataset is to be called.")],
    task: options.ImportedTask = None,
    role: options.Role = None,
    validation: options.Validation = None,
    test: options.Test = None,
    split: options.Split = "0.8,0.1,0.1",
    seed: options.Seed = 0,
    split_column: options.SplitColumn = None,
    group_column: options.GroupColumn = None,
    time_column: options.TimeColumn = None,
    folds: options.Folds = None,
    no_stratify: options.NoStratify = False,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = None,
    no_header: options.NoHeader = False,
    quote: options.Quote = None,
    escape: options.Escape = None,
    comment: options.Comment = None,
    skip_lines: options.SkipLines = None,
    header_lines: options.HeaderLines = None,
    sheet: options.Sheet = None,
    labels: options.Labels = None,
    fix: options.Fix = None,
    drop_bad_rows: options.DropBadRows = False,
) -> None:
    """Import a table as a dataset."""
    reading = ReadOptions(
        delimiter=parse_delimiter(delimiter),
        encoding=encoding,
        header=False if no_header else None,
        quote=parse_quote(quote),
        escape=escape,
        comment=comment,
        skip_lines=skip_lines,
        header_lines=header_lines,
        sheet=sheet,
    )
    columns = {"column": split_column, "groups": group_column, "time": time_column}
    request = ImportRequest(
        path=Path(file),
        name=name,
        task=task or "",
        roles=parse_pairs(role, "--role") if role else None,
        validation=validation,
        test=test,
        plan=options.read_plan(split, seed, not no_stratify, columns, folds),
        reading=reading,
        labels_file=labels,
        drop_bad_rows=drop_bad_rows,
        fixes=parse_fixes(fix or []),
    )
    carry_out(context, request, file)


def carry_out(context: typer.Context, request: ImportRequest, source: str) -> None:
    """Import, and say what came of it."""
    with ExitStack() as stack:
        studio = stack.enter_context(context.obj.new_studio())
        if is_address(source):
            say(f"Fetching {source.split('?')[0]} ...")
            request = with_source(request, stack.enter_context(studio.sources.fetched(source)))
        try:
            datasets = import_all(studio.datasets, request)
        except InvalidInput as error:
            if any("drop_rows" in problem.fixes for problem in error.problems):
                error.hint += " (--drop-bad-rows)"
            raise
    values = [dataset.to_json() for dataset in datasets]
    for problem in datasets[0].problems:
        if problem.code == OTHER_TASK:
            say(f"{problem.message} {problem.hint}")
    lines = [
        f"Imported '{dataset.name}' for {dataset.task}: {describe_rows(dataset)}; {describe_roles(dataset)}."
        for dataset in datasets
    ]
    context.obj.show(values[0] if request.division.kind != "folds" else values, "\n".join(lines))


def describe_rows(dataset: Dataset) -> str:
    """'64 train, 8 validation, 8 test rows, 2 labels'."""
    rows = ", ".join(f"{count} {split}" for split, count in dataset.rows.items())
    return (
        f"{rows} rows, {count_of(len(dataset.labels), 'label')}"
        if dataset.labels
        else f"{rows} rows, each with its {answer_of(dataset.task)}"
    )


def describe_roles(dataset: Dataset) -> str:
    """'text from 'message', label from 'topic''."""
    return ", ".join(f"{role} from '{column}'" for role, column in dataset.roles.items())


def answer_of(task: str) -> str:
    """What a model of this task learns to give, in lower case."""
    return get_task(task).answer_role.title.lower()


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
    labels = f", each with its {answer_of(value['task'])}"
    if value["labels"]:
        labels = f"; labels: {', '.join(value['labels'])}"
    context.obj.show(value, f"{name}: {rows} rows{labels}")


@app.command()
def check(context: typer.Context, name: Name) -> None:
    """List what was found in the dataset's table."""
    with context.obj.studio() as studio:
        problems = [problem.to_json() for problem in studio.datasets.findings(name)]
    context.obj.show_table(
        problems,
        ["severity", "code", "count", "rows", "message", "hint", "fixes"],
        "Nothing was found that needs your attention.",
    )


@app.command()
def delete(context: typer.Context, name: Name) -> None:
    """Delete a dataset with all its versions, or one of them (NAME@2); models trained on it stay."""
    with context.obj.studio() as studio:
        studio.datasets.delete(name)
    context.obj.show({"deleted": name}, f"Deleted the dataset '{name}'.")


SampleTask = Annotated[
    str, typer.Option("--task", metavar="TASK", help=f"What the sample is for: {' or '.join(TASKS)}.")
]


@app.command()
def sample(context: typer.Context, task: SampleTask = "classification") -> None:
    """Import the built-in sample of a task: intents, topics, urgency, replies, entities, or questions."""
    with context.obj.new_studio() as studio:
        dataset = studio.datasets.import_sample(task)
    context.obj.show(dataset.to_json(), f"The sample is there as '{dataset.name}'.")


dataset_rows.register(app)
