"""Rows and versions of datasets over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import FileResponse

from studio.api.access import StudioNow
from studio.api.passing import pass_file
from studio.api.schemas import EditsBody, FixBody, RowsQuery
from studio.data.browsing import RowQuery
from studio.data.editing import Edit
from studio.data.exporting import MEDIA_TYPES, check_format, with_lists
from studio.services.datasets import parse_fixes

router = APIRouter(tags=["datasets"])


@router.get("/datasets/{name}/rows")
def list_rows(studio: StudioNow, name: str, wanted: Annotated[RowsQuery, Query()]) -> dict[str, Any]:
    """Some of the rows that are asked for, and how many there are."""
    query = RowQuery(**wanted.model_dump(exclude={"offset", "limit"}))
    page = studio.datasets.browse(name, query, wanted.offset, wanted.limit)
    return {"total": page.total, "offset": wanted.offset, "rows": [with_lists(row) for row in page.rows]}


@router.get("/datasets/{name}/findings")
def list_findings(studio: StudioNow, name: str) -> list[dict[str, Any]]:
    """What was found as the table was imported and later, errors first."""
    return [problem.to_json() for problem in studio.datasets.findings(name)]


@router.get("/datasets/{name}/versions")
def list_versions(studio: StudioNow, name: str) -> list[dict[str, Any]]:
    """All versions, newest first."""
    return [dataset.to_json() for dataset in studio.datasets.versions(name)]


@router.post("/datasets/{name}/versions/{version}/restore", status_code=201)
def restore_version(studio: StudioNow, name: str, version: int) -> dict[str, Any]:
    """Make a version with the rows of an earlier one."""
    return studio.datasets.restore(name, version).to_json()


@router.post("/datasets/{name}/fixes", status_code=201)
def apply_fixes(studio: StudioNow, name: str, body: FixBody) -> dict[str, Any]:
    """Make a version in which findings are mended."""
    return studio.datasets.apply_fixes(name, parse_fixes(body.fixes)).to_json()


@router.post("/datasets/{name}/steps/{number}/undo", status_code=201)
def undo_step(studio: StudioNow, name: str, number: int) -> dict[str, Any]:
    """Make a version without one of the steps, which count from 1."""
    return studio.datasets.undo_step(name, number).to_json()


@router.post("/datasets/{name}/edits", status_code=201)
def edit_rows(studio: StudioNow, name: str, body: EditsBody) -> dict[str, Any]:
    """Make a version of corrections of rows."""
    return studio.datasets.edit_rows(name, [Edit(**edit.model_dump()) for edit in body.edits]).to_json()


@router.get("/datasets/{name}/export", response_class=FileResponse)
def export_rows(
    studio: StudioNow,
    name: str,
    format: Annotated[str, Query()] = "csv",
    raw: Annotated[bool, Query()] = False,
) -> FileResponse:
    """All rows as csv, jsonl or parquet."""
    return pass_file(
        studio.settings.uploads_dir,
        lambda path: studio.datasets.export(name, path, format, raw=raw),
        filename=f"{studio.datasets.get(name).address}.{check_format(format)}",
        media_type=MEDIA_TYPES[format],
    )
