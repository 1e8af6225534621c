"""The body of the job that makes a model's compiled form: convert, measure, keep it only if it is good."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.context import JobContext, Outcome
from jobs.durable import fsync_path, fsync_tree, rename, temporary_name
from studio.errors import InvalidInput, NotKept
from studio.execution.waiting import waiting_awake_while_idle
from studio.files import folder_bytes, remove_folder
from studio.prediction.compiling import (
    FULL_PRECISION,
    Comparison,
    Tell,
    compare,
    compile_form,
    in_full_precision,
)
from studio.prediction.embedded import Predictor
from studio.prediction.forms import folder_of_form, read_note, write_note
from studio.records.forms import CompiledForm, set_form_in
from studio.results.form_words import describe_form
from studio.workplace import Workplace

CALIBRATION_ROWS, ROWS_AT_MOST = 300, 3000
# How far the job is when the graph is there, when its ranges are known, and when it was compared once.
CONVERTED, SEEN, COMPARED = 0.1, 0.5, 0.75
NAMES = {"float": "The compiled form", "int8": "The compiled form in int8"}
AGREEMENT_WANTED, LOSS_ALLOWED = 0.995, 0.005
# Faster is what saves a tenth somewhere and costs no more than a tenth elsewhere: less is noise.
SAVES, COSTS = 1.1, 0.9
ANSWERS_AS_BEFORE = (
    "The model answers as before. If you want this form all the same, make it again and keep it anyway."
)


@waiting_awake_while_idle()
def compile_model(context: JobContext) -> Outcome:
    """Make the compiled form of a model, measure it, and have the model answer by it where it is good."""
    payload = context.payload
    place = Workplace.of(payload, payload["model_id"])
    split, frame = measured_rows(place)
    target = folder_of_form(place.model_dir, context.job_id)
    target.parent.mkdir(exist_ok=True)
    fsync_path(place.model_dir)
    remove_folder(target)  # of an attempt that was killed before its record was written
    waiting = temporary_name(target)
    waiting.mkdir()
    try:
        form = make_form(context, place, waiting, split, frame)
        refuse_bad(form, accept_loss=payload["accept_loss"], accept_slow=payload["accept_slow"])
        write_note(waiting, read_note(waiting), form.to_json())
        fsync_tree(waiting)
        rename(waiting, target)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    context.progress(fraction=1.0, message=describe_form(form))
    return Outcome(
        result={"model": payload["model"], "form": form.to_json()},
        publish=lambda connection: set_form_in(connection, payload["model_id"], form),
    )


def measured_rows(place: Workplace) -> tuple[str, pd.DataFrame]:
    """The split a form is measured on and its rows: test, or validation where that has none."""
    for split in ("test", "validation"):
        frame = place.split(split)
        if not frame.empty:
            return split, spread(frame, ROWS_AT_MOST)
    raise InvalidInput(
        f"'{place.dataset.name}' has no test rows and no validation rows to measure the form on.",
        "Train the model on a dataset that has some.",
    )


def spread(frame: pd.DataFrame, at_most: int) -> pd.DataFrame:
    """At most so many rows of a table, evenly from its whole length."""
    if len(frame) <= at_most:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, at_most).astype(int)]


def make_form(
    context: JobContext, place: Workplace, folder: Path, split: str, frame: pd.DataFrame
) -> CompiledForm:
    """Write the form to a folder, and measure it on the rows."""
    int8 = bool(context.payload["int8"])
    plain = Predictor().load(place.model_dir / "folder")
    seen = plain.task.rows_of(spread(place.split("train"), CALIBRATION_ROWS), place.roles) if int8 else []
    context.progress(fraction=0.0, message="Converting the model")
    made = compile_form(plain, place.model_dir / "folder", folder, seen, telling(context, CONVERTED, SEEN))
    rows, truth = plain.task.rows_of(frame, place.roles), plain.task.targets(frame, plain.labels)
    measured = compare(plain, made, rows, truth, telling(context, SEEN, COMPARED))
    if not context.payload["accept_loss"] and loses_by_precision(measured, made.model.precision):
        made = in_full_precision(made, folder)
        measured = compare(plain, made, rows, truth, telling(context, COMPARED, 1.0))
    return CompiledForm(
        id=context.job_id,
        kind="int8" if int8 else "float",
        split=split,
        rows=len(frame),
        metric=plain.task.primary_metric,
        size_bytes=folder_bytes(folder),
        **asdict(measured),
    )


def telling(context: JobContext, low: float, high: float) -> Tell:
    """Tells the queue how far a part of the work is, and ends the job where that is asked."""

    def tell(message: str, share: float) -> None:
        context.raise_if_cancelled()
        context.progress(fraction=low + (high - low) * share, message=message)

    return tell


def loses_too_much(measured: Comparison | CompiledForm) -> bool:
    """Whether the answers of a form are too different from the plain ones, or too much worse."""
    return measured.agreement < AGREEMENT_WANTED or round(measured.loss, 9) > LOSS_ALLOWED


def loses_by_precision(measured: Comparison, precision: str) -> bool:
    """Whether a form loses too much and does not compute in full precision yet."""
    return loses_too_much(measured) and precision != FULL_PRECISION


def refuse_bad(form: CompiledForm, *, accept_loss: bool, accept_slow: bool) -> None:
    """Raise NotKept, with the numbers, for a form that loses too much or is not faster."""
    if not accept_loss and loses_too_much(form):
        raise NotKept(
            f"{NAMES[form.kind]} answers too differently. {describe_form(form)} Wanted are "
            f"{AGREEMENT_WANTED:.1%} the same, and at most {LOSS_ALLOWED * 100:g} points lost.",
            ANSWERS_AS_BEFORE,
        )
    speeds = (form.file_speed, form.text_speed)
    if not accept_slow and not (min(speeds) >= COSTS and max(speeds) >= SAVES):
        raise NotKept(
            f"{NAMES[form.kind]} is not faster on this machine. {describe_form(form)}", ANSWERS_AS_BEFORE
        )
