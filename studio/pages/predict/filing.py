"""A file of texts: understood, kept, queued as a job, and its answers shown; plain functions."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from jobs.queue import JobView
from jobs.states import JobState
from studio.data.columns import columns_of
from studio.errors import InvalidInput, StudioError
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.commands import START_WORKER, naming_home
from studio.pages.data.describing import describe_reading
from studio.pages.links import link
from studio.pages.words import words_of
from studio.prediction.tables import choose_columns
from studio.tasks.base import CONFIDENCE, PREDICTION

if TYPE_CHECKING:
    import pandas as pd

    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.services.datasets import TablePreview

W = words_of("predict")
OF_DATA = words_of("data")
KIND = "predict"
KEPT = "texts"  # folder of uploads that jobs read
KEPT_SECONDS = 86_400.0
PREVIEW_ROWS = 8
PREVIEW_BYTES = 200_000
CELL_LENGTH = 100  # characters


def guess_columns(studio: Services, model: ModelRecord | None, preview: TablePreview) -> dict[str, str]:
    """The columns that most likely hold what the model reads, by role; InvalidInput where too few."""
    frame = preview.table.frame
    if model is None:
        return choose_columns(frame)[0]
    return choose_columns(frame, model.roles, likely=studio.predictions.likely_columns(model))[0]


def render_understood(preview: TablePreview) -> Markup:
    """What was read of the file, in a sentence."""
    rows = W.file.rows.count(len(preview.table.frame))
    return layout.paragraph(
        W.file.understood.say(rows=rows, reading=describe_reading(preview.table.report)), quiet=True
    )


def keep_upload(uploads_dir: Path, source: Path) -> Path:
    """Copy an upload to where it stays until its job has read it."""
    folder = uploads_dir / KEPT
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{uuid.uuid4().hex}{source.suffix.lower()}"
    shutil.copyfile(source, kept)
    return kept


def sweep_kept(uploads_dir: Path, jobs: list[JobView]) -> None:
    """Delete kept uploads that are a day old and that no known job could read (again)."""
    needed = {job.payload.get("source") for job in jobs if job.kind == KIND}
    oldest = time.time() - KEPT_SECONDS
    for path in (uploads_dir / KEPT).glob("*"):
        if str(path) not in needed and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def start(studio: Services, model: ModelRecord, upload: Path, columns: dict[str, str | None]) -> JobView:
    """Keep the upload and queue its prediction; InvalidInput where a column was not chosen."""
    chosen = {role: column for role, column in columns.items() if column and role in model.roles}
    if len(chosen) < len(model.roles):
        raise InvalidInput(W.file.no_column, W.file.no_column_hint)
    sweep_kept(studio.settings.uploads_dir, [*studio.jobs.list(), *studio.jobs.unfinished()])
    kept = keep_upload(studio.settings.uploads_dir, upload)
    return studio.predictions.start_file(model.name, kept, upload.name, chosen)


def render_job(studio: Services, job: JobView) -> Markup:
    """How far the file is; once done its first answers and the way to the file."""
    name = str(job.payload.get("file_name", ""))
    head = Markup('<div class="s-file-head"><h3>{}</h3>{}</div>').format(
        W.job.title.say(file=name, model=job.payload.get("model", "")), layout.state_badge(job.state)
    )
    if job.state == JobState.SUCCEEDED:
        return layout.card(head, render_done(studio, job))
    if job.state == JobState.FAILED:
        message, hint = (job.error.message, job.error.hint) if job.error else (W.job.failed, "")
        return layout.card(head, layout.notice("error", message, hint), way_to_job(job))
    if job.state == JobState.CANCELLED:
        return layout.card(head, layout.notice("info", W.job.cancelled, W.job.cancelled_hint))
    if job.state == JobState.PAUSED:
        return layout.card(head, layout.notice("info", W.job.paused, W.job.paused_hint), way_to_job(job))
    return layout.card(head, render_progress(studio, job), way_to_job(job))


def render_progress(studio: Services, job: JobView) -> Markup:
    """A bar with the rows done, or what it waits for."""
    if job.state == JobState.QUEUED:
        if not any(worker.alive for worker in studio.jobs.workers()):
            worker = naming_home(START_WORKER, studio.settings.home)
            return layout.notice("warning", W.job.no_worker, W.job.no_worker_hint.say(worker=worker))
        return layout.paragraph(W.job.queued, quiet=True)
    done = W.job.begun
    if job.step and job.steps:
        done = W.job.rows.say(done=fmt.count(job.step), rows=fmt.count(job.steps))
    return layout.bar(job.fraction or 0.0, job.title, done) + layout.paragraph(W.job.stays, quiet=True)


def way_to_job(job: JobView) -> Markup:
    """The link to the job's own page."""
    return Markup('<p class="s-text s-file-way">{}</p>').format(
        layout.text_link(W.job.open, link("jobs", job=job.id))
    )


def render_done(studio: Services, job: JobView) -> Markup:
    """The download, what there is to know, and the first answers."""
    result = job.result or {}
    ended, began = job.finished_at, job.started_at
    seconds = (ended - began).total_seconds() if ended and began else None
    said = W.job.done.count(int(result.get("answered", result.get("rows", 0))), time=fmt.duration(seconds))
    address = f"/api/v1/jobs/{job.id}/file"
    download = Markup('<a class="s-button s-primary" href="{}" download id="predict-download">{}</a>').format(
        f"{address}?guarded=true" if result.get("guarded") else address, W.job.download
    )
    raw = Markup('<p class="s-text s-quiet">{} {}</p>').format(
        OF_DATA.versions.neutralised, layout.text_link(OF_DATA.versions.raw, address)
    )
    notes = layout.join(layout.notice("info", note) for note in result.get("notes", []))
    return layout.join(
        [
            layout.paragraph(said),
            Markup('<div class="s-actions">{}</div>').format(download),
            raw if result.get("guarded") else layout.EMPTY,
            notes,
            first_answers(studio, job),
        ]
    )


def first_answers(studio: Services, job: JobView) -> Markup:
    """The first rows of the file that a job made, or a sentence where it is gone."""
    try:
        path = studio.predictions.file_of(job.id)
        frame = read_head(path, path.stat().st_mtime_ns)
    except (StudioError, OSError):
        return layout.notice("warning", W.job.gone, W.job.gone_hint)
    chosen = choose_columns(frame, job.payload["roles"], job.payload["columns"], job.payload["likely"])[0]
    names = [str(name) for name in frame.columns]
    asked = [name for role, one in chosen.items() for name in columns_of(role, one, names)]
    return render_answers(frame, asked)


@lru_cache(maxsize=16)
def read_head(path: Path, _changed_ns: int) -> pd.DataFrame:
    """The first rows of a table, without reading a long file whole."""
    from studio.data.readers import read_table

    with path.open("rb") as stream:
        head = stream.read(PREVIEW_BYTES)
        whole = not stream.read(1)
    if whole:
        return read_table(path).frame.head(PREVIEW_ROWS)
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as part:
        part.write(head[: head.rindex(b"\n") + 1])
        part.flush()
        return read_table(Path(part.name), file_name=path.name).frame.head(PREVIEW_ROWS)


def render_answers(frame: pd.DataFrame, asked: list[str]) -> Markup:
    """What was asked, in these columns, with the answers and how sure each is."""
    added = added_columns([str(name) for name in frame.columns])
    rows: list[list[Any]] = [
        [
            *(fmt.shorten(str(text), CELL_LENGTH) or fmt.ABSENT for text in cells[: len(asked)]),
            str(cells[len(asked)]) or fmt.ABSENT,
            *(as_share(str(share)) for share in cells[len(asked) + 1 :]),
        ]
        for cells in frame[[*asked, *added]].itertuples(index=False, name=None)
    ]
    sure = [layout.Column(W.job.sure, number=True, help=W.job.sure_help)] if len(added) > 1 else []
    columns = [*asked, W.job.answer, *sure]
    title = W.job.first.count(len(rows))
    return layout.section(title) + layout.table(columns, rows, label=title)


def added_columns(columns: list[str]) -> list[str]:
    """The names that the answer's columns got in this file: the last ones of their kind, side by side.

    >>> added_columns(["text", "prediction", "prediction_2", "confidence", "p_a"])
    ['prediction_2', 'confidence']
    >>> added_columns(["text", "confidence", "prediction"])
    ['prediction']
    """
    found: list[str] = []
    rest = columns
    for wanted in (PREDICTION, CONFIDENCE):
        kinds = [name for name in rest if name == wanted or name.removeprefix(f"{wanted}_").isdigit()]
        found += kinds[-1:]
        rest = rest[rest.index(kinds[-1]) :] if kinds else rest
    return found


def as_share(text: str) -> str:
    """A share as it stands in the file, in percent; nothing where the row had no text.

    >>> as_share("0.973120"), as_share("")
    ('97.3 %', '–')
    """
    return fmt.percent(float(text)) if text.strip() else fmt.ABSENT
