"""The table of jobs: state, progress and best score of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from jobs.queue import JobView, MetricPoint
from jobs.states import ACTIVE, TERMINAL, JobState
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.jobs import course, order
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
    """One job of the table with its best validation score so far.

    ``starts_in``: seconds until a waiting one starts, if known; ``waiting``: how many wait in its lane.
    """

    job: JobView
    best_score: Markup | None = None
    starts_in: float | None = None
    waiting: int = 0


class Scores:
    """The best score of each training; that of one that has ended is looked up once."""

    def __init__(self, points_of: Callable[[JobView], list[MetricPoint]]) -> None:
        self._points_of = points_of
        self._ended: dict[str, Markup | None] = {}

    def best(self, job: JobView) -> Markup | None:
        """The highest validation score measured so far with the name of what it measures, or None."""
        if job.kind != "train" or job.started_at is None:
            return None
        if job.id in self._ended:
            return self._ended[job.id]
        best = course.best_of(course.epochs_of(self._points_of(job)))
        score = name_score(best) if best else None
        if job.state in TERMINAL:
            self._ended[job.id] = score
        return score


def name_score(epoch: course.Epoch) -> Markup:
    """A score, and under it what it measures."""
    return Markup('{}<span class="s-kind">{}</span>').format(
        epoch.written_score, course.metric_of([epoch]).spoken
    )


def choose_first(jobs: Sequence[JobView]) -> str:
    """The job that is shown before one was chosen: what runs, else the newest."""
    running = [job for job in jobs if job.state in ACTIVE]
    return next((job.id for job in (*running, *jobs)), "")


def in_order(jobs: Sequence[JobView]) -> list[JobView]:
    """Running jobs, the waiting ones in their order, the paused ones, and the newest that have ended."""
    running = [job for job in jobs if job.state in ACTIVE]
    waiting = sorted(
        (job for job in jobs if job.state == JobState.QUEUED), key=lambda job: (job.position or 0, job.lane)
    )
    paused = [job for job in jobs if job.state == JobState.PAUSED]
    ended = [job for job in jobs if job.state in TERMINAL]
    return [*running, *waiting, *paused, *ended[:ENDED_AT_MOST]]


def make_lines(
    jobs: Sequence[JobView], starts: Mapping[str, float], best: Callable[[JobView], Markup | None]
) -> list[Line]:
    """The lines of the table in its order."""
    waiting = Counter(job.lane for job in jobs if job.state == JobState.QUEUED)
    return [Line(job, best(job), starts.get(job.id), waiting[job.lane]) for job in in_order(jobs)]


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
        badge_of(job),
        name,
        str(job.payload.get("dataset") or fmt.ABSENT),
        WRAPPED.format(start_of(job)),
        progress_cell(line),
        line.best_score or fmt.ABSENT,
        device_of(job, device),
        layout.time_ago(job.started_at) if job.started_at else fmt.ABSENT,
    ]


def name_of(job: JobView) -> str:
    """What the job is called: for a training the name of its model."""
    return job.title or W.kinds.get(job.kind, job.kind)


def start_of(job: JobView) -> str:
    """The checkpoint a training starts from, or the model that another job uses."""
    if checkpoint := job.payload.get("checkpoint"):
        return fmt.checkpoint(str(checkpoint))
    return fmt.shorten(str(job.payload.get("model") or fmt.ABSENT), 40)


def badge_of(job: JobView) -> Markup:
    """The state of a job as word and icon; one that stops early says so while it runs."""
    stopping = job.stop_asked and job.state == JobState.RUNNING
    return layout.state_badge("stopping" if stopping else job.state)


def device_of(job: JobView, device: str) -> str:
    """Where the job runs, or where jobs run on this machine; graphics cards count from 1."""
    if not job.started_at:
        return fmt.ABSENT
    kind, _, number = (job.slot or "").rpartition("/")[2].partition("#")[0].partition(":")
    if kind == "cuda" and number.isdigit():
        return f"{W.devices.cuda} {int(number) + 1}"
    return str(W.devices.get(device, device))


def progress_cell(line: Line) -> Markup | str:
    """A bar with the time left, the place in the line, or how long it took."""
    job = line.job
    if job.state == JobState.QUEUED:
        words = Markup("<span>{}</span>").format(wait_words(job, line.starts_in))
        return words + order.arrows(job, name_of(job), line.waiting) if line.waiting > 1 else words
    if job.state in ACTIVE or (job.state == JobState.PAUSED and job.fraction is not None):
        return layout.bar(job.fraction or 0.0, W.progress.label.say(name=name_of(job)), progress_words(job))
    if job.started_at and job.finished_at:
        seconds = (job.finished_at - job.started_at).total_seconds()
        return str(W.progress.took.say(time=fmt.duration(seconds)))
    return fmt.ABSENT


def wait_words(job: JobView, starts_in: float | None) -> str:
    """The place in the line, with the expected start in ``starts_in`` seconds where that is known."""
    held_back = (job.not_before - datetime.now(UTC)).total_seconds() if job.not_before else 0.0
    if held_back > 0:
        return str(W.progress.again.say(time=fmt.duration(math.ceil(held_back))))
    place = job.position or 1
    if starts_in is None:
        return str(W.progress.next if place == 1 else W.progress.place.say(n=place))
    time = fmt.rough_duration(starts_in)
    return str(
        W.progress.soon.say(time=time) if place == 1 else W.progress.place_soon.say(n=place, time=time)
    )


def progress_words(job: JobView) -> str:
    """Percent and time left.

    The end of a training (scoring, writing) has no estimate: then the percent stands alone.
    """
    share = fmt.percent(job.fraction or 0.0, digits=2)
    if job.eta_seconds is None or job.eta_seconds < 1:
        return share
    return str(W.progress.left.say(share=share, time=fmt.rough_duration(job.eta_seconds)))
