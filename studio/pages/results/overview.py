"""The tab Overview: the score beside simple rivals, every metric with its interval, and what is confused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import Markup

from studio.metrics.base import Metric
from studio.metrics.registry import METRICS
from studio.pages import events, layout
from studio.pages import format as fmt
from studio.pages.answers import range_bar, share_with_interval, shown_label
from studio.pages.results import confusion
from studio.pages.results.chosen import Chosen
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.mistakes import open_mistakes
from studio.pages.scores import write_interval
from studio.pages.words import words_of
from studio.results.kinds import kind_of
from studio.results.report import Report
from studio.tasks.registry import get_task

W = words_of("results")
COUNTS, SHARES = "counts", "shares"


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    rivals = layout.html(elem_id="results-rivals")
    title = layout.html()
    with gr.Row(elem_classes="s-choices"):
        unit = gr.Radio(
            [(str(W.confusion.as_counts), COUNTS), (str(W.confusion.as_shares), SHARES)],
            value=COUNTS,
            label=W.confusion.unit,
            elem_id="results-confusion-unit",
        )
        zoom = gr.Dropdown(label=W.confusion.zoom, info=W.confusion.zoom_help, elem_id="results-zoom")
    confused = layout.pickable(elem_id="results-confusion")
    metrics = layout.html(elem_id="results-metrics")

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            hidden = gr.update(visible=False)
            return no_report(chosen), layout.EMPTY, hidden, hidden, *[layout.EMPTY] * 2
        report = chosen.report
        return (
            render_rivals(report),
            *fill_confusion(report),
            layout.section(W.metrics.title, W.metrics.text) + render_metrics(chosen),
        )

    def redraw(name: str, key: str, chosen_unit: str, focus: str | None) -> Markup:
        report = desk.read(name, key).report
        return render_confusion(report, chosen_unit, focus) if report else layout.EMPTY

    events.on([unit.input, zoom.input], redraw, [*desk.shown, unit, zoom], confused)
    open_mistakes(desk, [confused])
    return Part([rivals, title, unit, zoom, confused, metrics], fill)


def fill_confusion(report: Report) -> tuple[Any, ...]:
    """Title, unit, label to look at, and the matrix; nothing where answers are no labels."""
    if not report.confusion:
        return layout.EMPTY, gr.update(visible=False), gr.update(visible=False), layout.EMPTY
    return (
        layout.section(W.confusion.title, W.confusion.read),
        gr.update(visible=True, value=COUNTS),
        zoom_update(report),
        render_confusion(report, COUNTS, None),
    )


def zoom_update(report: Report) -> Any:
    """The choice of a label to look at, only where not all fit."""
    choices = [(str(W.confusion.zoom_all), "")] + [(shown_label(label), label) for label in report.labels]
    return gr.update(choices=choices, value="", visible=not confusion.is_whole(report.labels))


def render_confusion(report: Report, unit: str, focus: str | None) -> Markup:
    """The confusion matrix, or the part of it around one label, and beside it the pairs most confused."""
    labels = list(report.labels)
    matrix = np.array(report.confusion["matrix"], dtype=np.int64).reshape(len(labels), len(labels))
    chosen = list(range(len(labels)))
    if not confusion.is_whole(labels):
        chosen = confusion.zoom_labels(matrix, labels.index(focus) if focus in labels else None)
    pairs = report.confused_pairs
    if focus in labels:
        pairs = [pair for pair in pairs if focus in (pair["true"], pair["predicted"])]
    return Markup('<div class="s-confusion">{}<div><h3>{}</h3>{}</div></div>').format(
        confusion.render_matrix(labels, matrix, chosen, as_share=unit == SHARES),
        W.confusion.pairs,
        confusion.render_pairs(pairs, labels),
    )


def render_rivals(report: Report) -> Markup:
    """The model beside simple ones on the same rows."""
    named = kind_of(get_task(report.task)).rivals
    if named:
        return layout.section(W.rivals.title, W.rivals.text_table) + render_all_metrics(report, named)
    return layout.section(W.rivals.title, W.rivals.text) + render_label_rivals(report)


def render_all_metrics(report: Report, named: Mapping[str, str]) -> Markup:
    """The model and simple ones, each with every metric; ``named`` has the key of the words for each."""
    names = [name for name in METRICS if name in report.metrics]
    columns = ["", *(layout.Column(METRICS[name].title, True, METRICS[name].help) for name in names)]
    rivals = [
        (W.rivals[title], report.baselines[key]) for key, title in named.items() if key in report.baselines
    ]
    rows = [
        [title, *(fmt.score(scores.get(name), METRICS[name].unit) for name in names)]
        for title, scores in [(W.rivals.model, report.metrics), *rivals]
    ]
    return layout.table(columns, rows, label=W.rivals.title)


def render_label_rivals(report: Report) -> Markup:
    """The model, TF-IDF and the commonest label on one scale, each with its interval."""
    rows = [rival_row(W.rivals.model, report.metrics, report.intervals.get("accuracy"), "s-model")]
    tfidf, majority = report.baselines.get("tfidf"), report.baselines.get("majority")
    if tfidf:
        rows.append(rival_row(W.rivals.tfidf, tfidf, tfidf["interval"]))
    if majority:
        title = W.rivals.majority.say(label=shown_label(majority["label"], 24))
        rows.append(rival_row(title, majority, majority["interval"]))
    columns = [
        "",
        layout.Column(W.rivals.share, number=True, help=W.interval_help),
        W.rivals.right,
        layout.Column(W.rivals.f1, number=True, help=METRICS["f1_macro"].help),
    ]
    more = layout.EMPTY
    if tfidf:
        verdict = tfidf["verdict"] if tfidf["difference"] else "equal"
        text = W.rivals.verdict[verdict.replace(" ", "_")].say(
            points=fmt.points(abs(tfidf["difference"])).lstrip("+±")
        )
        more = layout.paragraph(text, quiet=True)
    return Markup('<div class="s-rivals">{}{}</div>').format(
        layout.table(columns, rows, label=W.rivals.title), more
    )


def rival_row(title: str, scores: Any, edges: Any, kind: str = "") -> list[str | Markup]:
    """Name, bar with interval, share and macro F1 of one classifier."""
    low, high = edges or (scores["accuracy"], scores["accuracy"])
    share = share_with_interval(scores["accuracy"], low, high)
    bar = range_bar(scores["accuracy"], low, high, kind)
    return [title, share, bar, fmt.percent(scores["f1_macro"])]


def render_metrics(chosen: Chosen) -> Markup:
    """Every metric on the shown rows and beside it on the others, with intervals and a sentence each."""
    reports = chosen.reports
    columns: list[layout.Column | str] = [W.metrics.name]
    for title, _ in reports:
        columns += [layout.Column(title, number=True), layout.Column(W.list.interval, True, W.interval_help)]
    columns.append(W.metrics.meaning)
    names = [name for name in METRICS if any(name in report.metrics for _, report in reports)]
    rows = [metric_row(METRICS[name], [report for _, report in reports]) for name in names]
    return layout.table(columns, rows, label=W.metrics.title)


def metric_row(metric: Metric, reports: list[Report]) -> list[str | Markup]:
    """One metric over all reports."""
    cells: list[str | Markup] = [Markup("<strong>{}</strong>").format(metric.title)]
    for report in reports:
        cells.append(fmt.score(report.metrics.get(metric.name), metric.unit))
        edges = report.intervals.get(metric.name) if metric.has_interval else None
        cells.append(write_interval(edges, metric.unit))
    return [*cells, Markup('<span class="s-help">{}</span>').format(metric.help)]
