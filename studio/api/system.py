"""GET /health and /system."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from studio import __version__
from studio.api.access import StudioNow

router = APIRouter(tags=["system"])


@router.get("/health")
def health(studio: StudioNow) -> dict[str, Any]:
    """Whether the studio answers, and whether a worker is alive."""
    workers = [worker for worker in studio.jobs.workers() if worker.alive]
    return {"status": "ok", "version": __version__, "workers": len(workers)}


@router.get("/system")
def system(studio: StudioNow) -> dict[str, Any]:
    """This machine: device, cores, memory, disk, queue."""
    return studio.system.overview().to_json()
