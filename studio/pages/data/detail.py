"""One dataset: what it is, its rows, what was found in it, how it is divided and its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from studio.errors import InvalidInput, NotFound
from studio.pages import charts, events, layout, links
from studio.pages import format as fmt
from studio.pages.data import browsing, rows, versions
from studio.pages.data.browsing import Filters
from studio.pages.data.cutting import render_cutting
from studio.pages.data.describing import (
    answers_chart,
    lengths_chart,
    name_answers,
    overview_facts,
    overview_tiles,
    render_splits,
)
from studio.pages.data.findings import Desk, count_label_rows, render_findings
from studio.pages.data.fixing import read_choice
from studio.pages.glossary import explained
from studio.pages.links import link
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.problems import Problem
    from studio.pages.registry import Services

W = words_of("data")
SPLITS = ("train", "validation", "test")
TABS = ("overview", "rows", "findings", "splits", "versions")
FILTERS = ("split", "label", "finding", "shortest", "longest", "search", "line", "page")


def find(studio: Services, name: str | None, version: str | None = None) -> Dataset | None:
    """The dataset the address asks for, in the version it names, or None."""
    if not name:
        return None
    try:
        return studio.datasets.get(f"{name}@{version}" if version and "@" not in name else name)
    except (NotFound, InvalidInput):
        return None


def render_heading(dataset: Dataset, address: str = "") -> Markup:
    """Name, one sentence, and a way to train on it where it has rows to learn from."""
    counts = {split: fmt.count(dataset.rows.get(split, 0)) for split in SPLITS}
    lead = W.detail.lead.say(
        rows=W.detail.rows_text.count(sum(dataset.rows.values())),
        answers=name_answers(dataset),
        **counts,
    )
    actions = layout.EMPTY
    if dataset.rows["train"]:
        way = link("train", dataset=address or dataset.name)
        actions = layout.button_link(W.detail.train, way, primary=True)
    return layout.back_link(W.detail.all, link("data")) + layout.heading(
        dataset.name, explained(lead), actions
    )


def render_missing(name: str) -> Markup:
    """What stands where the address names no dataset there is."""
    way = layout.button_link(W.detail.all, link("data"))
    return layout.empty(W.detail.missing.say(name=name), W.detail.missing_hint, way)


def render_found(dataset: Dataset, address: str, problems: Sequence[Problem]) -> Markup:
    """Everything that was found, with the fixes that make a new version, the way to the rows, and what was
    decided already.
    """

    def where(problem: Problem) -> str:
        return browsing.address_of(address, Filters(finding=problem.code))

    known = {problem.code for problem in problems}
    decided = tuple(choice for choice in dataset.answered if choice.code in known)
    desk = Desk(
        choices=decided,
        fixable=True,
        making_versions=True,
        where=where,
        label_rows=count_label_rows(dataset.class_counts),
    )
    return render_findings(problems, ", ".join(dataset.files.values()), desk)


def ask_to_delete(dataset: Dataset, models: Sequence[str], kept: int = 1) -> Markup:
    """The question before deleting, with what goes with it and what stays; ``kept`` versions go."""
    rows_text = W.detail.rows_text.count(sum(dataset.rows.values()))
    stays = W.delete.stays.say(models=", ".join(models)) if models else ""
    goes = W.delete.goes.say(rows=rows_text) if kept == 1 else W.delete.goes_all.say(rows=rows_text, n=kept)
    return layout.notice("warning", f"{W.delete.ask.say(name=dataset.name)} {goes}", stays)


@dataclass(frozen=True)
class Parts:
    """The components that show one dataset; ``name`` holds its address with the version."""

    name: gr.Textbox
    heading: gr.HTML
    body: gr.Column
    tabs: gr.Tabs
    overview: list[Component]
    rows: rows.RowParts
    findings: gr.HTML
    splits: gr.HTML
    versions: gr.HTML

    @property
    def outputs(self) -> list[Component]:
        """All that ``show`` fills."""
        return [
            self.name, self.heading, self.body, self.tabs, *self.overview, *self.rows.outputs,
            self.findings, self.splits, self.versions,
        ]  # fmt: skip


def build(studio: Services) -> None:
    """Lay one dataset out."""
    name = events.hidden_text("data-name")
    heading = layout.waiting("data-heading")
    with gr.Column(visible=False) as body:
        with gr.Tabs(elem_id="data-tabs") as tabs:
            with gr.Tab(W.detail.overview, id="overview"):
                overview = build_overview()
                build_cutting(studio)
            with gr.Tab(W.detail.rows, id="rows"):
                row_parts = rows.build(studio, name)
            with gr.Tab(W.detail.findings, id="findings"):
                findings = layout.pickable(elem_id="data-findings")
            with gr.Tab(W.detail.splits, id="splits"):
                splits = layout.html(elem_id="data-splits")
            with gr.Tab(W.detail.versions, id="versions"):
                versions_piece = layout.pickable(elem_id="data-versions")
        build_delete(studio, name)
    parts = Parts(name, heading, body, tabs, overview, row_parts, findings, splits, versions_piece)

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        asked = links.asked(request, "dataset")
        dataset = find(studio, asked, links.asked(request, "version"))
        if dataset is None:
            missing = render_missing(asked) if asked else ""
            rest = (gr.skip(),) * (len(parts.outputs) - 3)
            return (gr.skip(), missing, gr.update(visible=False), *rest)
        filters = Filters.of_address({key: links.asked(request, key) for key in FILTERS})
        return show(studio, dataset, links.asked(request, "tab"), filters)

    events.on_load(arrive, None, parts.outputs)
    listen(studio, parts)


def show(studio: Services, dataset: Dataset, tab: str | None, filters: Filters) -> tuple[Any, ...]:
    """Everything about one version: fills ``Parts.outputs``."""
    all_versions = studio.datasets.versions(dataset.name)
    address = versions.address_in(all_versions, dataset)
    try:
        row_values = rows.open_rows(studio, dataset, dataset.address, filters)
    except InvalidInput:  # a label or a finding that this version has not, or not any more
        row_values = rows.open_rows(studio, dataset, dataset.address, Filters())
    users = {each.id: studio.datasets.used_by(each.address) for each in all_versions}
    return (
        dataset.address,
        render_heading(dataset, address) + versions.render_strip(all_versions, dataset),
        gr.update(visible=True),
        gr.Tabs(selected=tab if tab in TABS else "overview"),
        *fill_overview(dataset, users[dataset.id]),
        *row_values,
        render_found(dataset, address, studio.datasets.findings(dataset.address)),
        render_splits(dataset),
        versions.render_versions(all_versions, dataset, users),
    )


def listen(studio: Services, parts: Parts) -> None:
    """The buttons of findings and versions make a new version, and go to it."""
    go_to = events.hidden_text()

    def fix(event: gr.EventData, name: str) -> str:
        choice = read_choice(events.picked(event).partition(":")[2], events.picked_fields(event))
        made = studio.datasets.apply_fixes(name, [choice])
        return link("data", dataset=made.name, tab="findings")

    def go_back(event: gr.EventData, name: str) -> str:
        verb, _, rest = events.picked(event).partition(":")
        plain = name.partition("@")[0]
        if verb == versions.RESTORE:
            made = studio.datasets.restore(plain, int(rest))
        else:
            version, _, step = rest.partition(":")
            made = studio.datasets.undo_step(f"{plain}@{version}", int(step))
        return link("data", dataset=made.name, tab="versions")

    events.then_go(events.on_slow(parts.findings.click, fix, parts.name, go_to), go_to)
    events.then_go(events.on_slow(parts.versions.click, go_back, parts.name, go_to), go_to)


def build_overview() -> list[Any]:
    """Tiles, two charts and where the dataset came from."""
    tiles = layout.html()
    with gr.Row(equal_height=False):
        counts = charts.chart_with_table(W.overview.counts_chart, elem_id="data-counts")
        lengths = charts.chart_with_table(W.overview.lengths_chart, elem_id="data-lengths")
    return [tiles, *counts, *lengths, layout.html()]


def build_cutting(studio: Services) -> None:
    """What each checkpoint would cut, counted after the rest of the page is there."""
    piece = layout.html(elem_id="data-cutting")

    def show(request: gr.Request) -> Markup:
        dataset = find(studio, links.asked(request, "dataset"), links.asked(request, "version"))
        if dataset is None or get_task(dataset.task).reads_all:
            return layout.EMPTY
        return render_cutting(studio.lengths.table(dataset.address))

    events.on_load(show, None, piece)


def fill_overview(dataset: Dataset, models: Sequence[str]) -> tuple[Any, ...]:
    """What ``build_overview`` made, filled."""
    return (
        layout.tiles(overview_tiles(dataset)),
        *charts.chart_values(
            answers_chart(dataset.class_counts, dataset.lengths, sum(dataset.rows.values()))
        ),
        *charts.chart_values(lengths_chart(dataset.lengths)),
        layout.section(W.overview.facts) + layout.card(layout.facts(overview_facts(dataset, models))),
    )


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

    def show_question(wanted: str) -> tuple[Any, ...]:
        dataset = studio.datasets.get(wanted)
        models = studio.datasets.used_by(dataset.name)
        words = ask_to_delete(dataset, models, len(studio.datasets.versions(dataset.name)))
        return gr.update(visible=True), words, gr.update(value=W.delete.yes.say(name=dataset.name))

    def delete(wanted: str) -> str:
        studio.datasets.delete(studio.datasets.get(wanted).name)
        return link("data")

    events.on(ask.click, show_question, name, [question, text, yes])
    events.on(no.click, lambda: gr.update(visible=False), None, question)
    events.then_go(events.on(yes.click, delete, name, address), address)
