"""The tab Training: how the model learnt, epoch by epoch, with the best one marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from studio.metrics.registry import METRICS
from studio.pages import charts, layout
from studio.pages import format as fmt
from studio.pages.links import link
from studio.pages.results.chosen import Chosen
from studio.pages.results.desk import Desk, Part
from studio.pages.words import words_of
from studio.results.charts import draw_learning_rate, draw_loss, draw_score, draw_throughput
from studio.tasks.registry import get_task

W = words_of("results")
History = Sequence[dict[str, Any]]


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    head = layout.html()
    table = layout.html(elem_id="training-epochs")
    pairs = []
    for row in (("score", "loss"), ("learning_rate", "throughput")):
        with gr.Row(equal_height=False):
            for key in row:
                with gr.Column(min_width=320):
                    elem_id = f"training-{key.replace('_', '-')}"
                    pairs.append(charts.chart_with_table(W.training[key], elem_id=elem_id))

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        model = chosen.model
        history = desk.studio.models.history(model.name)
        watched = get_task(model.task).watched
        metric = next((name for name in watched if values_of(history, name)), watched[0])
        title = METRICS[metric].title
        scores = values_of(history, metric)
        sentence = describe_training(len(scores), model.best_epoch, max(scores.values(), default=0.0))
        drawn = [
            draw_score(history, metric, title, model.best_epoch),
            draw_loss(history),
            draw_learning_rate(history),
            draw_throughput(history),
        ]
        job = layout.text_link(W.training.job, link("jobs", job=model.id))
        return (
            layout.section(W.training.title, Markup("{} {}").format(sentence, job)),
            render_epochs(history, metric, model.best_epoch),
            *(value for chart in drawn for value in charts.chart_values(chart)),
        )

    return Part([head, table, *(component for pair in pairs for component in pair)], fill)


def values_of(history: History, name: str, split: str = "validation") -> dict[int, float]:
    """The last value of a metric in each epoch.

    >>> values_of([{"name": "loss", "split": "train", "epoch": 0.5, "value": 2.0}], "loss", "train")
    {1: 2.0}
    """
    found = {}
    for point in history:
        if (point["name"], point["split"]) == (name, split) and point["epoch"] is not None:
            found[max(1, math.ceil(point["epoch"]))] = float(point["value"])
    return found


def mean_of(history: History, name: str, split: str) -> dict[int, float]:
    """The mean of a metric over each epoch: that of single batches jumps.

    >>> points = [{"name": "loss", "split": "train", "epoch": 0.5 * k, "value": k} for k in (1, 2, 3)]
    >>> mean_of(points, "loss", "train")
    {1: 1.5, 2: 3.0}
    """
    found: dict[int, list[float]] = {}
    for point in history:
        if (point["name"], point["split"]) == (name, split) and point["epoch"] is not None:
            found.setdefault(max(1, math.ceil(point["epoch"])), []).append(float(point["value"]))
    return {epoch: sum(values) / len(values) for epoch, values in found.items()}


def describe_training(epochs: int, best: float | None, score: float = 0.0) -> str:
    """When validation was best, and what that says about training longer.

    >>> describe_training(4, 2)
    'Best at epoch 2 of 4; later epochs did not improve on it. The model is the one after epoch 2.'
    """
    if best is None or not epochs:
        return str(W.training.unknown)
    if epochs == 1:
        return str(W.training.one)
    key = "perfect" if score >= 1.0 else "last" if best >= epochs else "earlier"
    return str(W.training[key].say(best=f"{best:g}", epochs=epochs))


def render_epochs(history: History, metric: str, best: float | None) -> Markup:
    """One line per epoch, the best one marked."""
    losses, held = mean_of(history, "loss", "train"), values_of(history, "loss")
    scores, own = values_of(history, metric), values_of(history, metric, "train")
    epochs = sorted({*losses, *held, *scores})
    if not epochs:
        return layout.EMPTY
    title, unit = METRICS[metric].title, METRICS[metric].unit
    columns = [
        layout.Column(W.training.epoch),
        layout.Column(W.training.train_loss, number=True, help=W.training.loss_help),
        layout.Column(W.training.validation_loss, number=True, help=W.training.loss_help),
        layout.Column(W.training.validation_score.say(metric=title), number=True),
    ]
    if own:
        columns.insert(3, layout.Column(W.training.train_score.say(metric=title), number=True))
    rows: list[list[str | Markup]] = []
    for epoch in epochs:
        mark = layout.badge("good", W.training.best) if epoch == best else ""
        cells: list[str | Markup] = [
            Markup("{} {}").format(epoch, mark),
            fmt.number(losses.get(epoch)),
            fmt.number(held.get(epoch)),
        ]
        cells += [fmt.score(own.get(epoch), unit)] if own else []
        rows.append([*cells, fmt.score(scores.get(epoch), unit)])
    marks = ["s-chosen" if epoch == best else "" for epoch in epochs]
    return layout.table(columns, rows, label=W.training.title, row_class=marks)
