"""The layout of the Compare page: what to compare, the sentence, the table, and the evidence in tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from studio.metrics.registry import get_metric
from studio.pages import charts, events, layout, links
from studio.pages import format as fmt
from studio.pages.compare import details, ranking
from studio.pages.compare.choosing import (
    MODELS_AT_MOST,
    SPLITS,
    Comparisons,
    Selection,
    dataset_choices,
    dataset_of,
    fullest_dataset,
    missing_names,
    model_choices,
    models_of,
    select,
)
from studio.pages.glossary import explained
from studio.pages.results.desk import emptied
from studio.pages.words import words_of
from studio.results.charts import (
    ChartWithTable,
    draw_label_differences,
    draw_overlay,
    draw_score_against_size,
    draw_score_against_speed,
)

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.compare import Comparison

W = words_of("compare")
Fill = Callable[["Comparison"], tuple[Any, ...]]


@dataclass(frozen=True)
class Part:
    """Components of one tab and the function that fills them when it is opened."""

    outputs: list[Component]
    fill: Fill


@dataclass(frozen=True)
class Board:
    """Everything that shows a comparison: the pieces on top, and the parts of the tabs by their keys."""

    studio: Services
    made: Comparisons
    top: list[Component]
    parts: dict[str, Part]
    by_label: gr.Tab

    @property
    def outputs(self) -> list[Component]:
        """All components, in the order of ``show``."""
        return [
            *self.top,
            self.by_label,
            *(component for part in self.parts.values() for component in part.outputs),
        ]

    def show(self, tab: str, names: list[str] | None, split: str) -> tuple[Any, ...]:
        """The address, then heading, empty place, models set apart, table, and the open tab."""
        selection = Selection(tuple(names or ()), split)
        if len(selection.models) < 2:
            head = selection.address, layout.heading(W.title, W.lead), render_empty(self.studio, selection)
            return (*head, gr.update(visible=False), *(gr.skip() for _ in self.outputs[3:]))
        comparison = self.made.of(selection)
        top = (
            ranking.render_heading(comparison),
            layout.EMPTY,
            gr.update(visible=True),
            ranking.render_apart(comparison),
            ranking.render_table(comparison),
            gr.update(visible=bool(comparison.per_label)),
        )
        values = [
            part.fill(comparison) if key == tab else tuple(map(emptied, part.outputs))
            for key, part in self.parts.items()
        ]
        return (selection.address, *top, *(value for part in values for value in part))

    def open_tab(self, tab: str, names: list[str] | None, split: str) -> tuple[Any, ...]:
        """The key of the tab and its values."""
        part = self.parts[tab]
        if len(names or ()) < 2:
            return (tab, *(gr.skip(),) * len(part.outputs))
        return (tab, *part.fill(self.made.of(Selection(tuple(names or ()), split))))


def build(studio: Services) -> None:
    """Lay the page out."""
    heading = layout.html(layout.heading(W.title, W.lead), elem_id="compare-heading")
    missing = layout.html(elem_id="compare-missing")
    with gr.Column(visible=False, elem_id="compare-page") as place:
        dataset, split, models = build_choice()
    empty = layout.waiting("compare-empty")
    with gr.Column(visible=False, elem_id="compare-evidence") as evidence:
        apart = layout.html(elem_id="compare-apart")
        table = layout.html(elem_id="compare-table")
        parts, tabs = {}, {}
        with gr.Tabs(elem_id="compare-tabs"):
            for key, build_tab in TABS.items():
                # As on the page of results: a tab that is there can no more be hidden in the browser.
                shown = key != "labels"
                with gr.Tab(W.tabs[key], id=key, elem_id=f"compare-tab-{key}", visible=shown) as tabs[key]:
                    parts[key] = build_tab(studio)
    address = events.hidden_text()
    current = events.hidden_text(value=FIRST_TAB)
    board = Board(
        studio, Comparisons(studio), [heading, empty, evidence, apart, table], parts, tabs["labels"]
    )

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        known = studio.models.list()
        models, dataset, split = (links.asked(request, key) for key in ("models", "dataset", "split"))
        chosen = select(known, models, dataset, split)
        return (
            render_missing(known, models, dataset),
            gr.update(visible=len(known) > 1),
            gr.update(choices=dataset_choices(known), value=dataset_of(known, chosen)),
            gr.update(choices=model_choices(known), value=list(chosen.models)),
            chosen.split,
        )

    def take_dataset(name: str) -> tuple[Any, ...]:
        return layout.EMPTY, list(models_of(studio.models.list(), name))

    def take_models(names: list[str] | None) -> tuple[Any, ...]:
        return layout.EMPTY, dataset_of_names(studio, names)

    chosen = [models, split]
    arrived = events.on_load(arrive, None, [missing, place, dataset, *chosen])
    taken = events.on(dataset.input, take_dataset, dataset, [missing, models])
    changed = events.on([models.input, split.input], take_models, models, [missing, dataset])
    for event in (arrived, taken, changed):
        shown = events.then_run(event, board.show, [current, *chosen], [address, *board.outputs])
        if event is not arrived:
            events.then_show_address(shown, address)
    for key, tab in tabs.items():
        outputs = [current, *parts[key].outputs]
        events.on_slow(tab.select, partial(board.open_tab, key), chosen, outputs)


def build_choice() -> tuple[gr.Dropdown, gr.Radio, gr.Dropdown]:
    """The fields that say what is compared."""
    with gr.Row(elem_classes="s-choices"):
        dataset = gr.Dropdown(label=W.choose.dataset, elem_id="compare-dataset", min_width=240)
        split = gr.Radio(
            [(str(W.splits[key]), key) for key in SPLITS],
            value=SPLITS[0],
            label=W.choose.split,
            elem_id="compare-split",
        )
    models = gr.Dropdown(
        label=W.choose.models,
        info=W.choose.models_help.say(most=MODELS_AT_MOST),
        multiselect=True,
        max_choices=MODELS_AT_MOST,
        elem_id="compare-models",
    )
    return dataset, split, models


def dataset_of_names(studio: Services, names: list[str] | None) -> str | None:
    """The dataset that all chosen models share, or None."""
    return dataset_of(studio.models.list(), Selection(tuple(names or ())))


def render_missing(models: Sequence[ModelRecord], asked: str | None, dataset: str | None) -> Markup:
    """What the address names and is not there; nothing where all of it is."""
    gone = missing_names(models, asked)
    if gone:
        message = W.missing.models.count(len(gone), names=quote_names(gone))
    elif not asked and dataset and not models_of(models, dataset):
        message = W.missing.dataset.say(names=quote_names([dataset]))
    else:
        return layout.EMPTY
    return layout.notice("warning", message, W.missing.hint if len(models) > 1 else "")


def quote_names(names: Sequence[str]) -> str:
    """Names within a sentence, each in quotation marks."""
    return ", ".join(W.missing.name.say(name=fmt.shorten(name, 60)) for name in names)


def render_empty(studio: Services, selection: Selection) -> Markup:
    """What to do where fewer than two models are chosen."""
    known = studio.models.list()
    dataset = dataset_of(known, selection) or fullest_dataset(known)
    if len(models_of(known, dataset)) > 1:
        return layout.empty(W.empty.choose, W.empty.choose_text)
    words = W.empty.train_another.say(dataset=fmt.shorten(dataset, 40)) if dataset else W.empty.train
    action = layout.button_link(words, links.link("train", dataset=dataset), primary=True)
    title = W.empty.one if known else W.empty.none
    if dataset and len(known) > 1:
        title = W.empty.apart.say(dataset=fmt.shorten(dataset, 40))
    return layout.empty(title, W.empty.text, action)


def build_ahead(_studio: Services) -> Part:
    """Every pair with its verdict, and score against size and speed."""
    pairs = layout.html(elem_id="compare-pairs")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            size = charts.chart_with_table(W.charts.size, elem_id="compare-size")
        with gr.Column(min_width=320):
            speed = charts.chart_with_table(W.charts.speed, elem_id="compare-speed")
            layout.html(layout.paragraph(W.charts.speed_note, quiet=True), elem_id="compare-speed-note")

    def fill(comparison: Comparison) -> tuple[Any, ...]:
        ranked = [entry for entry in comparison.table if entry["ranked"]]
        return (
            ranking.render_pairs(comparison),
            *drawn(
                draw_score_against_size(ranked, comparison.metric),
                draw_score_against_speed(ranked, comparison.metric),
            ),
        )

    return Part([pairs, *size, *speed], fill)


def build_curves(studio: Services) -> Part:
    """Validation score and loss of all models over their epochs."""
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            score = charts.chart_with_table(explained(W.charts.score), elem_id="compare-score")
        with gr.Column(min_width=320):
            loss = charts.chart_with_table(W.charts.loss, elem_id="compare-loss")

    def fill(comparison: Comparison) -> tuple[Any, ...]:
        histories = {name: studio.models.history(name) for name in comparison.models}
        return drawn(
            draw_overlay(histories, comparison.metric, get_metric(comparison.metric).title),
            draw_overlay(histories, "loss", str(W.charts.loss_axis)),
        )

    return Part([*score, *loss], fill)


def build_labels(_studio: Services) -> Part:
    """F1 by label."""
    chart = charts.chart_with_table(W.charts.labels, elem_id="compare-labels")
    table = layout.html(elem_id="compare-labels-table")

    def fill(comparison: Comparison) -> tuple[Any, ...]:
        differences = draw_label_differences(comparison.per_label, comparison.ranking)
        return (*drawn(differences), details.render_labels(comparison))

    return Part([*chart, table], fill)


def build_rows(_studio: Services) -> Part:
    """The rows on which they disagree."""
    rows = layout.html(elem_id="compare-rows")
    return Part([rows], lambda comparison: (details.render_disagreements(comparison),))


def build_recipes(_studio: Services) -> Part:
    """What differs in their recipes."""
    recipes = layout.html(elem_id="compare-recipes")
    return Part([recipes], lambda comparison: (details.render_recipes(comparison),))


def drawn(*found: ChartWithTable) -> tuple[Any, ...]:
    """The values of several charts in a row."""
    return tuple(value for chart in found for value in charts.chart_values(chart))


# Every tab in the order shown: a new one is a function and a line here.
TABS: dict[str, Callable[[Services], Part]] = {
    "ahead": build_ahead,
    "curves": build_curves,
    "labels": build_labels,
    "rows": build_rows,
    "recipes": build_recipes,
}
FIRST_TAB = "ahead"
