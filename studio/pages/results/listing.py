"""All models as a table, each with its score and the way to its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.errors import StudioError
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.links import link
from studio.pages.scores import main_metric, test_score, with_interval
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.report import Report

W = words_of("results")
MODELS_AT_MOST = 200


class Intervals:
    """The interval of each model's test score, read once: a finished model never changes."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._kept: dict[str, tuple[float, float] | None] = {}

    def of(self, model: ModelRecord) -> tuple[float, float] | None:
        """Low and high, or None where the model has no test report."""
        if model.id not in self._kept:
            self._kept[model.id] = self._read(model)
        return self._kept[model.id]

    def _read(self, model: ModelRecord) -> tuple[float, float] | None:
        try:
            report: Report = self._studio.models.report(model.name, "test")
        except StudioError:
            return None
        low, high = report.intervals.get(report.primary_metric, (None, None))
        return None if low is None or high is None else (low, high)


def render_listing(models: list[ModelRecord], count: int, intervals: Intervals) -> Markup:
    """The table of the newest of ``count`` models, or what to do where there is none."""
    if not models:
        actions = layout.button_link(W.empty.train, link("train"), primary=True)
        actions += layout.button_link(W.empty.start, link())
        return layout.empty(W.empty.title, W.empty.text, actions)
    columns = [
        W.list.name,
        layout.Column(W.list.score, number=True, help=W.list.score_help),
        W.list.dataset,
        W.list.checkpoint,
        layout.Column(W.list.size, number=True),
        layout.Column(W.list.seconds, number=True),
        W.list.created,
    ]
    table = layout.table(columns, [row_of(model, intervals) for model in models], label=W.list.label)
    more = ""
    if count > len(models):
        more = layout.paragraph(W.list.more.say(shown=len(models), all=count), quiet=True)
    return table + more


def row_of(model: ModelRecord, intervals: Intervals) -> list[str | Markup]:
    """One line of the table."""
    low, high = intervals.of(model) or (None, None)
    metric, score = main_metric(model.task), test_score(model)
    return [
        layout.text_link(model.name, link("results", model=model.name)),
        with_interval(metric, score, low, high) if score is not None else W.list.unscored,
        layout.text_link(model.dataset, link("data", dataset=model.dataset)),
        fmt.checkpoint(model.checkpoint),
        fmt.size(model.size_bytes),
        fmt.duration(model.seconds),
        layout.time_ago(model.created_at),
    ]
