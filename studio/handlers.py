"""The body of each kind of job: the one bridge from the queue to the engine."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jobs.context import JobContext, Outcome
from studio.checkpoints.fetch import FetchProgress, fetch
from studio.checkpoints.resolve import Resolved, resolve
from studio.errors import NotFound, Unavailable
from studio.execution.token_cache import TokenCache
from studio.execution.waiting import waiting_awake_while_idle
from studio.export.card import CardFacts, write_card
from studio.files import folder_bytes, write_json
from studio.prediction.answers import Answerer
from studio.prediction.embedded import TUNED_FILE, LoadedModel, Predictor
from studio.prediction.forms import folder_of_form
from studio.prediction.tables import FileRequest, digest_of, predict_file
from studio.records.evaluations import EvaluationRecord, add_evaluation_in
from studio.records.models import ModelRecord, add_model_in
from studio.results.kinds import kind_of
from studio.results.predictions import Answers, write_predictions
from studio.results.report import Report, ReportInputs
from studio.settings import Settings
from studio.tasks.base import Row, Tuned
from studio.training.engine import TrainingResult, TrainingRun, train_model
from studio.training.followers import killed_with_partners
from studio.training.placement import count_processes
from studio.training.recipe import Recipe
from studio.workplace import Workplace

SCORED_SPLITS = ("validation", "test")
TRAINING_ROWS_GONE = "The dataset it was trained on was deleted: there are no simple models to beat."
SECONDS_BETWEEN_SIGNS = 1.0
PROGRESS_BEFORE, PROGRESS_TRAINED = 0.03, 0.92


@waiting_awake_while_idle()
def train(context: JobContext) -> Outcome:
    """Train a model, score it, and leave its folder, reports and record."""
    started = time.monotonic()
    payload = context.payload
    place = Workplace.of(payload, context.job_id)
    recipe = Recipe.model_validate(payload["recipe"])
    start = require_checkpoint(context, place.settings)
    context.progress(fraction=PROGRESS_BEFORE, message="Loading the checkpoint")
    run = TrainingRun(
        task=place.task,
        recipe=recipe,
        checkpoint_folder=start,
        labels=place.dataset.labels,
        train=place.split("train"),
        validation=place.split("validation"),
        out_dir=place.model_dir / "folder",
        snapshots_dir=context.workdir / "snapshots",
        killed_attempts=context.killed_attempts,
        reserve_bytes=place.settings.min_free_bytes,
        processes=count_processes(place.settings.gpus_per_training),
        tokens=TokenCache(place.settings.tokens_dir, reserve_bytes=place.settings.min_free_bytes),
    )
    with killed_with_partners(context.log):
        result = train_model(run, JobProgress(context, PROGRESS_BEFORE, PROGRESS_TRAINED))
    # What is scored is the folder: there is not to be room for two.
    result = replace(result, model=None)
    write_json(place.model_dir / "history.json", result.history)
    # What was done, not what was wished: the checkpoint may read less than the recipe wanted.
    trained_by = recipe.model_copy(update={"max_length": result.max_length})
    write_json(place.model_dir / "folder" / "recipe.json", trained_by.model_dump())
    record = score_model(context, place, result, trained_by, started)
    context.progress(message="The model is ready")
    return Outcome(
        result={"model": record.name, "model_id": record.id, "sentence": result.sentence},
        publish=lambda connection: add_model_in(connection, record),
    )


class JobProgress:
    """The engine's progress, told to the queue as a part of the whole job."""

    def __init__(self, context: JobContext, low: float, high: float) -> None:
        self._context = context
        self._low, self._high = low, high

    def progress(self, *, step: int, steps: int, message: str, eta_seconds: float | None) -> None:
        """Steps done, and the seconds left."""
        share = step / max(1, steps)
        self._context.progress(
            fraction=self._low + (self._high - self._low) * share,
            step=step,
            steps=steps,
            message=message,
            eta_seconds=eta_seconds,
        )

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """One measured number."""
        self._context.metric(name, value, split=split, step=step, epoch=epoch)

    def log(self, text: str) -> None:
        """One line of the job's log."""
        self._context.log(text)

    def note(self, sentence: str) -> None:
        """Something that happened on the way, for the job's history."""
        self._context.note(sentence)

    def raise_if_cancelled(self) -> None:
        """End here where it should, whyever that is."""
        self._context.raise_if_cancelled()

    @property
    def ending(self) -> str | None:
        """Why to end now."""
        return self._context.ending

    @property
    def should_stop_early(self) -> bool:
        """Whether to end with the best so far."""
        return self._context.should_stop_early


def require_checkpoint(context: JobContext, settings: Settings) -> Path:
    """The folder training starts from, fetched first where it is not here."""
    wanted = context.payload["checkpoint"]
    start_model = context.payload.get("start_model_id")
    if start_model:
        return settings.models_dir / start_model / "folder"
    resolved = resolve(wanted, settings)
    if not resolved.ready:
        resolved = fetch_resolved(context, resolved, settings)
    context.log(f"Training starts from {wanted}.")
    if resolved.folder is None:
        raise Unavailable(resolved.sentence, resolved.hint)
    return resolved.folder


def fetch_resolved(context: JobContext, resolved: Resolved, settings: Settings) -> Resolved:
    """Download a checkpoint with progress, and resolve it again."""

    def tell(progress: FetchProgress) -> None:
        context.raise_if_cancelled()
        context.progress(fraction=progress.fraction * PROGRESS_BEFORE, message=progress.sentence)

    fetch(resolved, settings, allow_pickle=bool(context.payload.get("allow_pickle")), progress=tell)
    return resolve(context.payload["checkpoint"], settings)


def score_model(
    context: JobContext, place: Workplace, result: TrainingResult, recipe: Recipe, started: float
) -> ModelRecord:
    """Score the saved model on validation and test, write its reports and card, and make its record."""
    name = context.payload["model"]
    loaded = Predictor().load(place.model_dir / "folder")
    reports: dict[str, Report] = {}
    fitted = fit_simple_models(context, place)
    prediction_seconds, predicted_rows = 0.0, 0
    for number, split in enumerate(SCORED_SPLITS):
        frame = place.split(split)
        if frame.empty:
            continue
        before = time.monotonic()
        tell = scoring_of(context, split, len(frame), PROGRESS_TRAINED + 0.03 * number, 0.03)
        if split == "validation":
            loaded, predictions = predict_validation(loaded, place, frame, tell)
        else:
            predictions = predict_split(loaded, place.roles, frame, tell)
        prediction_seconds += time.monotonic() - before
        predicted_rows += len(frame)
        write_predictions(predictions, place.model_dir / f"predictions-{split}.parquet")
        reports[split] = report_of(place, name, split, predictions, fitted, loaded.tuned)
    context.progress(fraction=0.98, message="Writing the model")
    folder = place.model_dir / "folder"
    told = {split: report.to_json() for split, report in reports.items()}
    write_json(folder / "report.json", {"splits": told, "training": result.sentence})
    record = ModelRecord(
        id=context.job_id,
        name=name,
        task=place.dataset.task,
        checkpoint=context.payload["checkpoint"],
        dataset=place.dataset.name,
        dataset_id=place.dataset.id,
        dataset_fingerprint=place.dataset.fingerprint,
        recipe=recipe.model_dump(),
        labels=tuple(place.dataset.labels),
        roles=place.roles,
        metrics={"train": result.train_metrics}
        | {split: report.metrics for split, report in reports.items()},
        best_epoch=result.best_epoch,
        parameters=result.parameters,
        trainable_parameters=result.trainable_parameters,
        size_bytes=folder_bytes(folder),
        seconds=result.earlier_seconds + time.monotonic() - started,
        rows_per_second=predicted_rows / prediction_seconds if prediction_seconds else None,
        created_at=datetime.now(UTC),
    )
    write_card(folder, CardFacts(record=record, reports=reports, sentence=result.sentence))
    return record


def scoring_of(context: JobContext, what: str, rows: int, low: float, width: float) -> Callable[[int], None]:
    """Tells how many rows have been scored, as a part of the whole job, and ends it where that is asked."""

    began = time.monotonic()

    def tell(done: int) -> None:
        context.raise_if_cancelled()
        context.progress(
            fraction=low + width * done / rows,
            message=f"Scoring the {what} rows, {done:,} of {rows:,}",
            eta_seconds=(time.monotonic() - began) * (rows - done) / done if done else 0.0,
        )

    tell(0)
    return tell


def predict_split(
    loaded: LoadedModel, roles: Sequence[str], frame: pd.DataFrame, tell: Callable[[int], None]
) -> Answers:
    """What the saved model answers on rows of a dataset, of which it reads these roles."""
    asked = loaded.task.rows_of(frame, roles)
    return kind_of(loaded.task).keep(loaded.labels, asked, frame, loaded.scores(asked, tell))


def predict_validation(
    loaded: LoadedModel, place: Workplace, frame: pd.DataFrame, tell: Callable[[int], None]
) -> tuple[LoadedModel, Answers]:
    """The same of the validation rows, once the task has chosen on them what it keeps with the model."""
    asked = loaded.task.rows_of(frame, place.roles)
    logits = loaded.logits(asked, tell)
    tuned = loaded.task.tune(logits, loaded.task.targets(frame, place.dataset.labels))
    if tuned:
        loaded = replace(loaded, tuned=tuned)
        write_json(place.model_dir / "folder" / TUNED_FILE, tuned)
    scores = loaded.task.scores(logits, tuned)
    return loaded, kind_of(loaded.task).keep(loaded.labels, asked, frame, scores)


def fit_simple_models(context: JobContext, place: Workplace) -> Any:
    """What simple models make of the same training rows.

    With many labels this takes minutes and tells nothing itself: meanwhile the job says that it is alive,
    and ends where that is asked.
    """
    frame = place.split("train")
    fitted: Future[Any] = Future()

    def fit() -> None:
        try:
            asked = place.task.rows_of(frame)
            fitted.set_result(kind_of(place.task).fit(asked, frame, place.dataset.labels))
        except BaseException as error:
            fitted.set_exception(error)
            raise

    threading.Thread(target=fit, name="simple models", daemon=True).start()
    while True:
        context.raise_if_cancelled()
        context.progress(message="Fitting the simple models it is compared with")
        with contextlib.suppress(TimeoutError):
            return fitted.result(SECONDS_BETWEEN_SIGNS)


def report_of(
    place: Workplace, model: str, split: str, answers: Answers, fitted: Any, tuned: Tuned
) -> Report:
    """The report of a model on a split of the dataset."""
    notes = () if fitted else (TRAINING_ROWS_GONE,)
    task = place.task
    inputs = ReportInputs(
        model, place.dataset.name, split, answers, task.key, baselines=fitted, notes=notes, tuned=tuned
    )
    return kind_of(task).report(inputs)


@waiting_awake_while_idle()
def evaluate(context: JobContext) -> Outcome:
    """Score a finished model on one split of a dataset."""
    payload = context.payload
    place = Workplace.of(payload, payload["model_id"])
    frame = place.split(payload["split"])
    tell = scoring_of(context, payload["split"], max(1, len(frame)), 0.1, 0.7)
    loaded = Predictor().load(place.model_dir / "folder")
    predictions = predict_split(loaded, payload["roles"], frame, tell)
    try:
        fitted = fit_simple_models(
            context,
            Workplace.of({**payload, "dataset_id": payload["trained_on_id"]}, payload["model_id"]),
        )
    except NotFound:
        fitted = None
    report = report_of(place, payload["model"], payload["split"], predictions, fitted, loaded.tuned)
    folder = place.model_dir / "evaluations"
    write_predictions(predictions, folder / f"{context.job_id}.parquet")
    write_json(folder / f"{context.job_id}.json", report.to_json())
    record = EvaluationRecord(
        id=context.job_id,
        model_id=payload["model_id"],
        dataset=payload["dataset"],
        dataset_id=payload["dataset_id"],
        split=payload["split"],
        metrics=report.metrics,
        created_at=datetime.now(UTC),
    )
    return Outcome(
        result={"model": payload["model"], "evaluation": context.job_id},
        publish=lambda connection: add_evaluation_in(connection, record),
    )


@waiting_awake_while_idle()
def predict_table_file(context: JobContext) -> Outcome:
    """Answer every row of an uploaded file; what an earlier attempt has answered stays."""
    payload = context.payload
    settings = Settings.from_environment()
    model_dir, form_id = settings.models_dir / payload["model_id"], payload.get("form_id")
    # Where the form was removed since, the plain one answers.
    folder = folder_of_form(model_dir, form_id) if form_id else model_dir / "folder"
    predictor = Predictor()

    def answer(rows: list[Row], tell: Callable[[int], None]) -> np.ndarray:
        return predictor.load(folder).scores(rows, tell)

    request = FileRequest(
        source=Path(payload["source"]),
        to=context.workdir / "predictions.csv",
        columns=payload["columns"],
        likely=payload["likely"],
        file_name=payload["file_name"],
        overwrite=True,
        guarded=context.workdir / "predictions-guarded.csv",
    )
    roles = tuple(payload["roles"])
    loaded = predictor.load(folder)
    answerer = Answerer(loaded.labels, answer, digest_of(folder), roles, loaded.task)
    course = FileCourse(context)
    made = predict_file(request, answerer, course.answered, course.read, context.workdir / "snapshots")
    return Outcome(
        result={
            "model": payload["model"],
            "file": request.to.name,
            "guarded": request.guarded.name if request.guarded and made.guarded else None,
            "rows": made.rows,
            "answered": made.rows - made.unanswered,
            "notes": list(made.notes),
        }
    )


class FileCourse:
    """How far a file is, told to the queue: what is read of it first, then the rows that are answered."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._began: tuple[float, int] | None = None

    def read(self, share: float, sentence: str) -> None:
        """The share of the file that was read to learn what is in it."""
        self._context.raise_if_cancelled()
        self._context.progress(fraction=PROGRESS_BEFORE * share, message=sentence)

    def answered(self, done: int, rows: int) -> None:
        """Rows done, with the time left at the speed of this attempt."""
        self._context.raise_if_cancelled()
        if self._began is None:
            self._began = time.monotonic(), done
            if done:
                self._context.log(f"Going on after row {done:,} of {rows:,}.")
        since, before = self._began
        per_row = (time.monotonic() - since) / max(1, done - before)
        self._context.progress(
            fraction=PROGRESS_BEFORE + (1 - PROGRESS_BEFORE) * done / max(1, rows),
            step=done,
            steps=rows,
            message=f"{done:,} of {rows:,} rows",
            eta_seconds=per_row * (rows - done) if done > before else None,
        )


def fetch_checkpoint(context: JobContext) -> Outcome:
    """Download a checkpoint so that training can start without the network."""
    settings = Settings.from_environment()
    resolved = resolve(context.payload["checkpoint"], settings)
    if not resolved.ready:
        fetch_resolved(context, resolved, settings)
    return Outcome(result={"checkpoint": context.payload["checkpoint"]})
