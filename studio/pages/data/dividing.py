"""Step 4 of the import form: how the rows are divided, the name, and the button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.base import Component

from studio.pages import events, layout
from studio.pages.data.draft import METHODS, NEEDS_COLUMN
from studio.pages.glossary import explained
from studio.pages.words import words_of

W = words_of("data")
SHOWN_BY_METHOD = ("column", "train", "validation", "test", "seed", "stratified", "folds", "fold")


@dataclass(frozen=True)
class Dividing:
    """The fields of the step, in the order of ``Draft``."""

    method: gr.Radio
    column: gr.Dropdown
    train: gr.Number
    validation: gr.Number
    test: gr.Number
    seed: gr.Number
    stratified: gr.Checkbox
    folds: gr.Number
    fold: gr.Number
    own_validation: gr.File
    own_test: gr.File

    @property
    def fields(self) -> list[Component]:
        """All of them."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @property
    def shown_by_method(self) -> list[Component]:
        """The fields of which some show, as ``show_fields`` says."""
        return [getattr(self, name) for name in SHOWN_BY_METHOD]


@dataclass(frozen=True)
class Closing:
    """What follows from the step, the name of the dataset and the button."""

    result: gr.HTML
    name: gr.Textbox
    button: gr.Button


def build() -> tuple[Dividing, Closing]:
    """Lay the step out; the fields that a method does not need are hidden."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(4, W.split.title, explained(W.split.text)))
        method = gr.Radio(
            [(str(W.split.methods[key]), key) for key in METHODS],
            value=METHODS[0],
            label=W.split.method,
            elem_id="import-method",
        )
        with gr.Row(elem_classes="s-fields"):
            fields = build_fields()
        with gr.Accordion(W.split.own_files, open=False, elem_id="import-own"), gr.Row():
            own_validation = gr.File(
                label=W.split.own_validation, type="filepath", height=120, elem_id="import-own-validation"
            )
            own_test = gr.File(label=W.split.own_test, type="filepath", height=120, elem_id="import-own-test")
        closing = build_closing()
    dividing = Dividing(method, **fields, own_validation=own_validation, own_test=own_test)
    events.on(method.input, show_fields, method, dividing.shown_by_method)
    return dividing, closing


def build_fields() -> dict[str, Any]:
    """The column, the shares, the seed and the folds."""
    return {
        "column": gr.Dropdown(
            [], label=W.split.column, info=W.split.column_help, visible=False, elem_id="import-column",
            allow_custom_value=True,
        ),
        "train": gr.Number(80, label=W.split.train, minimum=0, maximum=100, elem_id="import-train"),
        "validation": gr.Number(10, label=W.split.validation, minimum=0, maximum=100),
        "test": gr.Number(10, label=W.split.test, minimum=0, maximum=100),
        "seed": gr.Number(0, label=W.split.seed, info=W.split.seed_help, precision=0, minimum=0),
        "stratified": gr.Checkbox(True, label=W.split.stratified, info=W.split.stratified_help),
        "folds": gr.Number(
            5, label=W.split.folds, precision=0, minimum=2, maximum=20, visible=False, elem_id="import-folds"
        ),
        "fold": gr.Number(
            1, label=W.split.fold, info=W.split.fold_help, precision=0, minimum=1, maximum=20, visible=False,
        ),
    }  # fmt: skip


def build_closing() -> Closing:
    """What the division gives, the name and the button."""
    result = layout.html(elem_id="import-result")
    name = gr.Textbox(
        label=W.split.name,
        info=W.split.name_help,
        max_lines=1,
        elem_id="import-name",
        elem_classes="s-tight",
    )
    with gr.Row(elem_classes="s-buttons"):
        button = gr.Button(W.split.import_none, variant="primary", elem_id="import-go")
    return Closing(result, name, button)


def show_fields(method: str | None) -> list[Any]:
    """Which fields a method needs, for ``Dividing.shown_by_method``."""
    shares = method != "column"
    learning = shares and method != "folds"
    seeded = method in ("ratios", "groups", "folds")
    return [
        gr.update(visible=method in (*NEEDS_COLUMN, "folds")),
        gr.update(visible=learning),
        gr.update(visible=shares),
        gr.update(visible=learning),
        gr.update(visible=seeded),
        gr.update(visible=seeded),
        gr.update(visible=method == "folds"),
        gr.update(visible=method == "folds"),
    ]
