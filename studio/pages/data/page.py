"""The three views of the Data page, chosen by the address: list, one dataset, import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.pages import events, layout, links
from studio.pages.data import detail, form, listing

if TYPE_CHECKING:
    from studio.pages.registry import Services

DRAFT_KEY = "studio-import-draft"


def choose_view(name: str | None, new: str | None) -> str:
    """Which view the address asks for.

    >>> choose_view(None, None), choose_view("tickets", None), choose_view(None, "1")
    ('list', 'detail', 'import')
    """
    return "import" if new else "detail" if name else "list"


def build(studio: Services) -> None:
    """Lay the three views out; only the one asked for is drawn."""
    # Outside the views: what is not drawn when the page opens is not read from the browser either.
    kept = gr.BrowserState(storage_key=DRAFT_KEY, secret=DRAFT_KEY)
    waiting, views = layout.waiting("data-waiting"), {}
    with gr.Column(visible=False, elem_id="data-list") as views["list"]:
        listing.build(studio)
    with gr.Column(visible=False, elem_id="data-detail") as views["detail"]:
        detail.build(studio)
    with gr.Column(visible=False, elem_id="data-import") as views["import"]:
        form.build(studio, kept)

    def show(request: gr.Request) -> list[Any]:
        view = choose_view(links.asked(request, "dataset"), links.asked(request, "new"))
        return [gr.update(visible=False), *(gr.update(visible=name == view) for name in views)]

    events.on_load(show, None, [waiting, *views.values()])
