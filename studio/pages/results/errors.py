"""The tab Errors: answers that are numbers beside the true ones, and the rows that are farthest off."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from studio.numbers import short_number
from studio.pages import charts, layout
from studio.pages import format as fmt
from studio.pages.answers import cases_table, long_text
from studio.pages.results.chosen import Chosen, find_predictions
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.places import RowsAt
from studio.pages.results.summary import csv_address
from studio.pages.words import words_of
from studio.results.charts import draw_answers, draw_residuals
from studio.results.numbers import NumberPredictions, worst_rows
from studio.tasks.base import BETWEEN_TEXTS

W = words_of("results")
ROWS_SHOWN = 100


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    head = layout.html()
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            answers = charts.chart_with_table(W.errors.answers, elem_id="errors-answers")
        with gr.Column(min_width=320):
            residuals = charts.chart_with_table(W.errors.residuals, elem_id="errors-residuals")
    worst = layout.html(elem_id="errors-worst")

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        report = chosen.report
        if report is None:
            return no_report(chosen), *(None, layout.EMPTY) * 2, layout.EMPTY
        numbers = report.numbers
        return (
            render_head(chosen),
            *charts.chart_values(draw_answers(numbers["points"], report.rows)),
            *charts.chart_values(draw_residuals(numbers["residuals"])),
            render_worst(find_predictions(desk.studio, chosen), chosen.rows_at),
        )

    return Part([head, *answers, *residuals, worst], fill)


def render_head(chosen: Chosen) -> Markup:
    """What the tab shows, and the way to all answers as a file."""
    button = layout.button_link(W.mistakes.download, csv_address(chosen))
    return Markup('<div class="s-split">{}<div class="s-actions">{}</div></div>').format(
        layout.section(W.errors.title, W.errors.text), button
    )


def render_worst(predictions: Any, rows_at: RowsAt) -> Markup:
    """The rows whose answers are farthest from the truth."""
    if not isinstance(predictions, NumberPredictions):
        return layout.notice("info", W.mistakes.gone, W.mistakes.gone_hint)
    found = worst_rows(predictions).head(ROWS_SHOWN)
    places = rows_at.show_all(list(found["line"]), list(found["file"]))
    cases = [
        [
            long_text(BETWEEN_TEXTS.join(row[role] for role in predictions.asked)),
            fmt.number(row["true"]),
            fmt.number(row["predicted"]),
            short_number(row["error"], 3, sign="+"),
            place,
        ]
        for row, place in zip(found.to_dict("records"), places, strict=True)
    ]
    columns = [
        W.cases.text,
        layout.Column(W.errors.true, number=True),
        layout.Column(W.errors.predicted, number=True),
        layout.Column(W.errors.error, number=True, help=W.errors.error_help),
        layout.Column(W.cases.line, number=True),
    ]
    title = W.errors.worst.count(len(cases))
    return layout.section(title) + cases_table(columns, cases, title)
