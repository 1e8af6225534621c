"""The table of jobs: state, progress and best score of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jobs.queue import JobView, MetricPoint
from jobs.states import ACTIVE, TERMINAL, JobState
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.jobs import course
from studio.pages.words import words_of

W = words_of("jobs")
ENDED_AT_MOST = 100
# The table keeps its cells on one line; a long name in it would push the last column out of sight.
WRAPPED = Markup(
    '<span style="display: inline-block; min-width: 7em; white-space: normal; overflow-wrap: anywhere">'
    "{}</span>"
)


@dataclass(frozen=True)
class Line:
    """One job of the table with its best validation score so far; ``starts_in`` is in seconds, if known."""

    job: JobView
    best_score: float | None = None
    starts_in: float | None = None


class Scores:
    """The best score of each training; that of one that has ended is looked up once."""

    def __init__(self, metrics: Callable[[str], list[MetricPoint]]) -> None:
        self._metrics = metrics
        self._ended: dict[str, float | None] = {}

    def best(self, job: JobView) -> float | None:
        """The highest validation score measured so far, or None."""
        if job.kind != "train" or job.started_at is None:
            return None
        if job.id in self._ended:
            return self._ended[job.id]
        best = course.best_of(course.epochs_of(self._metrics(job.id)))
        score = best.validation[course.SCORE] if best else None
        if job.state in TERMINAL:
            self._ended[job.id] = score
        return score


def choose_first(jobs: Sequence[JobView]) -> str:
    """The job that is shown before one was chosen: what runs, else the newest."""
    running = [job for job in jobs if job.state in ACTIVE]
    return next((job.id for job in (*running, *jobs)), "")


def in_order(jobs: Sequence[JobView]) -> list[JobView]:
    """Running jobs first, then the waiting ones in their order, then the newest of the ended ones."""
    running = [job for job in jobs if job.state in ACTIVE]
    waiting = sorted(
        (job for job in jobs if job.state == JobState.QUEUED), key=lambda job: (job.position or 0, job.lane)
    )
    ended = [job for job in jobs if job.state in TERMINAL]
    return [*running, *waiting, *ended[:ENDED_AT_MOST]]


def jobs_table(lines: Sequence[Line], chosen: str, device: str) -> Markup:
    """All unfinished jobs and the newest others, each to be opened by its name."""
    heads = W.columns
    columns = [
        layout.Column(heads.state),
        layout.Column(heads.name),
        layout.Column(heads.dataset),
        layout.Column(heads.start),
        layout.Column(heads.progress),
        layout.Column(heads.best, number=True, help=heads.best_help),
        layout.Column(heads.device),
        layout.Column(heads.started),
    ]
    rows = [cells(line, chosen, device) for line in lines]
    marks = ["s-chosen" if line.job.id == chosen else "" for line in lines]
    return layout.table(columns, rows, label=W.table_label, row_class=marks)


def cells(line: Line, chosen: str, device: str) -> list[str | Markup]:
    """One job as a row of the table."""
    job = line.job
    kind = W.kinds.get(job.kind, job.kind)
    name = Markup('{}<span class="s-kind">{}</span>').format(
        layout.pick_button(name_of(job), job.id, job.id == chosen), kind
    )
    return [
        layout.state_badge(job.state),
        name,
        str(job.payload.get("dataset") or fmt.ABSENT),
        WRAPPED.format(start_of(job)),
        progress_cell(job, line.starts_in),
        fmt.percent(line.best_score),
        W.devices.get(device, device) if job.started_at else fmt.ABSENT,
        layout.time_ago(job.started_at or job.created_at),
    ]


def name_of(job: JobView) -> str:
    """What the job is called: for a training the name of its model."""
    return job.title or W.kinds.get(job.kind, job.kind)


def start_of(job: JobView) -> str:
    """The checkpoint a training starts from, or the model that another job uses."""
    if checkpoint := job.payload.get("checkpoint"):
        return fmt.checkpoint(str(checkpoint))
    return fmt.shorten(str(job.payload.get("model") or fmt.ABSENT), 40)


def starts_in(job: JobView, jobs: Sequence[JobView]) -> float | None:
    """Seconds until the next waiting job starts: what runs in its lane has so long to go."""
    if job.state != JobState.QUEUED or (job.position or 1) > 1:
        return None
    left = [other.eta_seconds for other in jobs if other.lane == job.lane and other.state in ACTIVE]
    return min((seconds for seconds in left if seconds is not None), default=None)


def progress_cell(job: JobView, starts_in_seconds: float | None = None) -> Markup | str:
    """A bar with the time left, the place in the queue, or how long it took."""
    if job.state == JobState.QUEUED:
        if starts_in_seconds is not None:
            return str(W.progress.soon.say(time=fmt.rough_duration(starts_in_seconds)))
        first = job.position is None or job.position <= 1
        return str(W.progress.next if first else W.progress.place.say(n=job.position))
    if job.state in ACTIVE:
        return layout.bar(job.fraction or 0.0, W.progress.label.say(name=name_of(job)), progress_words(job))
    if job.started_at and job.finished_at:
        seconds = (job.finished_at - job.started_at).total_seconds()
        return str(W.progress.took.say(time=fmt.duration(seconds)))
    return fmt.ABSENT


def progress_words(job: JobView) -> str:
    """Percent and time left.

    The end of a training (scoring, writing) has no estimate: then the percent stands alone.
    """
    share = fmt.percent(job.fraction or 0.0, digits=2)
    if job.eta_seconds is None or job.eta_seconds < 1:
        return share
    return str(W.progress.left.say(share=share, time=fmt.rough_duration(job.eta_seconds)))
