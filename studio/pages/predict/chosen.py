"""The model that is asked: whether it is in memory, how good it is, examples for it, how to call it."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.errors import NotFound
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import shown_label, unbroken
from studio.pages.commands import command_piece
from studio.pages.glossary import explained
from studio.pages.links import link
from studio.pages.scores import find_test_report, main_metric, test_score, write_interval
from studio.pages.words import words_of
from studio.results.form_words import describe_form
from studio.results.kinds import kind_of
from studio.tasks.base import Row
from studio.tasks.registry import get_task, show_row

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.report import Report
    from studio.services.models import Usage

W = words_of("predict")
RIVALS = words_of("results").rivals
EXAMPLES = 6
EXAMPLE_LENGTH = 160  # characters shown of an example
WATCHED_AT_MOST = 16
TONES = {"ready": ("good", "good"), "loading": ("info", "running"), "cold": ("quiet", "waiting")}


class Watch:
    """A number that moves when a job changes, or when a model that an open page shows is loaded."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._names: deque[str] = deque(maxlen=WATCHED_AT_MOST)

    def add(self, model: str) -> None:
        """Look at this model too; the one added first is forgotten where there are many."""
        if model not in self._names:
            self._names.append(model)

    def revision(self) -> int:
        """The number."""
        states = tuple((name, state_of(self._studio, name)) for name in list(self._names))
        return hash((self._studio.jobs.revision(), states))


def state_of(studio: Services, model: str) -> str:
    """cold, loading or ready; gone where there is no such model (any more)."""
    try:
        return studio.predictions.state(model)
    except NotFound:
        return "gone"


def render_status(studio: Services, model: ModelRecord, state: str) -> Markup:
    """Which model answers, whether it is in memory, what it learnt from, and how good it was."""
    tone, symbol = TONES[state]
    report = find_test_report(studio, model)
    told = [describe_learning(studio, model), describe_score(model, report), describe_rival(model, report)]
    return Markup('<p class="s-model-state">{} <span><strong>{}</strong>: {}</span> {}</p>').format(
        layout.badge(tone, W.state[state], symbol),
        model.name,
        unbroken(" ".join(filter(None, told))),
        layout.text_link(W.model.results, link("results", model=model.name)),
    ) + render_form(model)


def describe_learning(studio: Services, model: ModelRecord) -> str:
    """How many rows the model learnt from, as the end of a sentence about it."""
    dataset = studio.datasets.by_id(model.dataset_id)
    return W.model.learnt.count(dataset.rows["train"], dataset=dataset.name) if dataset else ""


def describe_score(model: ModelRecord, report: Report | None) -> str:
    """How good the model was on its test texts, and how sure that number is, as a sentence."""
    metric, score = main_metric(model.task), test_score(model)
    if score is None:
        return str(W.model.unscored)
    edges = write_interval(report.intervals.get(metric.name), metric.unit) if report else fmt.ABSENT
    words = W.model.score if metric.name == "accuracy" else W.model.score_named
    return words.say(
        metric=metric.title,
        score=fmt.score(score, metric.unit),
        texts=W.model.texts.count(report.rows) if report else W.model.some_texts,
        interval="" if edges == fmt.ABSENT else W.model.interval.say(edges=edges),
    )


def describe_rival(model: ModelRecord, report: Report | None) -> str:
    """What the simplest answers reach on the same texts, such as always the commonest label."""
    metric, rivals = main_metric(model.task), report.baselines if report else {}
    named = kind_of(get_task(model.task)).rivals or {"majority": "majority"}
    key, title = list(named.items())[-1]
    reached = rivals.get(key) or {}
    if metric.name not in reached:
        return ""
    label = shown_label(str(reached.get("label", "")))
    return f"{RIVALS[title].say(label=label)}: {fmt.score(reached[metric.name], metric.unit)}."


def render_form(model: ModelRecord) -> Markup:
    """That a compiled form answers, and what that costs; nothing where the plain one does."""
    if model.compiled is None:
        return layout.EMPTY
    told = f"{W.form[model.compiled.kind]} {describe_form(model.compiled)}"
    return layout.paragraph(explained(told), quiet=True)


def find_examples(studio: Services, model: ModelRecord) -> list[Row]:
    """Some of the test rows of the model's own dataset; none where that is gone."""
    own = studio.datasets.by_id(model.dataset_id)
    if own is None or not own.rows.get("test"):
        return []
    return studio.datasets.examples(own.address, "test", EXAMPLES)


def render_examples(rows: list[Row]) -> Markup:
    """A button for each row, or the sentence that says why there is none."""
    if not rows:
        return layout.paragraph(W.examples.none, quiet=True)
    return Markup('<div class="s-examples"><p>{}</p><ul>{}</ul></div>').format(
        W.examples.title,
        layout.join(
            Markup("<li>{}</li>").format(
                layout.pick_button(
                    Markup("<span>{}</span>").format(fmt.shorten(show_row(row), EXAMPLE_LENGTH)),
                    json.dumps(row, ensure_ascii=False),
                )
            )
            for row in rows
        ),
    )


def render_usage(usage: Usage, home: Path) -> Markup:
    """The same call as command, curl and Python."""
    calls = (("curl", usage.curl), ("python", usage.python))
    command = command_piece(usage.command, W.usage.command, home)
    return command + layout.join(layout.code(text, W.usage[kind]) for kind, text in calls)


def render_empty() -> Markup:
    """What stands here before there is any model."""
    return layout.empty(
        W.empty.title, W.empty.text, layout.button_link(W.empty.action, link("train"), primary=True)
    )
