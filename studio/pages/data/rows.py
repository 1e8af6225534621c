"""The tab Rows of a dataset: filters, fifty rows at a time, and corrections in place until they are saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component

from studio.pages import events, layout
from studio.pages.answers import shown_label
from studio.pages.data import browsing
from studio.pages.data.browsing import SPLITS, Filters
from studio.pages.data.findings import name_finding
from studio.pages.links import link
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.pages.registry import Services

W = words_of("data")
SHOWN = 5  # how many components ``RowParts.shown`` names
FIELDS = len(Filters.__dataclass_fields__) - 1  # the page is filled with what is shown


@dataclass(frozen=True)
class RowParts:
    """The components of the tab; ``filters`` in the order of ``Filters``, the page among them."""

    name: gr.Textbox
    filters: list[Component]
    draft: gr.HTML
    table: gr.HTML
    editing: gr.Textbox
    address: gr.Textbox

    @property
    def shown(self) -> list[Component]:
        """What every answer fills: number of the page, draft, rows, the row being corrected, address."""
        return [self.filters[-1], self.draft, self.table, self.editing, self.address]

    @property
    def outputs(self) -> list[Component]:
        """What ``open_rows`` fills."""
        return [*self.filters, *self.shown[1:]]


def build(studio: Services, name: gr.Textbox) -> RowParts:
    """Lay the tab out and listen."""
    filters, buttons = build_filters()
    draft = layout.pickable(elem_id="data-draft")
    table = layout.pickable(elem_id="data-rows")
    parts = RowParts(name, filters, draft, table, events.hidden_text(), events.hidden_text())
    listen(studio, parts, buttons)
    return parts


def build_filters() -> tuple[list[Component], dict[str, gr.Button]]:
    """The fields above the rows, and the buttons that turn the page and clear the filters."""
    splits = [(str(W.splits.all), ""), *((str(W.splits[split]), split) for split in SPLITS)]
    with gr.Row(elem_classes="s-filters"):
        fields: list[Component] = [
            gr.Dropdown(splits, value="", label=W.rows.split, elem_id="data-split"),
            gr.Dropdown([], label=W.rows.label, elem_id="data-label", allow_custom_value=True),
            gr.Dropdown([], label=W.rows.finding, elem_id="data-finding", allow_custom_value=True),
            gr.Number(None, label=W.rows.shortest, precision=0, minimum=0, elem_id="data-shortest"),
            gr.Number(None, label=W.rows.longest, precision=0, minimum=0, elem_id="data-longest"),
            gr.Textbox(
                "", label=W.rows.search, placeholder=W.rows.search_hint, max_lines=1, elem_id="data-search"
            ),
            gr.Number(None, label=W.rows.line, precision=0, minimum=0, elem_id="data-line"),
        ]
    with gr.Row(elem_classes="s-pager", elem_id="data-pager"):
        buttons = {"previous": gr.Button(W.rows.previous, size="sm", min_width=90)}
        page = gr.Number(
            1, label=W.rows.page, precision=0, minimum=1, container=False, min_width=70, elem_id="data-page"
        )
        buttons["next"] = gr.Button(W.rows.next, size="sm", min_width=90)
        buttons["clear"] = gr.Button(W.rows.clear, size="sm", min_width=120, elem_id="data-clear")
    return [*fields, page], buttons


def listen(studio: Services, parts: RowParts, buttons: dict[str, gr.Button]) -> None:
    """Follow the filters, the pager, the buttons in the rows and those of the draft."""
    split, label, finding, shortest, longest, search, line, page = parts.filters
    inputs = [parts.name, *parts.filters]

    def turn(by: int) -> Any:
        def turned(name: str, *values: Any) -> tuple[Any, ...]:
            filters = Filters(*values)
            return show_rows(studio, name, Filters(*values[:-1], (filters.page or 1) + by))

        return turned

    def narrow(name: str, *values: Any) -> tuple[Any, ...]:
        return show_rows(studio, name, browsing.first_page(Filters(*values)))

    def clear(name: str) -> tuple[Any, ...]:
        return open_rows(studio, studio.datasets.get(name), name, Filters())

    def press(event: gr.EventData, name: str, *values: Any) -> tuple[Any, ...]:
        return press_in_row(studio, name, Filters(*values), events.picked(event), events.picked_fields(event))

    def decide(event: gr.EventData, name: str, *values: Any) -> tuple[Any, ...]:
        return decide_draft(studio, name, Filters(*values), events.picked(event))

    typed = [event for field in (shortest, longest, search, line) for event in (field.submit, field.blur)]
    chosen = [field.input for field in (split, label, finding)]
    go_to = events.hidden_text()
    changed = [parts.name, parts.address, *parts.filters]
    for event in (
        events.on([*chosen, *typed], unless_shown(narrow), changed, parts.shown),
        events.on([page.submit, page.blur], unless_shown(turn(0)), changed, parts.shown),
        events.on(buttons["previous"].click, turn(-1), inputs, parts.shown),
        events.on(buttons["next"].click, turn(1), inputs, parts.shown),
        events.on(buttons["clear"].click, clear, parts.name, parts.outputs),
        events.on(parts.table.click, press, inputs, parts.outputs),
    ):
        events.then_show_address(event, parts.address)
    saved = events.on_slow(parts.draft.click, decide, inputs, [go_to, *parts.shown])
    events.then_go(saved, go_to)


def unless_shown(show: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """Skip the answer to a field left as it was: it would undo that of the button just clicked."""

    def answer(name: str, address: str, *values: Any) -> tuple[Any, ...]:
        if browsing.address_of(name, Filters(*values)) == address:
            return (gr.skip(),) * SHOWN
        return show(name, *values)

    return answer


def open_rows(studio: Services, dataset: Dataset, name: str, filters: Filters) -> tuple[Any, ...]:
    """The filters with what can be chosen in them, and the rows: fills ``RowParts.outputs``."""
    labels = [(str(W.rows.any), ""), *((shown_label(label), label) for label in dataset.labels)]
    problems = studio.datasets.findings(name)
    codes = dict.fromkeys([problem.code for problem in problems if problem.rows] + [filters.finding or ""])
    findings = [(str(W.rows.any), ""), *((name_finding(code), code) for code in codes if code)]
    page, *rest = show_rows(studio, name, filters)
    return (
        filters.split or "",
        gr.update(choices=labels, value=filters.label or "", visible=bool(dataset.labels)),
        gr.update(choices=findings, value=filters.finding or ""),
        filters.shortest,
        filters.longest,
        filters.search or "",
        filters.line,
        page,
        *rest,
    )


def show_rows(studio: Services, name: str, filters: Filters, editing: str = "") -> tuple[Any, ...]:
    """The page that the filters ask for, with the draft: fills ``RowParts.shown``."""
    dataset = studio.datasets.get(name)
    page = max(1, int(filters.page or 1))
    offset = (page - 1) * browsing.ROWS_A_PAGE
    found = studio.datasets.browse(name, filters.query(), offset, browsing.ROWS_A_PAGE)
    if not found.rows and found.total:
        offset, page = browsing.turn_page(found.total, page)
        found = studio.datasets.browse(name, filters.query(), offset, browsing.ROWS_A_PAGE)
    at = Filters(**{**vars(filters), "page": page})
    return (
        page,
        browsing.render_draft(studio.datasets.edits(name), next_version(studio, name)),
        browsing.render_page(dataset, found, at, editing),
        editing,
        browsing.address_of(name, at),
    )


def next_version(studio: Services, name: str) -> int:
    """The number of the version that saving would make."""
    return studio.datasets.versions(name)[0].version + 1


def press_in_row(
    studio: Services, name: str, filters: Filters, pick: str, fields: dict[str, str]
) -> tuple[Any, ...]:
    """A button in the rows: open or close the fields of one, correct it, or clear the filters."""
    if pick == "clear":
        return open_rows(studio, studio.datasets.get(name), name, Filters())
    edit = browsing.read_edit(pick, fields)
    if edit is not None:
        studio.datasets.add_edit(name, edit)
    verb, _, place = pick.partition(":")
    shown = show_rows(studio, name, filters, place if verb == browsing.EDIT else "")
    return (*(gr.skip(),) * FIELDS, *shown)


def decide_draft(studio: Services, name: str, filters: Filters, pick: str) -> tuple[Any, ...]:
    """Save the corrections as a version and go to it, take the last one back, or all of them."""
    if pick == browsing.SAVE:
        made = studio.datasets.save_edits(name)
        return link("data", dataset=made.name, tab="rows", **filters.asked()), *(gr.skip(),) * SHOWN
    if pick == browsing.UNDO:
        studio.datasets.undo_edit(name)
    if pick == browsing.DISCARD:
        studio.datasets.discard_edits(name)
    return "", *show_rows(studio, name, filters)
