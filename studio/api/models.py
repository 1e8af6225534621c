"""Models over HTTP."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from studio.api.access import StudioNow
from studio.api.schemas import PredictBody
from studio.errors import InvalidInput
from studio.results.predictions import export_csv
from studio.services.models import model_to_json

router = APIRouter(tags=["models"])


@router.get("/models")
def list_models(studio: StudioNow) -> list[dict[str, Any]]:
    """All models, newest first."""
    return [model_to_json(model) for model in studio.models.list()]


@router.get("/models/{name}")
def show_model(studio: StudioNow, name: str) -> dict[str, Any]:
    """One model with its history."""
    return {**model_to_json(studio.models.get(name)), "history": studio.models.history(name)}


@router.delete("/models/{name}", status_code=204)
def delete_model(studio: StudioNow, name: str) -> Response:
    """Delete a model; refused while a job uses it."""
    studio.models.delete(name)
    return Response(status_code=204)


@router.get("/models/{name}/report")
def show_report(studio: StudioNow, name: str, split: Annotated[str, Query()] = "test") -> dict[str, Any]:
    """The evaluation of a model on one split of its own dataset."""
    return studio.evaluations.report(name, None, split).to_json()


@router.get("/models/{name}/export", response_class=FileResponse)
def export_model(studio: StudioNow, name: str) -> FileResponse:
    """The model folder as a zip file."""
    folder = Path(tempfile.mkdtemp(dir=studio.settings.uploads_dir))
    try:
        path = studio.models.export(name, folder / "model.zip", "zip")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, filename=f"{name}.zip", media_type="application/zip", background=remove)


@router.get("/models/{name}/predictions.csv", response_class=FileResponse)
def download_predictions(
    studio: StudioNow,
    name: str,
    split: Annotated[str, Query()] = "test",
    dataset: Annotated[str | None, Query()] = None,
) -> FileResponse:
    """The model's answers on a split of its own dataset, or of another it was scored on, as CSV."""
    predictions = studio.evaluations.predictions(name, dataset, split)
    folder = Path(tempfile.mkdtemp(dir=studio.settings.uploads_dir))
    try:
        export_csv(predictions, folder / "predictions.csv")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    file_name = f"{name}-{dataset + '-' if dataset else ''}{split}.csv"
    return FileResponse(
        folder / "predictions.csv", filename=file_name, media_type="text/csv", background=remove
    )


@router.post("/models/{name}/predict")
def predict(studio: StudioNow, name: str, body: PredictBody) -> dict[str, Any]:
    """Predict up to 1,000 texts."""
    if any("text" not in item for item in body.inputs):
        raise InvalidInput("An input has no text.", 'Send {"inputs": [{"text": "..."}]}.')
    return {"predictions": studio.predictions.predict(name, [item["text"] for item in body.inputs])}
