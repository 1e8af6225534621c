"""The Start page: the first step for a newcomer, and what goes on for everyone else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from jobs.states import ACTIVE, TERMINAL, JobState
from studio.pages import events, hindrances, layout, live
from studio.pages import format as fmt
from studio.pages.jobs import listing
from studio.pages.links import link
from studio.pages.scores import find_test_report, main_metric, test_score, write_interval
from studio.pages.words import words_of
from studio.tasks.registry import list_tasks

if TYPE_CHECKING:
    from jobs.queue import JobView
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.report import Report
    from studio.services.system import Overview

W = words_of("start")
FIRST_PRESET = "quick"
FIRST_TASK = list_tasks()[0].key


def is_first_visit(studio: Services) -> bool:
    """Nothing has been imported or queued yet."""
    return not studio.datasets.list() and not studio.jobs.list(limit=1)


def open_sample(studio: Services, task: str) -> str:
    """Import the sample of a task where it is missing; the address where its training is one click away."""
    dataset = studio.datasets.import_sample(task)
    return link("train", dataset=dataset.name, preset=FIRST_PRESET)


def other_samples() -> Markup:
    """A button for the sample of each task but the first."""
    others = [task for task in list_tasks() if task.key != FIRST_TASK]
    buttons = layout.join(layout.pick_button(task.title, task.key) for task in others)
    return Markup('<div class="s-picks"><span class="s-text s-quiet">{}</span> {}</div>').format(
        W.others, buttons
    )


def render_now(jobs: list[JobView], hindrance: Markup = layout.EMPTY) -> Markup:
    """What runs now, with a bar each, how many wait or are paused, and what keeps jobs from starting."""
    running = [job for job in jobs if job.state in ACTIVE]
    paused = [job for job in jobs if job.state == JobState.PAUSED]
    waiting = [job for job in jobs if job.state == JobState.QUEUED]
    pieces: list[Markup] = [Markup("<h2>{}</h2>").format(W.now.title)]
    if not running and not waiting:
        pieces.append(layout.paragraph(W.now.idle))
        pieces.append(layout.paragraph(W.now.idle_hint, quiet=True))
    pieces += [render_job(job) for job in (running or waiting[:1])]
    more = len(waiting) if running else len(waiting) - 1
    if more > 0:
        text = layout.text_link(W.now.waiting.count(more), link("jobs"))
        pieces.append(layout.paragraph(text, quiet=True))
    if paused:
        text = layout.text_link(W.now.paused.count(len(paused)), link("jobs", job=paused[0].id))
        pieces.append(layout.paragraph(text, quiet=True))
    pieces.append(hindrance)
    return layout.card(*pieces)


def render_job(job: JobView) -> Markup:
    """One job: what it is, how far, how long still, and the way to it."""
    fraction = job.fraction or 0.0
    left = W.now.left.say(time=fmt.rough_duration(job.eta_seconds)) if job.eta_seconds else ""
    text = ", ".join(part for part in (fmt.percent(fraction, digits=2), left) if part)
    if job.state == JobState.RUNNING and not fraction:
        text = W.now.starting
    kind = W.kinds.get(job.kind, job.kind)
    return Markup(
        '<div class="s-now"><div><strong>{}</strong> {}<p>{}</p></div>{}<div>{}</div></div>'
    ).format(
        job.title or kind,
        listing.badge_of(job),
        (job.message if job.state == JobState.RUNNING else "") or kind,
        layout.bar(fraction, job.title, text),
        layout.text_link(W.now.open, link("jobs", job=job.id)),
    )


def render_latest(model: ModelRecord | None, report: Report | None) -> Markup:
    """The newest model with its score, and what to hold against it."""
    title = Markup("<h2>{}</h2>").format(W.latest.title)
    if model is None:
        return layout.card(
            title, layout.paragraph(W.latest.none), layout.paragraph(W.latest.none_hint, quiet=True)
        )
    named = Markup(W.latest.named).format(
        name=Markup("<strong>{}</strong>").format(model.name),
        when=layout.time_ago(model.created_at),
        dataset=layout.text_link(model.dataset, link("data", dataset=model.dataset)),
    )
    actions = layout.button_link(W.latest.results, link("results", model=model.name), primary=True)
    actions += layout.button_link(W.latest.predict, link("predict", model=model.name))
    return layout.card(
        title,
        layout.paragraph(named),
        layout.tiles(latest_tiles(model, report)),
        Markup('<div class="s-actions">{}</div>').format(actions),
    )


def latest_tiles(model: ModelRecord, report: Report | None) -> list[layout.Tile]:
    """Score, simple rivals on the same rows, and the time it took."""
    found = []
    metric, score = main_metric(model.task), test_score(model)
    if score is not None:
        edges = report.intervals.get(metric.name) if report else None
        note = W.latest.right_note.say(interval=write_interval(edges, metric.unit)) if edges else ""
        title = W.latest.right if metric.name == "accuracy" else W.latest.score.say(metric=metric.title)
        found.append(layout.Tile(title, fmt.score(score, metric.unit), note))
    rivals: dict[str, Any] = report.baselines if report else {}
    if rivals.get("tfidf"):
        rival = fmt.score(rivals["tfidf"][metric.name], metric.unit)
        found.append(layout.Tile(W.latest.baseline, rival, W.latest.baseline_note))
    if rivals.get("majority"):
        label = W.latest.majority.say(label=fmt.shorten(rivals["majority"]["label"], 30))
        rival = fmt.percent(rivals["majority"]["accuracy"])
        found.append(layout.Tile(label, rival, W.latest.majority_note))
    found.append(layout.Tile(W.latest.time, fmt.duration(model.seconds)))
    return found


def render_machine(machine: Overview) -> Markup:
    """What this machine has and how busy it is."""
    memory = W.machine.memory_value.say(
        used=fmt.size(machine.memory_used_bytes), total=fmt.size(machine.memory_bytes)
    )
    queue = W.machine.queue_value.say(running=machine.jobs_running, waiting=machine.jobs_waiting)
    return layout.card(
        Markup("<h2>{}</h2>").format(W.machine.title),
        layout.facts(
            [
                (W.machine.device, W.machine.cores.count(machine.cpu_cores, name=machine.device_name)),
                (W.machine.memory, memory),
                (W.machine.disk, W.machine.disk_value.say(free=fmt.size(machine.disk_free_bytes))),
                (W.machine.queue, queue),
                (W.machine.network, machine.network),
            ]
        ),
    )


def render_board(studio: Services) -> Markup:
    """Now, latest and machine; on a first visit the way ahead instead."""
    if is_first_visit(studio):
        return layout.section(W.way.title) + layout.steps([(step[0], step[1]) for step in W.way.steps])
    jobs = studio.jobs.board(ended=1)
    latest = next(iter(studio.models.list(limit=1)), None)
    machine = studio.system.overview()
    failed = next(iter(jobs), None)
    pieces = []
    if failed is not None and failed.state == JobState.FAILED and failed.state in TERMINAL:
        text = W.latest.failed.say(name=failed.title)
        way = layout.paragraph(layout.text_link(W.now.open, link("jobs", job=failed.id)))
        pieces.append(layout.notice("error", text, failed.error.message if failed.error else "", way))
    pieces.append(
        Markup('<div class="s-board">{}{}{}</div>').format(
            render_now(jobs, hindrances.find(studio, jobs, machine.disk_free_bytes)),
            render_latest(latest, find_test_report(studio, latest) if latest else None),
            render_machine(machine),
        )
    )
    return layout.join(pieces)


def build(studio: Services) -> None:
    """Lay the page out."""
    heading = layout.html(layout.heading(W.first.title, W.first.lead), elem_id="start-heading")
    with gr.Row(elem_classes="s-buttons"):
        train = gr.Button(
            W.again.train, link=link("train"), link_target="_self", variant="primary", visible=False
        )
        sample = gr.Button(W.first.sample, variant="primary", elem_id="start-sample")
        bring = gr.Button(
            W.first.import_, link=link("data", new=1), link_target="_self", elem_id="start-import"
        )
    note = layout.html(layout.paragraph(W.first.sample_note, quiet=True))
    address = events.hidden_text()
    others = layout.pickable(other_samples(), elem_id="start-other-samples")
    board = layout.waiting("start-board")

    def arrive() -> tuple[Any, ...]:
        first = is_first_visit(studio)
        words = W.first if first else W.again
        return (
            layout.heading(words.title, words.lead),
            gr.update(value=words.sample, variant="primary" if first else "secondary"),
            gr.update(value=words.import_),
            gr.update(visible=not first),
            gr.update(visible=first),
        )

    events.on_load(arrive, None, [heading, sample, bring, train, note])
    shared = live.Snapshot(studio.jobs.revision, lambda: render_board(studio))
    live.stay_live(shared.get, studio.jobs.revision, outputs=[board])

    def pick_sample(event: gr.EventData) -> str:
        return open_sample(studio, events.picked(event))

    asked = events.on_slow(sample.click, lambda: open_sample(studio, FIRST_TASK), None, address)
    events.then_go(asked, address)
    events.then_go(events.on_slow(others.click, pick_sample, None, address), address)
