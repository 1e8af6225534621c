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
from studio.pages.commands import command_piece
from studio.pages.links import link
from studio.pages.scores import main_metric, test_score
from studio.pages.words import words_of
from studio.results.form_words import describe_form
from studio.tasks.base import Row
from studio.tasks.registry import show_row

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.services.models import Usage

W = words_of("predict")
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


def render_status(model: ModelRecord, state: str) -> Markup:
    """Whether the model is in memory, and how good it was on rows it had not seen."""
    tone, symbol = TONES[state]
    score = describe_score(model)
    return Markup('<p class="s-model-state">{} <span>{}</span> {}</p>').format(
        layout.badge(tone, W.state[state], symbol),
        score,
        layout.text_link(W.model.results, link("results", model=model.name)),
    ) + render_form(model)


def describe_score(model: ModelRecord) -> str:
    """How good the model was on its test texts, as a sentence."""
    metric, score = main_metric(model.task), test_score(model)
    if score is None:
        return str(W.model.unscored)
    written = fmt.score(score, metric.unit)
    if metric.name == "accuracy":
        return str(W.model.score.say(share=written))
    return str(W.model.score_named.say(metric=metric.title, score=written))


def render_form(model: ModelRecord) -> Markup:
    """That a compiled form answers, and what that costs; nothing where the plain one does."""
    if model.compiled is None:
        return layout.EMPTY
    return layout.paragraph(f"{W.form[model.compiled.kind]} {describe_form(model.compiled)}", quiet=True)


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
