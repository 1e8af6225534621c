"""The components of the Train page and how they are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from studio.pages import layout, links
from studio.pages.train import choices, fields
from studio.pages.words import words_of

W = words_of("train")
ANY_OPTION = (str(W.all.any), choices.ANY)


@dataclass(frozen=True)
class Carried:
    """Values of the page that nobody sees, from one event to the next."""

    checkpoint: gr.Textbox  # chosen by hand; empty while the guide chooses
    in_use: gr.Textbox
    preset: gr.Textbox
    changes: gr.Textbox
    nonce: gr.Textbox
    suggested: gr.Textbox
    address: gr.Textbox
    target: gr.Textbox


@dataclass(frozen=True)
class Chooser:
    """The components with which dataset, checkpoint and preset are chosen."""

    dataset: gr.Dropdown
    facts: gr.HTML
    cards: gr.HTML
    filters: list[Component]
    table: gr.HTML
    other: gr.Dropdown
    use: gr.Button
    presets: gr.HTML


@dataclass(frozen=True)
class Advanced:
    """The recipe's fields."""

    accordion: gr.Accordion
    fields: list[Component]
    reset: gr.Button


@dataclass(frozen=True)
class PlanPanel:
    """The plan and what starts it."""

    plan: gr.HTML
    name: gr.Textbox
    agree: gr.Checkbox
    start: gr.Button
    refusal: gr.HTML
    command: gr.HTML


def empty_piece() -> Markup:
    """What stands where no dataset is yet."""
    actions = layout.join(
        [
            layout.button_link(W.empty["import"], links.link("data"), primary=True),
            layout.button_link(W.empty.sample, links.link("")),
        ]
    )
    return layout.empty(W.empty.title, W.empty.text, actions)


def lay_out_choices() -> Chooser:
    """Dataset, checkpoint and preset, in the order of the decisions."""
    layout.html(layout.step_title(1, W.dataset.title))
    dataset = gr.Dropdown([], label=W.dataset.label, elem_id="train-dataset", interactive=True)
    facts = layout.html(elem_id="train-dataset-facts")
    layout.html(layout.step_title(2, W.checkpoint.title, W.checkpoint.text))
    cards = layout.pickable(elem_id="train-cards")
    with gr.Accordion(W.all.title, open=False, elem_id="train-all"):
        with gr.Row():
            filters = [
                gr.Dropdown([ANY_OPTION], value=choices.ANY, label=W.all.language, min_width=150),
                gr.Dropdown(options(W.all.sizes), value=choices.ANY, label=W.all.size, min_width=150),
                gr.Dropdown(options(W.all.cases), value=choices.ANY, label=W.all.case, min_width=150),
                gr.Dropdown(options(W.all.places), value=choices.ANY, label=W.all.place, min_width=150),
            ]
        table = layout.pickable(elem_id="train-table")
        with gr.Row(equal_height=False):
            other = gr.Dropdown(
                [], value=None, label=W.all.other, info=W.all.other_info, allow_custom_value=True,
                elem_id="train-other", scale=4, min_width=240, interactive=True,
            )  # fmt: skip
            use = gr.Button(W.all.use, elem_id="train-use", scale=1, min_width=110)
    layout.html(layout.step_title(3, W.preset.title, W.preset.text))
    presets = layout.pickable(choices.preset_cards({}, ""), elem_id="train-presets")
    return Chooser(dataset, facts, cards, list(filters), table, other, use, presets)


def options(words: Any) -> list[tuple[str, str]]:
    """The choices of one filter: any, and each word of its list."""
    return [ANY_OPTION, *((str(words[key]), key) for key in words)]


def lay_out_fields() -> Advanced:
    """Every field of the recipe, the four most worth a try first."""
    with gr.Accordion(W.advanced.title, open=False, elem_id="train-advanced") as accordion:
        layout.html(layout.paragraph(W.advanced.text, quiet=True))
        made: dict[str, Component] = {}
        for title, specs in ((W.advanced.main, fields.MAIN), (W.advanced.fine, fields.FINE)):
            layout.html(layout.section(title))
            with gr.Row(elem_classes="s-fields"):
                made |= {spec.name: fields.make_component(spec) for spec in specs}
        reset = gr.Button(W.advanced.reset, elem_id="train-reset", size="sm", visible=False)
    return Advanced(accordion, [made[name] for name in fields.NAMES], reset)


def lay_out_plan() -> PlanPanel:
    """The plan, the model's name and the button that starts."""
    layout.html(layout.section(W.plan.title))
    plan = layout.pickable(layout.paragraph(W.loading, quiet=True), elem_id="train-plan")
    name = gr.Textbox(label=W.start.name, info=W.start.name_info, elem_id="train-name", max_length=80)
    agree = gr.Checkbox(label=W.start.agree, info=W.start.agree_info, visible=False, elem_id="train-agree")
    start = gr.Button(W.start.button, variant="primary", elem_id="train-start", interactive=False)
    refusal = layout.html(elem_id="train-refusal")
    command = layout.html(elem_id="train-command")
    return PlanPanel(plan, name, agree, start, refusal, command)
