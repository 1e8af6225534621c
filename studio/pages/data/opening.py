"""Step 1 of the import form: the file, what was understood of it, and how to overrule that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.data import fetching
from studio.pages.data.fetching import Elsewhere
from studio.pages.words import words_of

W = words_of("data")
MEGABYTE = 1024 * 1024  # as the setting counts
# What the fields of "Not right?" say before anything is overruled, in the order of ``Overruling``.
FOUND_BY_ITSELF: tuple[Any, ...] = ("", "", "", "", "", "auto", None, None, "")


@dataclass(frozen=True)
class Overruling:
    """The fields with which a person says how the file is to be read, in the order of ``Draft``."""

    encoding: gr.Dropdown
    delimiter: gr.Dropdown
    quote: gr.Dropdown
    escape: gr.Dropdown
    comment: gr.Textbox
    header: gr.Dropdown
    header_lines: gr.Number
    skip_lines: gr.Number
    sheet: gr.Dropdown

    @property
    def fields(self) -> list[Component]:
        """All of them."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @property
    def changed(self) -> list[Any]:
        """The events on which the file is read anew."""
        chosen = (self.encoding, self.delimiter, self.quote, self.escape, self.header, self.sheet)
        typed = (self.comment, self.header_lines, self.skip_lines)
        return [
            *(field.input for field in chosen),
            *(event for field in typed for event in (field.submit, field.blur)),
        ]


def build(max_bytes: int) -> tuple[gr.File, Overruling, gr.HTML, Elsewhere]:
    """Lay the step out; files of more than ``max_bytes`` are not uploaded."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(1, W.file.title, W.file.text))
        # No file_types: Gradio would refuse the same ending in capitals.
        file = gr.File(label=W.file.field, type="filepath", height=140, elem_id="import-file")
        layout.html(too_large(max_bytes))
        elsewhere = fetching.build()
        understood = layout.html(elem_id="import-understood")
        with gr.Accordion(W.file.not_right, open=False, elem_id="import-reading"):
            overruling = build_overruling()
    return file, overruling, understood, elsewhere


def too_large(max_bytes: int) -> Markup:
    """What shows where a file is over the limit; studio.js shows and hides it."""
    message = W.file.too_large.say(limit=fmt.count(max_bytes // MEGABYTE))
    return Markup('<div data-upload-limit="{}" hidden>{}</div>').format(
        max_bytes, layout.notice("error", message, W.file.too_large_hint)
    )


def build_overruling() -> Overruling:
    """Everything that can be said about how a file is written."""
    with gr.Row(elem_classes="s-fields"):
        return Overruling(
            encoding=drop_down("encoding", W.encodings),
            # Any separator may be typed in, of several characters too.
            delimiter=drop_down("delimiter", W.delimiters, allow_custom_value=True),
            quote=drop_down("quote", W.quotes),
            escape=drop_down("escape", W.escapes),
            comment=gr.Textbox(
                "", label=W.file.comment, info=W.file.comment_help, max_lines=1, elem_id="import-comment"
            ),
            header=drop_down("header", W.headers, "auto"),
            header_lines=gr.Number(
                None, label=W.file.header_lines, info=W.file.header_lines_help, precision=0, minimum=1
            ),
            skip_lines=gr.Number(
                None, label=W.file.skip_lines, info=W.file.skip_lines_help, precision=0, minimum=0,
                elem_id="import-skip",
            ),
            sheet=gr.Dropdown(
                [], label=W.file.sheet, info=W.file.sheet_help, visible=False, elem_id="import-sheet",
                allow_custom_value=True,
            ),
        )  # fmt: skip


def drop_down(name: str, options: Any, value: str = "", allow_custom_value: bool = False) -> gr.Dropdown:
    """One list to choose from, its texts being those of ``[file]`` under its name."""
    return gr.Dropdown(
        [(str(options[key]), key) for key in options],
        value=value,
        label=W.file[name],
        info=W.file[f"{name}_help"],
        elem_id=f"import-{name}",
        allow_custom_value=allow_custom_value,
    )
