"""Models over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from studio.api.access import StudioNow
from studio.api.passing import pass_file
from studio.api.schemas import CompileBody, PredictBody, TokensBody
from studio.results.predictions import export_csv
from studio.services.forms import FormWish
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
    return pass_file(
        studio.settings.uploads_dir,
        lambda path: studio.models.export(name, path, "zip"),
        filename=f"{name}.zip",
        media_type="application/zip",
    )


@router.get("/models/{name}/predictions.csv", response_class=FileResponse)
def download_predictions(
    studio: StudioNow,
    name: str,
    split: Annotated[str, Query()] = "test",
    dataset: Annotated[str | None, Query()] = None,
) -> FileResponse:
    """The model's answers on a split of its own dataset, or of another it was scored on, as CSV."""
    predictions = studio.evaluations.predictions(name, dataset, split)
    return pass_file(
        studio.settings.uploads_dir,
        lambda path: export_csv(predictions, path),
        filename=f"{name}-{dataset + '-' if dataset else ''}{split}.csv",
        media_type="text/csv",
    )


@router.post("/models/{name}/predict")
def predict(studio: StudioNow, name: str, body: PredictBody) -> dict[str, Any]:
    """Predict up to 1,000 rows; ``form``: the compiled form in use, null for the plain one."""
    model = studio.models.get(name)
    answers = studio.predictions.answer(model, body.inputs)
    return {"predictions": answers, "form": model.compiled.to_json() if model.compiled else None}


@router.post("/models/{name}/tokens")
def show_tokens(studio: StudioNow, name: str, body: TokensBody) -> dict[str, Any]:
    """What the model reads of up to 100 rows: the tokens of each sequence, and what is cut."""
    read = studio.predictions.read(name, body.inputs)
    return {"rows": [{"sequences": [reading.to_json() for reading in readings]} for readings in read]}


@router.post("/models/{name}/compiled", status_code=201)
def compile_model(studio: StudioNow, name: str, body: CompileBody) -> dict[str, Any]:
    """Queue the making of a form that answers faster, used once it has proved good."""
    wish = FormWish(body.int8, body.accept_loss, body.accept_slow)
    return studio.jobs.to_json(studio.forms.start(name, wish))


@router.delete("/models/{name}/compiled", status_code=204)
def remove_form(studio: StudioNow, name: str) -> Response:
    """Answer by the plain form again."""
    studio.forms.remove(name)
    return Response(status_code=204)
