"""What requests may hold."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field


class ImportForm(BaseModel):
    """An uploaded table and how to read it."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile | None = Field(None, description="A table, or an archive of tables.")
    source: str | None = Field(
        None,
        description="Instead of a file: a web address, hf:OWNER/NAME or server:PATH.",
    )
    validation: UploadFile | None = Field(None, description="An own file of validation rows.")
    test: UploadFile | None = Field(None, description="An own file of test rows.")
    labels: UploadFile | None = Field(
        None, description="A file with one label per line; the table holds indices."
    )
    name: str = Field(description="What the dataset is to be called.")
    task: str | None = Field(
        None, description="What the model is to learn; else what the file was made for, or classification."
    )
    roles: str | None = Field(
        None, description='JSON such as {"text": "message", "label": "topic"}; else guessed.'
    )
    split: str = Field("0.8,0.1,0.1", description="Shares of train, validation and test.")
    seed: int = Field(0, ge=0, description="Seed of the split.")
    split_column: str | None = Field(None, description="Column that says train, validation or test.")
    group_column: str | None = Field(None, description="Rows that share a value of it stay together.")
    time_column: str | None = Field(None, description="Column of dates, times or numbers; newest rows test.")
    folds: int | None = Field(
        None, description="Make so many datasets, each with another part as test; the answer lists them."
    )
    stratify: bool = Field(True, description="Keep each label at about the same share in each part.")
    delimiter: str | None = Field(None, description="Separator of the fields, \\t for a tab; else found out.")
    encoding: str | None = Field(None, description="Encoding of the file; else found out.")
    header: bool | None = Field(None, description="Whether the first line names the columns; else found out.")
    quote: str | None = Field(None, description="Sign around cells, none for no such sign; else found out.")
    escape: str | None = Field(None, description="Sign before a quote or separator that belongs to a cell.")
    comment: str | None = Field(None, description="Sign at the start of lines that are no rows.")
    skip_lines: int | None = Field(None, ge=0, description="Lines to leave out above the table.")
    header_lines: int | None = Field(None, ge=1, description="Lines that name the columns together.")
    sheet: str | None = Field(None, description="Sheet of a workbook; else the first with a table.")
    fix: list[str] = Field(
        default_factory=list,
        description="code=action: what to do about a finding; repeatable.",
    )
    drop_bad_rows: bool = Field(False, description="Leave out rows with errors.")


class RowsQuery(BaseModel):
    """Which rows of a dataset are wanted."""

    model_config = ConfigDict(extra="forbid")

    split: Literal["train", "validation", "test"] | None = Field(None, description="Only rows of it.")
    label: str | None = Field(None, description="Only rows with this label.")
    finding: str | None = Field(None, description="Only rows with this finding, by its code.")
    shortest: int | None = Field(None, ge=0, description="Fewest characters of the text.")
    longest: int | None = Field(None, ge=0, description="Most characters of the text.")
    search: str = Field("", max_length=1000, description="Text that stands in the row, in capitals or not.")
    line: int | None = Field(None, ge=0, description="Only the row that starts on this line of its file.")
    offset: int = Field(0, ge=0, description="How many rows to pass over first.")
    limit: int = Field(50, ge=1, le=1000, description="How many rows to give.")


class FixBody(BaseModel):
    """What to do about findings."""

    model_config = ConfigDict(extra="forbid")

    fixes: list[str] = Field(min_length=1, description='["duplicate_text=drop_repeats", ...]')


class EditBody(BaseModel):
    """One correction of a row."""

    model_config = ConfigDict(extra="forbid")

    split: Literal["train", "validation", "test"] = Field(description="Where the row is.")
    index: int = Field(ge=0, description="Its place in the split, from 0, as rows lists it.")
    action: Literal["set_label", "drop", "move"] = Field(description="What to do with it.")
    value: str = Field("", description="The label to set, or the split to move it to.")
    new_label: bool = Field(False, description="The label may be one that no row has so far.")


class EditsBody(BaseModel):
    """Corrections that become one version."""

    model_config = ConfigDict(extra="forbid")

    edits: list[EditBody] = Field(min_length=1, max_length=10_000)


class ErrorBody(BaseModel):
    """What happened, and what to do next."""

    code: str = Field(description="A word for programs, such as not_found.")
    message: str = Field(description="What happened.")
    hint: str = Field(description="What to do next.")
    problems: list[dict[str, Any]] | None = Field(
        None, description="What was found in a table; not there for other errors."
    )


class ErrorAnswer(BaseModel):
    """The one shape of every answer that is no success."""

    error: ErrorBody


class TrainBody(BaseModel):
    """A wish to train."""

    model_config = ConfigDict(extra="forbid")

    dataset: str = Field(description="Name of the dataset.")
    checkpoint: str = Field(description="Where training starts.")
    preset: str = Field("balanced", description="quick, balanced or best.")
    recipe: dict[str, Any] = Field(default_factory=dict, description="Fields that differ from the preset.")
    name: str | None = Field(None, description="What the model is to be called.")
    allow_pickle: bool = Field(False, description="Agree to weights that exist only as a pickle.")
    owner: str = Field("", max_length=120, description="Whose job it is, where each may run only so many.")


class PredictBody(BaseModel):
    """Texts to predict."""

    model_config = ConfigDict(extra="forbid")

    inputs: list[dict[str, str | list[str]]] = Field(
        min_length=1, max_length=1000, description='[{"text": "..."}, ...]; options are a list.'
    )


class TokensBody(BaseModel):
    """Rows whose tokens are wanted."""

    model_config = ConfigDict(extra="forbid")

    inputs: list[dict[str, str]] = Field(min_length=1, max_length=100, description='[{"text": "..."}, ...]')


class CompileBody(BaseModel):
    """A form of a model that answers faster."""

    model_config = ConfigDict(extra="forbid")

    int8: bool = Field(False, description="Compute in 8-bit integers, which some processors do faster.")
    accept_loss: bool = Field(False, description="Keep it even where its answers differ too much.")
    accept_slow: bool = Field(False, description="Keep it even where it is not faster here.")
