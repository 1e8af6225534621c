"""The tab Mistakes: wrong answers with their texts, the most confident first, filtered by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import pandas as pd
from markupsafe import Markup

from studio.pages import events, layout
from studio.pages import format as fmt
from studio.pages.answers import long_answer, long_text, shown_label
from studio.pages.results.chosen import Chosen, address_of, find_predictions
from studio.pages.results.confusion import read_pick
from studio.pages.results.desk import Desk, Part, no_report
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
    return sentence + render_cases(shown) + more


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


def render_cases(rows: pd.DataFrame) -> Markup:
    """Texts with true and predicted label and confidence; on a narrow screen one block each."""
    several_files = rows["file"].nunique() > 1
    lines = layout.join(case_of(row, several_files) for row in rows.to_dict("records"))
    heads = layout.join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="s-number"') if number else "", title)
        for title, number in (
            (W.cases.text, False),
            (W.cases.true, False),
            (W.cases.predicted, False),
            (W.cases.confidence, True),
            (W.cases.line, True),
        )
    )
    return Markup(
        '<div class="s-table s-cases" role="region" tabindex="0" aria-label="{}"><table>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(W.cases.label, heads, lines)


def case_of(row: dict[str, Any], several_files: bool) -> Markup:
    """One answer."""
    line = fmt.count(row["line"]) if row["line"] else fmt.ABSENT
    place = f"{row['file']}, {line}" if several_files else line
    return Markup(
        '<tr><td class="s-words">{}</td><td data-name="{}">{}</td><td data-name="{}">{}</td>'
        '<td class="s-number" data-name="{}">{}</td><td class="s-number" data-name="{}">{}</td></tr>'
    ).format(
        long_text(row["text"]),
        W.cases.true,
        long_answer(row["true"], ANSWER_LENGTH),
        W.cases.predicted,
        long_answer(row["predicted"], ANSWER_LENGTH),
        W.cases.confidence,
        fmt.percent(row["confidence"]),
        W.cases.line,
        place,
    )
