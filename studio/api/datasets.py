"""Datasets over HTTP."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from starlette.responses import Response

from jobs.durable import temporary_name
from studio.api.access import StudioNow
from studio.api.schemas import ImportForm
from studio.data.importing import ImportRequest
from studio.data.readers import ReadOptions
from studio.data.splits import SplitPlan, choose_plan
from studio.errors import InvalidInput
from studio.services.datasets import parse_delimiter, parse_fixes, parse_quote, parse_split
from studio.services.folds import import_all
from studio.services.sources import with_source
from studio.settings import Settings

NAME_BYTES = 200
router = APIRouter(tags=["datasets"])


@router.get("/datasets")
def list_datasets(studio: StudioNow) -> list[dict[str, Any]]:
    """All datasets, newest first."""
    return [dataset.to_json() for dataset in studio.datasets.list()]


@router.post("/datasets", status_code=201)
def import_dataset(
    studio: StudioNow, form: Annotated[ImportForm, Form(media_type="multipart/form-data")]
) -> dict[str, Any] | list[dict[str, Any]]:
    """Import an uploaded table, or one from elsewhere, as a dataset; with folds, as one for each."""
    check_file(form)
    uploads = [form.file, form.validation, form.test, form.labels]
    with ExitStack() as stack:
        fetched = stack.enter_context(studio.sources.fetched(form.source)) if form.source else None
        kept = stack.enter_context(kept_uploads(studio.settings, uploads))
        path, validation_path, test_path, labels_path = kept
        request = ImportRequest(
            path=path or Path(),
            name=form.name,
            task=form.task or "",
            roles=parse_roles(form.roles),
            validation=validation_path,
            test=test_path,
            plan=plan_of(form),
            reading=reading_of(form),
            labels_file=labels_path,
            drop_bad_rows=form.drop_bad_rows,
            file_name=name_of(form.file),
            validation_name=name_of(form.validation),
            test_name=name_of(form.test),
            fixes=parse_fixes(form.fix),
        )
        request = with_source(request, fetched) if fetched else request
        if studio.imports.is_large(request.path, request.validation, request.test) and form.folds is None:
            datasets = [studio.imports.run(request)]
        else:
            datasets = import_all(studio.datasets, request)
    values = [dataset.to_json() for dataset in datasets]
    return values if form.folds is not None else values[0]


def check_file(form: ImportForm) -> None:
    """Raise InvalidInput unless there is exactly one table: a file with a name, or a source."""
    if form.source and form.file:
        raise InvalidInput("Both 'file' and 'source' are given.", "Send one of them.")
    if not form.source and not form.file:
        raise InvalidInput(
            "There is no table: neither 'file' nor 'source' is given.",
            "Send the table as the part 'file' of a multipart form, or where it is as 'source'.",
        )
    if form.file and not form.file.filename:
        raise InvalidInput("The upload 'file' has no file name.", "Choose a file, or send its name with it.")


def plan_of(form: ImportForm) -> SplitPlan:
    """How the rows are to be divided."""
    plan = SplitPlan(ratios=parse_split(form.split), seed=form.seed, stratified=form.stratify)
    columns = {"column": form.split_column, "groups": form.group_column, "time": form.time_column}
    return choose_plan(plan, columns, form.folds)


@router.get("/datasets/{name}")
def show_dataset(studio: StudioNow, name: str) -> dict[str, Any]:
    """One dataset; {name}@2 means its second version."""
    return studio.datasets.get(name).to_json()


@router.delete("/datasets/{name}", status_code=204)
def delete_dataset(studio: StudioNow, name: str) -> Response:
    """Delete a dataset with all its versions, or one of them; models trained on it stay."""
    studio.datasets.delete(name)
    return Response(status_code=204)


def reading_of(form: ImportForm) -> ReadOptions:
    """How the table is to be read."""
    return ReadOptions(
        delimiter=parse_delimiter(form.delimiter),
        encoding=form.encoding,
        header=form.header,
        quote=parse_quote(form.quote),
        escape=form.escape,
        comment=form.comment,
        skip_lines=form.skip_lines,
        header_lines=form.header_lines,
        sheet=form.sheet,
    )


def parse_roles(text: str | None) -> dict[str, str] | None:
    """{'text': 'message'} of its JSON."""
    if not text:
        return None
    try:
        roles = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            "roles is not JSON.", 'Send for example {"text": "message", "label": "topic"}.'
        ) from error
    if not isinstance(roles, dict) or not all(isinstance(column, str) for column in roles.values()):
        raise InvalidInput(
            "roles does not map roles to columns.", 'Send for example {"text": "message", "label": "topic"}.'
        )
    return roles


def name_of(upload: UploadFile | None) -> str | None:
    """The upload's own name, without a path."""
    return Path(upload.filename).name if upload and upload.filename else None


def stored_name(file_name: str) -> str:
    """A name that any disk takes, with the end of the upload's own, which messages may name.

    >>> stored_name("../May 2026.csv"), stored_name(".."), len(stored_name("x" * 300))
    ('May 2026.csv', 'table', 200)
    """
    name = "".join(letter for letter in Path(file_name).name if letter.isprintable())
    short = name.encode(errors="ignore")[-NAME_BYTES:].decode(errors="ignore")
    return short if short.strip(".") else "table"


@contextmanager
def kept_uploads(settings: Settings, uploads: list[UploadFile | None]) -> Iterator[list[Path | None]]:
    """Copies of the uploads in a folder of their own, removed at the end."""
    folder = temporary_name(settings.uploads_dir / "received")
    folder.mkdir(parents=True)
    try:
        paths: list[Path | None] = []
        for number, upload in enumerate(uploads):
            if upload is None or not upload.filename:
                paths.append(None)
                continue
            path = folder / str(number) / stored_name(upload.filename)
            path.parent.mkdir()
            with path.open("wb") as copy:
                shutil.copyfileobj(upload.file, copy)
            paths.append(path)
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)
