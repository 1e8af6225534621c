"""Jobs over HTTP."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import FileResponse, PlainTextResponse, Response

from studio.api.access import StudioNow
from studio.api.schemas import TrainBody
from studio.errors import NotFound
from studio.services.jobs import event_to_json
from studio.services.training import TrainRequest

# Described here, and not by the class of the response: that would describe the errors as text too.
TEXT = {"text/plain": {"schema": {"type": "string"}}}
router = APIRouter(tags=["jobs"])


@router.get("/jobs")
def list_jobs(studio: StudioNow, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[dict[str, Any]]:
    """The newest jobs first."""
    return studio.jobs.all_to_json(studio.jobs.list(limit))


@router.post("/jobs", status_code=201)
def start_training(
    studio: StudioNow,
    body: TrainBody,
    idempotency_key: Annotated[str | None, Header(description="The same key twice is one job.")] = None,
) -> dict[str, Any]:
    """Queue a training."""
    request = TrainRequest(
        dataset=body.dataset,
        checkpoint=body.checkpoint,
        preset=body.preset,
        changes=body.recipe,
        name=body.name,
        key=f"api-{idempotency_key}" if idempotency_key else None,
        allow_pickle=body.allow_pickle,
        owner=body.owner,
    )
    return studio.jobs.to_json(studio.training.start(request))


@router.get("/jobs/{job_id}")
def show_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """One job."""
    return studio.jobs.to_json(studio.jobs.get(job_id))


@router.get("/jobs/{job_id}/log", response_class=Response, responses={200: {"content": TEXT}})
def show_log(studio: StudioNow, job_id: str) -> Response:
    """The end of the job's log."""
    return PlainTextResponse(studio.jobs.log(job_id))


@router.get("/jobs/{job_id}/events")
def list_events(
    studio: StudioNow, job_id: str, after: Annotated[int, Query(ge=0)] = 0
) -> list[dict[str, Any]]:
    """What happened since event number ``after``."""
    return [event_to_json(event) for event in studio.jobs.events_after(job_id, after)]


@router.post("/jobs/{job_id}/cancel")
def cancel_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """Ask the job to end."""
    return studio.jobs.to_json(studio.jobs.cancel(job_id))


@router.post("/jobs/{job_id}/pause")
def pause_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """Hold a waiting job back, or have a training or a file keep what it has and leave its place."""
    return studio.jobs.to_json(studio.jobs.pause(job_id))


@router.post("/jobs/{job_id}/resume")
def resume_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """Queue a paused job again."""
    return studio.jobs.to_json(studio.jobs.resume(job_id))


@router.post("/jobs/{job_id}/stop")
def stop_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """Have a training end early with the best model so far."""
    return studio.jobs.to_json(studio.jobs.stop(job_id))


@router.post("/jobs/{job_id}/retry", status_code=201)
def retry_job(studio: StudioNow, job_id: str) -> dict[str, Any]:
    """Queue the same work again as a new job."""
    return studio.jobs.to_json(studio.jobs.retry(job_id))


@router.get("/jobs/{job_id}/file", response_class=FileResponse)
def download_file(
    studio: StudioNow,
    job_id: str,
    guarded: Annotated[bool, Query(description="With ' before cells that a spreadsheet would run.")] = False,
) -> FileResponse:
    """The file that the job made: a table of texts with their answers."""
    job = studio.jobs.get(job_id)
    if job.kind != "predict":
        raise NotFound("This job makes no file.", "Only jobs that answer a file of texts make one.")
    path = studio.predictions.file_of(job_id, guarded=guarded)
    if not path.is_file():
        raise NotFound("The file is not there any more.", "Retry the job to have it made anew.")
    return FileResponse(path, filename=answers_name(str(job.payload["file_name"])), media_type="text/csv")


def answers_name(file_name: str) -> str:
    """What the answered table is called.

    >>> answers_name("May 2026.TSV")
    'May 2026-predictions.TSV'
    """
    path = PurePath(file_name)
    return f"{path.stem}-predictions{path.suffix or '.csv'}"
