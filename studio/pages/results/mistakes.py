"""The tab Mistakes: wrong answers with their texts, the most confident first, filtered by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import pandas as pd
from markupsafe import Markup

from studio.pages import events, layout
from studio.pages import format as fmt
from studio.pages.answers import cases_table, long_answer, long_text, shown_label
from studio.pages.results.chosen import Chosen, address_of, find_predictions
from studio.pages.results.confusion import read_pick
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.places import RowsAt
from studio.pages.results.summary import csv_address
from studio.pages.words import words_of
from studio.results.kinds import kind_of
from studio.tasks.registry import get_task

W = words_of("results")
TAB = "mistakes"
ROWS_SHOWN = 100
ANSWER_LENGTH = 100  # characters


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    heading = layout.html()
    with gr.Row(elem_classes="s-choices", equal_height=True):
        desk.true.render()
        desk.predicted.render()
    desk.found.render()

    def refilter(name: str, key: str, true: str | None, predicted: str | None) -> tuple[Markup, str]:
        chosen = desk.read(name, key, true, predicted)
        return render_found(chosen, find_predictions(desk.studio, chosen)), address_of(chosen, TAB)

    changed = events.on(
        [desk.true.input, desk.predicted.input],
        refilter,
        [*desk.shown, desk.true, desk.predicted],
        [desk.found, desk.address],
    )
    events.then_show_address(changed, desk.address)

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return no_report(chosen), *[gr.update(choices=[], value=None)] * 2, layout.EMPTY
        return (
            render_head(chosen),
            *choices_of(chosen),
            render_found(chosen, find_predictions(desk.studio, chosen)),
        )

    return Part([heading, desk.true, desk.predicted, desk.found], fill)


def open_mistakes(desk: Desk, pickers: Sequence[gr.HTML]) -> None:
    """Let clicks on a cell or a label open this tab with the mistakes they stand for."""

    def show(name: str, key: str, event: gr.EventData) -> tuple[Any, ...]:
        chosen = desk.read(name, key)
        labels = chosen.report.labels if chosen.report else []
        true, predicted = read_pick(events.picked(event), labels)
        chosen = desk.read(name, key, true, predicted)
        return (
            gr.Tabs(selected=TAB),
            *choices_of(chosen),
            render_found(chosen, find_predictions(desk.studio, chosen)),
            address_of(chosen, TAB),
        )

    outputs = [desk.tabs, desk.true, desk.predicted, desk.found, desk.address]
    for picker in pickers:
        events.then_show_address(events.on(picker.click, show, desk.shown, outputs), desk.address)


def choices_of(chosen: Chosen) -> tuple[Any, Any]:
    """The two filters with what they are set to."""
    labels = chosen.report.labels if chosen.report else []
    choices = [(str(W.mistakes.any), "")] + [(shown_label(label), label) for label in labels]
    return (
        gr.update(choices=choices, value=chosen.true or "", visible=bool(labels)),
        gr.update(choices=choices, value=chosen.predicted or "", visible=bool(labels)),
    )


def render_head(chosen: Chosen) -> Markup:
    """How many mistakes there are, and the way to all answers as a file."""
    report = chosen.report
    assert report is not None
    sentence = W.mistakes.none
    if report.mistakes:
        sentence = W.mistakes.sentence.count(
            report.mistakes,
            rows=fmt.count(report.rows),
            share=fmt.percent(report.mistakes / report.rows),
            how=W.found_of[chosen.kind].how,
        )
    download = layout.button_link(W.mistakes.download, csv_address(chosen))
    return Markup('<div class="s-split">{}{}</div>').format(
        layout.section(W.mistakes.title, sentence), Markup('<div class="s-actions">{}</div>').format(download)
    )


def render_found(chosen: Chosen, predictions: Any) -> Markup:
    """The rows that pass the filter, with a sentence on what they are."""
    if predictions is None:
        return layout.notice("info", W.mistakes.gone, W.mistakes.gone_hint)
    found = kind_of(get_task(chosen.model.task)).mistakes(predictions, chosen.true, chosen.predicted)
    sentence = layout.paragraph(describe_found(chosen, len(found)), quiet=True)
    if found.empty:
        return sentence
    shown = found.head(ROWS_SHOWN)
    more = ""
    if len(found) > ROWS_SHOWN:
        more = layout.paragraph(W.mistakes.more.say(shown=ROWS_SHOWN, all=fmt.count(len(found))), quiet=True)
    return sentence + render_cases(shown, chosen.rows_at) + more


def describe_found(chosen: Chosen, count: int) -> str:
    """What the filter leaves, in words."""
    true, predicted, words = chosen.true, chosen.predicted, W.found_of[chosen.kind]
    if true is not None and true == predicted:
        return words.right.count(count, label=true)
    if true and predicted:
        return words.pair.count(count, true=true, predicted=predicted)
    if true:
        return words.true.count(count, true=true)
    if predicted:
        return words.predicted.count(count, predicted=predicted)
    return words.all.count(count)


def render_cases(rows: pd.DataFrame, rows_at: RowsAt) -> Markup:
    """Texts with true and predicted label, confidence and the way to the row."""
    places = rows_at.show_all(list(rows["line"]), list(rows["file"]))
    cases = [
        [
            long_text(row["text"]),
            long_answer(row["true"], ANSWER_LENGTH),
            long_answer(row["predicted"], ANSWER_LENGTH),
            fmt.percent(row["confidence"]),
            place,
        ]
        for row, place in zip(rows.to_dict("records"), places, strict=True)
    ]
    columns = [
        W.cases.text,
        W.cases.true,
        W.cases.predicted,
        layout.Column(W.cases.confidence, number=True),
        layout.Column(W.cases.line, number=True),
    ]
    return cases_table(columns, cases, W.cases.label)
