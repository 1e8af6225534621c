"""One dataset: what it is, its rows, what was found in it and how it is divided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from studio.errors import NotFound
from studio.pages import charts, events, layout, links
from studio.pages import format as fmt
from studio.pages.data.describing import (
    lengths_chart,
    overview_facts,
    overview_tiles,
    render_rows,
    render_splits,
    row_pages,
)
from studio.pages.data.findings import render_findings
from studio.pages.links import link
from studio.pages.words import words_of
from studio.results.charts import draw_class_counts

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.pages.registry import Services

W = words_of("data")
SPLITS = ("train", "validation", "test")
TABS = ("overview", "rows", "findings", "splits")


def find(studio: Services, name: str | None) -> Dataset | None:
    """The dataset the address asks for, or None."""
    try:
        return studio.datasets.get(name) if name else None
    except NotFound:
        return None


def render_heading(dataset: Dataset) -> Markup:
    """Name, one sentence, and a way to train on it where it has rows to learn from."""
    counts = {split: fmt.count(dataset.rows.get(split, 0)) for split in SPLITS}
    lead = W.detail.lead.say(
        rows=W.detail.rows_text.count(sum(dataset.rows.values())),
        labels=W.detail.labels_text.count(len(dataset.labels)),
        **counts,
    )
    actions = layout.EMPTY
    if dataset.rows["train"]:
        actions = layout.button_link(W.detail.train, link("train", dataset=dataset.name), primary=True)
    return layout.back_link(W.detail.all, link("data")) + layout.heading(dataset.name, lead, actions)


def render_missing(name: str) -> Markup:
    """What stands where the address names no dataset there is."""
    way = layout.button_link(W.detail.all, link("data"))
    return layout.empty(W.detail.missing.say(name=name), W.detail.missing_hint, way)


def ask_to_delete(dataset: Dataset, models: list[str]) -> Markup:
    """The question before deleting, with what goes with it and what stays."""
    rows = W.detail.rows_text.count(sum(dataset.rows.values()))
    stays = W.delete.stays.say(models=", ".join(models)) if models else ""
    question = f"{W.delete.ask.say(name=dataset.name)} {W.delete.goes.say(rows=rows)}"
    return layout.notice("warning", question, stays)


def build(studio: Services) -> None:
    """Lay one dataset out."""
    name = events.hidden_text("data-name")
    heading = layout.html(elem_id="data-heading")
    with gr.Column(visible=False) as body:
        with gr.Tabs(elem_id="data-tabs") as tabs:
            with gr.Tab(W.detail.overview, id="overview"):
                overview = build_overview()
            with gr.Tab(W.detail.rows, id="rows"):
                row_parts = build_rows(studio, name)
            with gr.Tab(W.detail.findings, id="findings"):
                findings = layout.html(elem_id="data-findings")
            with gr.Tab(W.detail.splits, id="splits"):
                splits = layout.html(elem_id="data-splits")
        build_delete(studio, name)

    def show(request: gr.Request) -> tuple[Any, ...]:
        asked = links.asked(request, "dataset")
        dataset = find(studio, asked)
        if dataset is None:
            missing = render_missing(asked) if asked else ""
            return (gr.skip(), missing, gr.update(visible=False), *(gr.skip(),) * (len(outputs) - 3))
        tab = links.asked(request, "tab")
        return (
            dataset.name,
            render_heading(dataset),
            gr.update(visible=True),
            gr.Tabs(selected=tab if tab in TABS else "overview"),
            *fill_overview(dataset, studio.datasets.used_by(dataset.name)),
            *fill_rows(studio, dataset.name, "train", 1),
            render_findings(dataset.problems, ", ".join(dataset.files.values())),
            render_splits(dataset),
        )

    outputs = [name, heading, body, tabs, *overview, *row_parts, findings, splits]
    events.on_load(show, None, outputs)


def build_overview() -> list[Any]:
    """Tiles, two charts and where the dataset came from."""
    tiles = layout.html()
    with gr.Row(equal_height=False):
        counts = charts.chart_with_table(W.overview.counts_chart, elem_id="data-counts")
        lengths = charts.chart_with_table(W.overview.lengths_chart, elem_id="data-lengths")
    return [tiles, *counts, *lengths, layout.html()]


def fill_overview(dataset: Dataset, models: list[str]) -> tuple[Any, ...]:
    """What ``build_overview`` made, filled."""
    return (
        layout.tiles(overview_tiles(dataset)),
        *charts.chart_values(draw_class_counts(dataset.class_counts)),
        *charts.chart_values(lengths_chart(dataset.lengths)),
        layout.section(W.overview.facts) + layout.card(layout.facts(overview_facts(dataset, models))),
    )


def build_rows(studio: Services, name: gr.Textbox) -> list[Any]:
    """Rows of one split, fifty at a time."""
    choices = [(str(W.splits[split]), split) for split in SPLITS]
    split = gr.Radio(choices, value="train", label=W.rows.split, elem_id="data-split", container=False)
    with gr.Row(elem_classes="s-pager"):
        previous = gr.Button(W.rows.previous, size="sm", min_width=90)
        page = gr.Number(
            1, label=W.rows.page, precision=0, minimum=1, container=False, min_width=70, elem_id="data-page"
        )
        following = gr.Button(W.rows.next, size="sm", min_width=90)
    table = layout.html(elem_id="data-rows")
    parts = [split, page, table]

    def turn(by: int) -> Any:
        return lambda dataset, of, at: fill_rows(studio, dataset, of, (at or 1) + by)

    events.on([split.input], lambda dataset, of: fill_rows(studio, dataset, of, 1), [name, split], parts)
    events.on([page.submit, page.blur], turn(0), [name, split, page], parts)
    events.on(previous.click, turn(-1), [name, split, page], parts)
    events.on(following.click, turn(1), [name, split, page], parts)
    return parts


def fill_rows(studio: Services, name: str, split: str, page: int) -> tuple[Any, ...]:
    """What ``build_rows`` made, filled: split, page within its limits, and the rows."""
    dataset = studio.datasets.get(name)
    of = dataset.rows.get(split, 0)
    first, page = row_pages(of, page)
    rows = studio.datasets.rows(name, split, first, limit=50)
    return split, page, render_rows(rows, first, of)


def build_delete(studio: Services, name: gr.Textbox) -> None:
    """Delete, after asking with the name and what goes with it."""
    address = events.hidden_text()
    with gr.Row(elem_classes="s-buttons s-end"):
        ask = gr.Button(W.detail.delete, variant="stop", size="sm", elem_id="data-delete")
    with gr.Column(visible=False, elem_id="data-delete-question") as question:
        text = layout.html()
        with gr.Row(elem_classes="s-buttons"):
            yes = gr.Button(W.detail.delete, variant="stop", elem_id="data-delete-yes")
            no = gr.Button(W.delete.no, elem_id="data-delete-no")

    def show(wanted: str) -> tuple[Any, ...]:
        dataset = studio.datasets.get(wanted)
        words = ask_to_delete(dataset, studio.datasets.used_by(wanted))
        return gr.update(visible=True), words, gr.update(value=W.delete.yes.say(name=wanted))

    def delete(wanted: str) -> str:
        studio.datasets.delete(wanted)
        return link("data")

    events.on(ask.click, show, name, [question, text, yes])
    events.on(no.click, lambda: gr.update(visible=False), None, question)
    events.then_go(events.on(yes.click, delete, name, address), address)
