"""The tab By label: how well each label is found, as a table and as a chart."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from studio.pages import charts, events, layout
from studio.pages import format as fmt
from studio.pages.answers import share_bar, shown_label
from studio.pages.results.chosen import Chosen
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.mistakes import open_mistakes
from studio.pages.words import words_of
from studio.results.charts import draw_per_label
from studio.results.report import Report

W = words_of("results")
MEASURES = ("f1", "precision", "recall")
ORDERS = ("weakest", "frequent", "own")


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    head = layout.html()
    with gr.Row(elem_classes="s-choices", equal_height=True):
        order = gr.Radio(
            [(str(W.labels.orders[key]), key) for key in ORDERS],
            value=ORDERS[0],
            label=W.labels.order,
            elem_id="labels-order",
        )
        measure = gr.Radio(
            [(str(W.labels.measures[key]), key) for key in MEASURES],
            value=MEASURES[0],
            label=W.labels.measure,
            elem_id="labels-measure",
        )
    with gr.Row(equal_height=False, elem_classes="s-beside"):
        with gr.Column(scale=3, min_width=320):
            table = layout.pickable(elem_id="labels-table")
        with gr.Column(scale=2, min_width=320):
            plot, numbers = charts.chart_with_table(W.labels.chart, elem_id="labels-chart")

    def draw(report: Report, chosen_order: str, chosen_measure: str) -> tuple[Any, ...]:
        drawn = charts.chart_values(draw_per_label(report.to_json(), chosen_measure))
        return (render_table(report, chosen_order, chosen_measure), *drawn)

    def redraw(name: str, key: str, chosen_order: str, chosen_measure: str) -> tuple[Any, ...]:
        report = desk.read(name, key).report
        return draw(report, chosen_order, chosen_measure) if report else (gr.skip(),) * 3

    events.on([order.input, measure.input], redraw, [*desk.shown, order, measure], [table, plot, numbers])
    open_mistakes(desk, [table])

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return no_report(chosen), *[gr.update()] * 2, layout.EMPTY, None, layout.EMPTY
        head_html = layout.section(W.labels.title, W.labels.text)
        first = draw(chosen.report, ORDERS[0], MEASURES[0])
        return (head_html, gr.update(value=ORDERS[0]), gr.update(value=MEASURES[0]), *first)

    return Part([head, order, measure, table, plot, numbers], fill)


def sort_labels(rows: list[dict[str, Any]], order: str, measure: str = "f1") -> list[tuple[int, Any]]:
    """Position and scores of each label in the order asked for; labels without rows come last.

    >>> rows = [{"f1": 0.9, "support": 5}, {"f1": 0.0, "support": 0}, {"f1": 0.4, "support": 9}]
    >>> [index for index, _ in sort_labels(rows, "weakest")]
    [2, 0, 1]
    """
    numbered = list(enumerate(rows))
    if order == "weakest":
        return sorted(numbered, key=lambda item: (item[1]["support"] == 0, item[1][measure]))
    if order == "frequent":
        return sorted(numbered, key=lambda item: -item[1]["support"])
    return numbered


def render_table(report: Report, order: str, measure: str) -> Markup:
    """Scores of each label; a click on a label shows its mistakes."""
    columns = [
        W.labels.label,
        layout.Column(W.labels.measures.f1, number=True, help=W.labels.f1_help),
        layout.Column(W.labels.measures.precision, number=True, help=W.labels.precision_help),
        layout.Column(W.labels.measures.recall, number=True, help=W.labels.recall_help),
        layout.Column(W.labels.rows, number=True, help=W.labels.rows_help),
        layout.Column(W.labels.named, number=True, help=W.labels.named_help),
    ]
    ordered = sort_labels(report.per_label, order, measure)
    rows = [label_row(index, row) for index, row in ordered]
    if any("threshold" in row for row in report.per_label):
        columns.append(layout.Column(W.labels.threshold, number=True, help=W.labels.threshold_help))
        for (_, row), cells in zip(ordered, rows, strict=True):
            cells.append(fmt.percent(row["threshold"]))
    return layout.table(columns, rows, label=W.labels.title)


def label_row(index: int, row: dict[str, Any]) -> list[str | Markup]:
    """One label; scores are blank where it has no rows."""
    named = layout.pick_button(shown_label(row["label"], 60), f"{index}:")
    if not row["support"]:
        return [named, *[fmt.ABSENT] * 3, "0", fmt.count(row["predicted"])]
    low, high = row["recall_interval"]
    recall = Markup("{}<small>{}</small>").format(fmt.percent(row["recall"]), fmt.interval(low, high))
    precision = fmt.percent(row["precision"]) if row["predicted"] else fmt.ABSENT
    return [
        named,
        share_bar(row["f1"], "s-right"),
        precision,
        recall,
        fmt.count(row["support"]),
        fmt.count(row["predicted"]),
    ]
