"""The components of the Jobs page and how they are laid out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
from markupsafe import Markup

from studio.pages import events, layout
from studio.pages.jobs.order import DRAG_SCRIPT
from studio.pages.jobs.steering import Allowed
from studio.pages.words import words_of

W = words_of("jobs")
VARIANTS: dict[str, Literal["primary", "stop"]] = {
    "resume": "primary",
    "cancel": "stop",
    "confirm_cancel": "stop",
    "confirm_stop": "primary",
}


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    chosen: gr.Textbox
    drawn: gr.Textbox
    address: gr.Textbox
    problem: gr.HTML
    worker: gr.HTML
    table: gr.HTML
    detail: gr.Column
    headline: gr.HTML
    advice: gr.HTML
    buttons: dict[str, gr.Button]
    go_on: gr.HTML
    confirm: gr.Column
    question: gr.HTML
    confirm_cancel: gr.Button
    confirm_stop: gr.Button
    keep: gr.Button
    curves: gr.Column
    loss: gr.Plot
    loss_words: gr.HTML
    score: gr.Plot
    score_words: gr.HTML
    rate: gr.Plot
    rate_words: gr.HTML
    speed: gr.Plot
    speed_words: gr.HTML
    epochs: gr.HTML
    facts: gr.HTML
    history: gr.HTML
    log_panel: gr.Accordion
    log: gr.HTML


def lay_out() -> Parts:
    """The table of jobs, and the chosen one under it."""
    layout.html(layout.heading(W.title, W.lead))
    made: dict[str, Any] = {
        "chosen": events.hidden_text("jobs-chosen"),
        "drawn": events.hidden_text("jobs-drawn"),
        "address": events.hidden_text("jobs-address"),
        "problem": layout.html(elem_id="jobs-problem"),
        "worker": layout.html(elem_id="jobs-worker"),
        "table": layout.pickable(
            layout.paragraph(words_of("frame").loading, quiet=True), elem_id="jobs-table", script=DRAG_SCRIPT
        ),
    }
    with gr.Column(visible=False, elem_id="jobs-detail", elem_classes="s-job") as made["detail"]:
        with gr.Column(elem_classes="s-panel s-job-head"):
            made["headline"] = layout.html(elem_id="jobs-headline")
            made["advice"] = layout.pickable(elem_id="jobs-advice")
            made |= lay_out_buttons()
        with gr.Column(visible=False, elem_id="jobs-curves") as made["curves"]:
            made |= lay_out_curves()
        made["facts"] = layout.html(elem_id="jobs-facts")
        with gr.Accordion(W.history.title, open=False, elem_id="jobs-history-panel"):
            made["history"] = layout.html(elem_id="jobs-history")
        with gr.Accordion(W.log, open=False, elem_id="jobs-log-panel") as made["log_panel"]:
            made["log"] = layout.html(elem_id="jobs-log")
    return Parts(**made)


def lay_out_buttons() -> dict[str, Any]:
    """What can be done with the job, and the question before it is cancelled or stopped."""
    made: dict[str, Any] = {}
    with gr.Row(elem_classes="s-job-buttons"):
        made["go_on"] = layout.html(elem_id="jobs-links")
        made["buttons"] = {
            field.name: make_button(field.name, visible=False) for field in dataclasses.fields(Allowed)
        }
    with gr.Column(visible=False, elem_id="jobs-confirm") as made["confirm"]:
        made["question"] = layout.html(elem_id="jobs-question")
        with gr.Row(elem_classes="s-job-buttons"):
            for name in ("confirm_cancel", "confirm_stop", "keep"):
                made[name] = make_button(name)
    return made


def make_button(name: str, visible: bool = True) -> gr.Button:
    """One button with its words."""
    return gr.Button(
        W.actions[name],
        variant=VARIANTS.get(name, "secondary"),
        visible=visible,
        min_width=110,
        scale=0,
        elem_id=f"jobs-{name.replace('_', '-')}",
    )


def lay_out_curves() -> dict[str, Any]:
    """Loss and score large, learning rate and speed below, and the numbers of all four."""
    made: dict[str, Any] = {}
    for row in (("score", "loss"), ("rate", "speed")):
        with gr.Row(equal_height=True):
            for name in row:
                made |= lay_out_curve(name)
    layout.html(layout.section(W.numbers.title, W.numbers.text))
    made["epochs"] = layout.html(elem_id="jobs-epochs")
    return made


def lay_out_curve(name: str) -> dict[str, Any]:
    """One chart with its title and its sentence."""
    with gr.Column(elem_classes="s-chart"):
        layout.html(Markup('<h3 class="s-chart-title">{}</h3>').format(W.charts[name]))
        words = layout.html(elem_id=f"jobs-{name}-words")
        plot = gr.Plot(show_label=False, container=False, elem_id=f"jobs-{name}", elem_classes="s-plot")
    return {name: plot, f"{name}_words": words}
