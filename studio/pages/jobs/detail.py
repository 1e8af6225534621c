"""One job opened: its sentence, what it works with, its numbers by epoch, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from jobs.queue import EventView, JobView, MetricPoint
from jobs.states import ACTIVE, TERMINAL, JobState
from studio.metrics.registry import METRICS
from studio.pages import format as fmt
from studio.pages import layout, links, notifying
from studio.pages.glossary import explained
from studio.pages.jobs import course, failure, history, listing
from studio.pages.words import words_of

W = words_of("jobs")
EPOCHS_AT_MOST = 200


def headline(
    job: JobView, points: Sequence[MetricPoint], model: str | None, starts_in: float | None = None
) -> Markup:
    """Name, state and the one sentence; a failed job says why and what to do.

    ``starts_in``: seconds until a waiting one starts, if known.
    """
    name = model or listing.name_of(job)
    title = Markup('<div class="s-job-title"><h2>{}</h2>{}</div>').format(name, listing.badge_of(job))
    sentence = course.describe(job, points)
    if job.state == JobState.FAILED:
        return title + layout.notice("error", sentence, job.error.hint if job.error else "")
    pieces = [title, Markup('<p class="s-job-sentence">{}</p>').format(explained(sentence))]
    if job.state in ACTIVE | {JobState.PAUSED} and (
        job.fraction is not None or job.state == JobState.RUNNING
    ):
        label = W.progress.label.say(name=name)
        pieces.append(layout.bar(job.fraction or 0.0, label, listing.progress_words(job)))
    if job.state == JobState.QUEUED and starts_in is not None:
        pieces.append(layout.paragraph(listing.wait_words(job, starts_in), quiet=True))
    if job.state == JobState.RUNNING and job.message:
        pieces.append(layout.paragraph(job.message, quiet=True))
    if job.attempt > 1 and job.state not in TERMINAL:
        again = W.attempt.say(n=job.attempt, of=job.attempts_allowed)
        pieces.append(layout.notice("info", again))
    return layout.join(pieces)


def what_to_do(job: JobView, events: Sequence[EventView]) -> Markup:
    """Of a job that failed: why it may have, what to do next, and how each attempt ended."""
    if job.state != JobState.FAILED:
        return layout.EMPTY
    return failure.advice(job) + history.attempts_list(events)


def job_links(job: JobView, model: str | None) -> Markup:
    """Where to go from here: to the results once there are some, to a new training like this one."""
    made = []
    used = str(job.payload.get("model") or "")
    if model:
        made.append(layout.button_link(W.links.results, links.link("results", model=model), primary=True))
        made.append(layout.button_link(W.links.predict, links.link("predict", model=model)))
    if job.kind == "evaluate" and job.state == JobState.SUCCEEDED:
        dataset, split = job.payload.get("dataset"), job.payload.get("split")
        address = links.link("results", model=used, dataset=dataset, split=split)
        made.append(layout.button_link(W.links.results, address, primary=True))
    if job.kind == "predict":
        address = links.link("predict", model=used, job=job.id)
        made.append(layout.button_link(W.links.file, address, primary=job.state == JobState.SUCCEEDED))
    if job.kind == "compile" and job.state == JobState.SUCCEEDED:
        made.append(layout.button_link(W.links.predict, links.link("predict", model=used), primary=True))
    if job.kind == "fetch" and job.state == JobState.SUCCEEDED:
        address = links.link("train", checkpoint=job.payload.get("checkpoint"))
        made.append(layout.button_link(W.links.use, address, primary=True))
    if job.kind == "import" and job.state == JobState.SUCCEEDED:
        address = links.link("data", dataset=(job.result or {}).get("dataset"))
        made.append(layout.button_link(W.links.dataset, address, primary=True))
    if job.kind == "import" and job.state == JobState.FAILED:
        made.append(layout.button_link(W.links.form, links.link("data", new=1), primary=True))
    if job.kind == "train":
        made.append(layout.button_link(W.links.again, links.link("train", **{"from": job.id})))
    if button := notifying.notify_button(job, model or listing.name_of(job)):
        made.append(button)
    return Markup('<div class="s-actions">{}</div>').format(layout.join(made)) if made else layout.EMPTY


def job_facts(job: JobView) -> Markup:
    """What the job works with, and when."""
    recipe: dict[str, Any] = job.payload.get("recipe") or {}
    rows: list[tuple[str, str | Markup]] = [(W.facts.kind, W.kinds.get(job.kind, job.kind))]
    if job.payload.get("dataset"):
        dataset = str(job.payload["dataset"])
        is_there = job.kind != "import" or job.state == JobState.SUCCEEDED
        shown = layout.text_link(dataset, links.link("data", dataset=dataset)) if is_there else dataset
        rows.append((W.facts.dataset, shown))
    if job.payload.get("checkpoint"):
        rows.append((W.facts.checkpoint, listing.start_of(job)))
    if recipe:
        rows.append((W.facts.recipe, explained(recipe_words(recipe))))
    rows.append((W.facts.queued, layout.time_ago(job.created_at)))
    if job.started_at:
        rows.append((W.facts.started, layout.time_ago(job.started_at)))
    if job.finished_at:
        rows.append((W.facts.ended, layout.time_ago(job.finished_at)))
    if job.retry_of:
        rows.append((W.facts.retry, layout.text_link(W.facts.first, links.link("jobs", job=job.retry_of))))
    return layout.facts(rows)


def recipe_words(recipe: dict[str, Any]) -> str:
    """Preset and the settings that matter most, in one line."""
    return str(
        W.facts.recipe_words.count(
            int(recipe.get("epochs") or 0),
            preset=W.presets.get(str(recipe.get("preset")), str(recipe.get("preset"))),
            rate=f"{recipe.get('learning_rate') or 0:.7f}".rstrip("0"),
            batch=recipe.get("batch_size"),
            length=recipe.get("max_length"),
        )
    )


def epochs_table(points: Sequence[MetricPoint]) -> Markup:
    """The numbers behind the curves, one row per epoch, the best one marked."""
    epochs = course.epochs_of(points)[-EPOCHS_AT_MOST:]
    if not epochs:
        return layout.EMPTY
    best = course.best_of(epochs)
    met = [name for name in course.SCORES if any(name in epoch.training for epoch in epochs)]
    names = [("training", name) for name in ("loss", *met, "rows_per_second")]
    names[-1:-1] = [("validation", name) for name in validation_names(epochs)]
    columns = [layout.Column(W.numbers.epoch)]
    columns += [
        layout.Column(name_number(part, name), number=True, help=explain_number(name)) for part, name in names
    ]
    rows = []
    for epoch in epochs:
        mark = layout.badge("good", W.numbers.best) if epoch is best and len(epochs) > 1 else layout.EMPTY
        first = Markup('<span class="s-epoch">{}{}</span>').format(str(epoch.number), mark)
        rows.append([first, *(number_cell(getattr(epoch, part), name) for part, name in names)])
    return layout.table(columns, rows, label=W.numbers.label)


def name_number(part: str, name: str) -> str:
    """What a number is called: a loss or a speed by its own words, a score by its metric."""
    words = W.numbers[part]
    if name in words or name not in METRICS:
        return str(words.get(name, name))
    return str(W.numbers.of[part].say(metric=METRICS[name].spoken))


def explain_number(name: str) -> str | None:
    """What a number says."""
    return W.numbers.help.get(name) or (METRICS[name].help if name in METRICS else None)


def validation_names(epochs: Sequence[course.Epoch]) -> list[str]:
    """Every number of validation, loss and the score first."""
    found = dict.fromkeys(name for epoch in epochs for name in epoch.validation)
    known = [name for name in (course.LOSS, *course.SCORES) if name in found]
    return [*known, *(name for name in found if name not in known)]


def number_cell(values: dict[str, float], name: str) -> str:
    """One number: losses and speeds as they are, scores in the unit of their metric."""
    value = values.get(name)
    metric = METRICS.get(name)
    return fmt.score(value, metric.unit if metric else "number")
