"""The layout of the Results page: the list of models, or one model in tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from studio.errors import StudioError
from studio.pages import events, guard, layout, links, live
from studio.pages.results import (
    confidence,
    entities,
    errors,
    labels,
    listing,
    mistakes,
    options,
    overview,
    questions,
    recipe,
    scoring,
    speed,
    summary,
    training,
)
from studio.pages.results.chosen import FIRST_TAB, Chosen, Source, address_of, list_sources, read_chosen
from studio.pages.results.desk import Desk, Part, emptied
from studio.pages.words import words_of
from studio.results.kinds import KINDS, kind_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("results")
# Every tab in the order shown: a new one is a file and a line here.
TABS: dict[str, Callable[[Desk], Part]] = {
    FIRST_TAB: overview.build,
    "errors": errors.build,
    "options": options.build,
    "entities": entities.build,
    "questions": questions.build,
    "labels": labels.build,
    mistakes.TAB: mistakes.build,
    "confidence": confidence.build,
    "training": training.build,
    "scoring": scoring.build,
    "recipe": recipe.build,
}
# Those that only models of some kinds of answers have.
OF_KIND = frozenset(tab for kind in KINDS.values() for tab in kind.tabs)


@dataclass(frozen=True)
class Filling:
    """Everything that shows one model: the pieces on top and the parts of the tabs.

    A tab is filled when it is opened: ``marks`` are hidden texts that name what each tab shows.
    """

    desk: Desk
    top: list[Component]
    parts: dict[str, Part]
    marks: dict[str, gr.Textbox]
    tabs: dict[str, gr.Tab]

    @property
    def outputs(self) -> list[Component]:
        """All components, in the order of ``show``."""
        inside = [component for tab in self.parts for component in self.tab_outputs(tab)]
        return [*self.top, *self.tabs.values(), *inside]

    def tab_outputs(self, tab: str) -> list[Component]:
        """The components of one tab, its mark first."""
        return [self.marks[tab], *self.parts[tab].outputs]

    def fill(self, tab: str, chosen: Chosen, shown: str = "") -> tuple[Any, ...]:
        """A value for each component of a tab; nothing changes where it shows the same already."""
        mark = address_of(replace(chosen, true=None, predicted=None))
        if shown == mark:
            return (gr.skip(),) * len(self.tab_outputs(tab))
        return (mark, *self.parts[tab].fill(chosen))

    def show(self, chosen: Chosen, tab: str) -> tuple[Any, ...]:
        """A value for each of the components, with one tab filled and the others to be."""
        heads = (
            summary.render_heading(chosen),
            summary.render_actions(chosen),
            summary.render_notes(chosen),
            gr.update(choices=list_sources(self.desk.studio, chosen), value=chosen.source.key),
        )
        values = [
            self.fill(key, chosen) if key == tab else ("", *map(emptied, self.parts[key].outputs))
            for key in self.parts
        ]
        shown = [gr.update(visible=has_tab(chosen, key)) for key in self.tabs]
        return (*heads, *shown, *(value for part in values for value in part))

    def arrive(self, request: gr.Request) -> tuple[Any, ...]:
        """What the address asks for: waiting, list and one model shown or not, name, tab, and all outputs."""
        read = gr.update(visible=False)
        rest = len(self.outputs)
        name = links.asked(request, "model")
        if not name:
            return (read, gr.update(visible=True), *(gr.skip(),) * (3 + rest))
        asked = {key: links.asked(request, key) for key in ("split", "dataset", "tab", "true", "predicted")}
        key = Source(asked["split"] or "test", asked["dataset"] or "").key
        try:
            chosen = self.desk.read(name, key, asked["true"], asked["predicted"])
        except StudioError as error:
            notice = layout.heading(W.title, W.lead) + guard.as_notice(error)
            return (read, gr.update(visible=True), *(gr.skip(),) * 3, notice, *(gr.skip(),) * (rest - 1))
        tab = asked["tab"] if asked["tab"] in TABS and has_tab(chosen, asked["tab"]) else FIRST_TAB
        return read, gr.skip(), gr.update(visible=True), name, gr.Tabs(selected=tab), *self.show(chosen, tab)


def has_tab(chosen: Chosen, tab: str) -> bool:
    """Whether a tab has anything to say of this model."""
    return tab not in OF_KIND or tab in kind_of(get_task(chosen.model.task)).tabs


def build(studio: Services) -> None:
    """Lay the page out."""
    intervals = listing.Intervals(studio)
    heading = layout.html(layout.heading(W.title, W.lead), elem_id="results-heading")
    waiting = layout.waiting("results-waiting")
    with gr.Column(visible=False, elem_id="results-list") as listed:
        table = layout.waiting("results-models")
    with gr.Column(visible=False, elem_id="results-one") as one:
        with gr.Row(elem_id="results-top"):
            actions = layout.pickable(elem_id="results-actions")
            desk = Desk(studio)
        notes = layout.html(elem_id="results-notes")
        desk.tabs.render()
        parts, tabs = {}, {}
        with desk.tabs:
            for key, build_tab in TABS.items():
                # A tab that is there can no more be hidden in the browser; one that is not can be shown.
                shown = key not in OF_KIND
                with gr.Tab(W.tabs[key], id=key, elem_id=f"results-tab-{key}", visible=shown) as tabs[key]:
                    parts[key] = build_tab(desk)
    marks = {key: events.hidden_text() for key in TABS}
    filling = Filling(desk, [heading, actions, notes, desk.source], parts, marks, tabs)
    events.on_load(filling.arrive, None, [waiting, listed, one, desk.name, desk.tabs, *filling.outputs])
    listen(desk, filling, tabs)
    events.on(actions.click, lambda: gr.Tabs(selected="recipe"), None, desk.tabs)

    offered = events.hidden_text()
    listed_models = live.Snapshot(studio.jobs.revision, partial(list_models, studio, intervals))

    def refresh(name: str, scored: str) -> tuple[Any, ...]:
        if not name:
            return (listed_models.get(), *(gr.skip(),) * 4)
        model = studio.models.find(name)
        if not model:
            return (gr.skip(),) * 5
        return (gr.skip(), *refresh_scored(studio, name, scored), speed.render_form(studio, model))

    live.stay_live(
        refresh,
        studio.jobs.revision,
        inputs=[desk.name, offered],
        outputs=[table, desk.board, desk.source, offered, desk.form],
    )


def list_models(studio: Services, intervals: listing.Intervals) -> Markup:
    """The table of models."""
    models = studio.models.list(listing.MODELS_AT_MOST)
    return listing.render_listing(models, studio.models.count(), intervals)


def refresh_scored(studio: Services, name: str, scored: str) -> tuple[Any, ...]:
    """The board, the rows to choose from where a scoring has ended since, and which scorings there are."""
    board = scoring.render_board(studio, name)
    now = " ".join(row.id for row in studio.evaluations.list(name))
    if now == scored:
        return board, gr.skip(), gr.skip()
    return board, gr.update(choices=list_sources(studio, read_chosen(studio, name))), now


def listen(desk: Desk, filling: Filling, tabs: dict[str, gr.Tab]) -> None:
    """Follow the choice of rows and of a tab, and keep the address true."""
    current = events.hidden_text(value=FIRST_TAB)

    def change_source(tab: str, name: str, key: str) -> tuple[Any, ...]:
        chosen = desk.read(name, key)
        return (address_of(chosen, tab), *filling.show(chosen, tab))

    def open_tab(tab: str, shown: str, *values: Any) -> tuple[Any, ...]:
        chosen = desk.read(*values)
        return (tab, address_of(chosen, tab), *filling.fill(tab, chosen, shown))

    sourcing = [current, *desk.shown]
    changed = events.on(desk.source.input, change_source, sourcing, [desk.address, *filling.outputs])
    events.then_show_address(changed, desk.address)
    for key, tab in tabs.items():
        inputs = [filling.marks[key], *desk.shown, desk.true, desk.predicted]
        outputs = [current, desk.address, *filling.tab_outputs(key)]
        opened = events.on(tab.select, partial(open_tab, key), inputs, outputs)
        events.then_show_address(opened, desk.address)
