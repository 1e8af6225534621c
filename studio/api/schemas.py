"""What requests may hold."""

from __future__ import annotations

from typing import Any

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field


class ImportForm(BaseModel):
    """An uploaded table and how to read it."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile = Field(description="A CSV or TSV file.")
    validation: UploadFile | None = Field(None, description="An own file of validation rows.")
    test: UploadFile | None = Field(None, description="An own file of test rows.")
    labels: UploadFile | None = Field(
        None, description="A file with one label per line; the table holds indices."
    )
    name: str = Field(description="What the dataset is to be called.")
    task: str = Field("classification", description="What the model is to learn.")
    roles: str | None = Field(
        None, description='JSON such as {"text": "message", "label": "topic"}; else guessed.'
    )
    split: str = Field("0.8,0.1,0.1", description="Shares of train, validation and test.")
    seed: int = Field(0, ge=0, description="Seed of the split.")
    delimiter: str | None = Field(None, description="Separator of the fields, \\t for a tab; else found out.")
    encoding: str | None = Field(None, description="Encoding of the file; else found out.")
    header: bool | None = Field(None, description="Whether the first line names the columns; else found out.")
    drop_bad_rows: bool = Field(False, description="Leave out rows with errors.")


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


class PredictBody(BaseModel):
    """Texts to predict."""

    model_config = ConfigDict(extra="forbid")

    inputs: list[dict[str, str]] = Field(min_length=1, max_length=1000, description='[{"text": "..."}, ...]')
