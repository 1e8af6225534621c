"""The options of `dataset import`: how a table is read, checked and divided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.data.splits import SplitPlan, choose_plan
from studio.services.datasets import parse_split
from studio.tasks.registry import TASKS

Text = str | None
Role = Annotated[list[str] | None, typer.Option(help="ROLE=COLUMN; guessed where left out.")]
Validation = Annotated[Path | None, typer.Option(help="An own file of validation rows.")]
Test = Annotated[Path | None, typer.Option(help="An own file of test rows.")]
Split = Annotated[str, typer.Option(help="Shares of train, validation and test.")]
Seed = Annotated[int, typer.Option(help="Seed of the split.", min=0)]
SplitColumn = Annotated[Text, typer.Option(help="Column that says train, validation or test.")]
GroupColumn = Annotated[Text, typer.Option(help="Rows that share a value of this column stay together.")]
TimeColumn = Annotated[Text, typer.Option(help="Column of dates, times or numbers: the newest rows test.")]
Folds = Annotated[int | None, typer.Option(help="Make so many datasets, each with another part as test.")]
NoStratify = Annotated[bool, typer.Option("--no-stratify", help="Do not keep labels at equal shares.")]
Labels = Annotated[Path | None, typer.Option(help="One label per line; the file holds indices.")]
ImportedTask = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help=f"What the model is to learn: {', '.join(TASKS)}; where left out, what the file was made for "
        "(SQuAD, CoNLL), or classification.",
    ),
]
DropBadRows = Annotated[bool, typer.Option("--drop-bad-rows", help="Leave out rows with errors.")]
Fix = Annotated[
    list[str] | None,
    typer.Option(help="CODE=ACTION: what to do about a finding, such as duplicate_text=drop_repeats."),
]

Delimiter = Annotated[Text, typer.Option(help="Separator of the fields, one or more characters.")]
Encoding = Annotated[Text, typer.Option(help="Encoding of the file.")]
NoHeader = Annotated[bool, typer.Option("--no-header", help="The first line is a row.")]
Quote = Annotated[Text, typer.Option(help="Sign around cells; none where quotes are plain characters.")]
Escape = Annotated[Text, typer.Option(help="Sign before a quote or separator that belongs to a cell.")]
Comment = Annotated[Text, typer.Option(help="Sign at the start of lines that are no rows.")]
SkipLines = Annotated[int | None, typer.Option(help="Lines to leave out above the table.", min=0)]
HeaderLines = Annotated[int | None, typer.Option(help="Lines that name the columns together.", min=1)]
Sheet = Annotated[Text, typer.Option(help="Sheet of a workbook; else the first with a table.")]


def read_plan(
    split: str, seed: int, stratified: bool, columns: dict[str, Text], folds: int | None
) -> SplitPlan:
    """How rows are to be divided, with the columns by kind; InvalidInput where wishes exclude each other."""
    plan = SplitPlan(ratios=parse_split(split), seed=seed, stratified=stratified)
    return choose_plan(plan, columns, folds)
