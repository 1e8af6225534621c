"""The tab Confidence: how sure the answers are, whether that can be believed, and what a threshold does."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from markupsafe import Markup

from studio.metrics.intervals import wilson_interval
from studio.pages import charts, layout
from studio.pages import format as fmt
from studio.pages.results.chosen import Chosen, find_predictions
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.words import words_of
from studio.results.charts import draw_confidence, draw_reliability
from studio.results.predictions import Predictions

W = words_of("results")
THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    head = layout.html()
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            histogram = charts.chart_with_table(W.confidence.histogram, elem_id="confidence-histogram")
        with gr.Column(min_width=320):
            reliability = charts.chart_with_table(W.confidence.reliability, elem_id="confidence-reliability")
    thresholds = layout.html(elem_id="confidence-thresholds")

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return no_report(chosen), *[None, layout.EMPTY] * 2, layout.EMPTY
        report = chosen.report.to_json()
        return (
            layout.section(W.confidence.title, W.confidence.text),
            *charts.chart_values(draw_confidence(report)),
            *charts.chart_values(draw_reliability(report)),
            render_thresholds(find_predictions(desk.studio, chosen)),
        )

    return Part([head, *histogram, *reliability, thresholds], fill)


def threshold_rows(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, Any]]:
    """What is kept, and how often that is right, where only surer answers than a threshold are used.

    >>> rows = threshold_rows(np.array([0.95, 0.6, 0.4]), np.array([True, True, False]))
    >>> [(row["threshold"], row["kept"], row["right"]) for row in rows[:2]]
    [(0.0, 3, 2), (0.5, 2, 2)]
    """
    found = []
    for threshold in THRESHOLDS:
        above = confidence > threshold
        kept, hits = int(above.sum()), int((above & right).sum())
        found.append({"threshold": threshold, "kept": kept, "right": hits, "rows": len(right)})
    return found


def render_thresholds(predictions: Predictions | None) -> Markup:
    """The table of thresholds."""
    if predictions is None or not predictions.rows:
        return layout.EMPTY
    columns = [
        W.thresholds.only,
        layout.Column(W.thresholds.kept, number=True),
        layout.Column(W.thresholds.share, number=True),
        layout.Column(W.thresholds.right, number=True),
        layout.Column(W.list.interval, number=True, help=W.interval_help),
    ]
    rows = [threshold_row(row) for row in threshold_rows(predictions.confidence, predictions.right)]
    return layout.section(W.thresholds.title, W.thresholds.text) + layout.table(
        columns, rows, label=W.thresholds.title
    )


def threshold_row(row: dict[str, Any]) -> list[str]:
    """One threshold as text."""
    above = W.thresholds.above.say(share=fmt.percent(row["threshold"], digits=2))
    kept = row["kept"]
    return [
        above if row["threshold"] else W.thresholds.all,
        fmt.count(kept),
        fmt.percent(kept / row["rows"]),
        fmt.percent(row["right"] / kept) if kept else fmt.ABSENT,
        fmt.interval(*wilson_interval(row["right"], kept)) if kept else fmt.ABSENT,
    ]
