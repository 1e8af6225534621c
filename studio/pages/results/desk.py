"""What the tabs of the page share: the components that say what is shown, and what a tab gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component

from studio.pages import events, layout
from studio.pages.results.chosen import Chosen, read_chosen
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("results")


@dataclass(frozen=True)
class Part:
    """Components of a tab and the function that fills them, one value each."""

    outputs: Sequence[Component]
    fill: Callable[[Chosen], Sequence[Any]]


def emptied(component: Component) -> Any:
    """Nothing where something was shown, so that an opened tab never shows what was true before."""
    return gr.update(value=None) if isinstance(component, (gr.HTML, gr.Plot)) else gr.skip()


class Desk:
    """The components that all tabs know, made before them and placed where they belong."""

    def __init__(self, studio: Services) -> None:
        self.studio = studio
        self.name = events.hidden_text("results-model")
        self.address = events.hidden_text()
        self.source = gr.Radio(
            label=W.source.label, info=W.source.help, elem_id="results-source", interactive=True
        )
        self.true = gr.Dropdown(
            label=W.mistakes.true, elem_id="mistakes-true", interactive=True, min_width=180, render=False
        )
        self.predicted = gr.Dropdown(
            label=W.mistakes.predicted,
            elem_id="mistakes-predicted",
            interactive=True,
            min_width=180,
            render=False,
        )
        self.found = gr.HTML(elem_id="mistakes-list", js_on_load=None, apply_default_css=False, render=False)
        self.tabs = gr.Tabs(elem_id="results-tabs", render=False)
        self.form = gr.HTML(
            elem_id="model-form", js_on_load=layout.PICK_SCRIPT, apply_default_css=False, render=False
        )
        self.board = gr.HTML(elem_id="scoring-board", js_on_load=None, apply_default_css=False, render=False)

    @property
    def shown(self) -> list[Component]:
        """The inputs from which ``read`` knows what is shown."""
        return [self.name, self.source]

    def read(self, name: str, key: str | None, true: str | None = None, named: str | None = None) -> Chosen:
        """The model and report that the components name, with the labels the mistakes are filtered by."""
        chosen = read_chosen(self.studio, name, key)
        labels = chosen.report.labels if chosen.report else []
        known = [label if label in labels else None for label in (true, named)]
        return replace(chosen, true=known[0], predicted=known[1])


def no_report(chosen: Chosen) -> layout.Markup:
    """What stands where a report is missing."""
    return layout.notice("info", W.missing.message.say(rows=chosen.split_words), W.missing.hint)
