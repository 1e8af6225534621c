"""Curves of one training run: loss, score, learning rate and speed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from studio.metrics.base import Metric
from studio.metrics.registry import get_metric
from studio.numbers import format_number
from studio.results.charts.frame import (
    INK,
    PALETTE,
    ChartWithTable,
    colour_scale,
    count_axis,
    frame,
    legend,
    nothing_to_draw,
    number_axis,
    thin,
)
from studio.results.wording import count_words, percent

STEP_TITLE = "Step (batches)"
DOTS_AT_MOST = 20
# A loss that moves by less than this share of the greatest says nothing.
STILL = 0.02
COLUMNS = ("name", "split", "step", "epoch", "value")
FORMATS = {"share": ".0%", "number": ".2f"}
SERIES = {"train": "Training", "validation": "Validation", "test": "Test"}


def points_frame(history: Iterable[Any], name: str | None = None) -> pd.DataFrame:
    """History points (mappings or objects) as a frame with name, split, step, epoch, value.

    Points without a finite value are left out; rows are ordered by step.
    """
    rows = [
        {
            column: point.get(column) if isinstance(point, Mapping) else getattr(point, column)
            for column in COLUMNS
        }
        for point in history
    ]
    points = pd.DataFrame(rows, columns=list(COLUMNS))
    points["value"] = pd.to_numeric(points["value"], errors="coerce").astype(float)
    points["step"] = pd.to_numeric(points["step"], errors="coerce").fillna(0).astype(float)
    points["epoch"] = pd.to_numeric(points["epoch"], errors="coerce").astype(float)
    points = points[np.isfinite(points["value"])]
    if name is not None:
        points = points[points["name"] == name]
    points = points.assign(
        series=points["split"].map(lambda split: SERIES.get(str(split), str(split).title()))
    )
    return points.sort_values("step", kind="stable").reset_index(drop=True)


def draw_loss(history: Iterable[Any]) -> ChartWithTable:
    """Training and validation loss over the steps."""
    points = points_frame(history, "loss")
    if points.empty:
        return nothing_to_draw("No loss has been measured yet.", ("Epoch", "Training", "Validation"))
    chart = curve(points, "Loss (lower is better)", ".3~f", zero=True)
    return ChartWithTable(frame(chart), table_by_epoch(points), describe_loss(points))


def draw_score(
    history: Iterable[Any], metric: str = "accuracy", title: str = "Accuracy", best_epoch: float | None = None
) -> ChartWithTable:
    """One score over the steps, with the best epoch marked."""
    points = points_frame(history, metric)
    if points.empty:
        return nothing_to_draw(f"{title} is measured at the end of each epoch.", ("Epoch", "Validation"))
    chart = curve(points, title, FORMATS[get_metric(metric).unit], zero=False, restarts=True)
    best = points[(points["epoch"] == best_epoch) & (points["split"] == "validation")]
    if len(best):
        chart = alt.layer(chart, *mark_best(best, title))
    return ChartWithTable(
        frame(chart), table_by_epoch(points), describe_score(points, get_metric(metric), best)
    )


def draw_learning_rate(history: Iterable[Any]) -> ChartWithTable:
    """The learning rate over the steps."""
    points = points_frame(history, "learning_rate")
    if points.empty:
        return nothing_to_draw("No step has been made yet.", ("Epoch", "Training"))
    rates = (points["value"].max(), points["value"].iloc[-1])
    highest, last = (format_number(float(f"{rate:.2g}")) for rate in rates)
    caption = f"The highest learning rate was {highest}, the last {last}."
    chart = curve(points, "Learning rate", ".1~e", zero=True)
    return ChartWithTable(frame(chart), table_by_epoch(points), caption)


def draw_throughput(history: Iterable[Any]) -> ChartWithTable:
    """Rows trained per second over the steps."""
    points = points_frame(history, "rows_per_second")
    if points.empty:
        return nothing_to_draw("No step has been made yet.", ("Epoch", "Training"))
    caption = f"Half of the steps were faster than {points['value'].median():.3g} rows per second."
    chart = curve(points, "Rows per second", "~s", zero=True)
    return ChartWithTable(frame(chart), table_by_epoch(points), caption)


def curve(points: pd.DataFrame, title: str, number_format: str, zero: bool, restarts: bool = False) -> Any:
    """One line per split; few points are marked, so that a single one shows.

    ``restarts``: what is met in training is counted anew in each epoch, whose lines are not joined.
    """
    series = sorted(points["series"].unique(), key=lambda name: list(SERIES.values()).index(name))
    shown = pd.concat([thin(points[points["series"] == name]) for name in series])
    sizes = shown.groupby("series").size()
    joined = ~(shown["split"] == "train") if restarts else True
    shown = shown.assign(part=np.where(joined, 0, np.ceil(shown["epoch"].to_numpy())))
    base = alt.Chart(shown[["step", "epoch", "series", "value", "part"]]).encode(
        detail="part:O",
        x=alt.X("step:Q", title=STEP_TITLE, axis=count_axis(shown["step"].max())),
        y=alt.Y("value:Q", title=title, axis=number_axis(number_format), scale=alt.Scale(zero=zero)),
        color=alt.Color("series:N", scale=colour_scale(series), legend=legend()),
        tooltip=[
            alt.Tooltip("series:N", title="Rows"),
            alt.Tooltip("step:Q", title="Step", format=",d"),
            alt.Tooltip("epoch:Q", title="Epoch", format=".2~f"),
            alt.Tooltip("value:Q", title=title, format=number_format.replace(".0%", ".1%")),
        ],
    )
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash("series:N", sort=series, legend=None)
    )
    short = [name for name in series if sizes[name] <= DOTS_AT_MOST]
    if not short:
        return lines
    dots = base.transform_filter(alt.FieldOneOfPredicate("series", short))
    return alt.layer(lines, dots.mark_point(size=45, filled=True))


def mark_best(best: pd.DataFrame, title: str) -> list[alt.Chart]:
    """A dotted line and a word at the best epoch."""
    row = best.iloc[[-1]].assign(note=lambda rows: [f"best: epoch {epoch:g}" for epoch in rows["epoch"]])
    score = alt.Y("value:Q", title=title)
    base = alt.Chart(row[["step", "value", "note"]]).encode(x=alt.X("step:Q", title=STEP_TITLE))
    return [
        base.mark_rule(strokeDash=[3, 3], color=INK, opacity=0.6),
        base.mark_point(size=140, filled=False, strokeWidth=2, color=PALETTE[3]).encode(y=score),
        base.mark_text(align="right", dx=-8, dy=-10, color=INK).encode(y=score, text="note:N"),
    ]


def table_by_epoch(points: pd.DataFrame) -> pd.DataFrame:
    """One row per epoch begun: the mean of what was measured in it, per series."""
    if points["epoch"].isna().all():
        return points[["step", "series", "value"]].rename(str.title, axis=1)
    rows = points.assign(Epoch=points["epoch"].fillna(0).map(lambda epoch: max(1, math.ceil(epoch))))
    table = rows.pivot_table(index="Epoch", columns="series", values="value", aggfunc="mean")
    return table[[name for name in SERIES.values() if name in table]].reset_index().rename_axis(None, axis=1)


def describe_loss(points: pd.DataFrame) -> str:
    """Where the loss began, where it is, and whether validation still falls."""
    values = points[points["split"] == "validation"]["value"].tolist()
    if len(values) < 2:
        met = points[points["split"] == "train"]["value"].tolist()
        told = f"The validation loss is {values[0]:.3g}." if values else ""
        if met and met[-1] < met[0]:
            told = f"The training loss fell from {met[0]:.3g} to {met[-1]:.3g}. {told}"
        elif met:
            told = f"The training loss is {met[-1]:.3g}. {told}"
        return told.strip()
    if max(values) - min(values) < STILL * max(values):
        return f"The validation loss hardly changed: it is {values[-1]:.3g}."
    lowest = values.index(min(values)) + 1
    if lowest == len(values):
        return f"The validation loss was still falling in epoch {lowest}, to {values[-1]:.3g}."
    if values[-1] - min(values) < STILL * max(values):
        return f"The validation loss was lowest in epoch {lowest} ({min(values):.3g}) and then stayed there."
    return (
        f"The validation loss was lowest in epoch {lowest} ({min(values):.3g}) and then rose to "
        f"{values[-1]:.3g}: later epochs fit the training rows only."
    )


def describe_score(points: pd.DataFrame, metric: Metric, best: pd.DataFrame) -> str:
    """How far the score has come, and its best epoch."""
    title, write = metric.spoken, percent if metric.unit == "share" else "{:.3g}".format
    values = points[points["split"] == "validation"]["value"].tolist()
    if not values:
        return (
            f"Training {title} is {write(points['value'].iloc[-1])} so far; validation rows "
            "are scored at the end of each epoch."
        )
    if len(best):
        epoch, value = best["epoch"].iloc[-1], best["value"].iloc[-1]
        return f"Validation {title} was best in epoch {epoch:g} of {len(values)}, at {write(value)}."
    after = count_words(len(values), "epoch")
    highest = write(max(values))
    return f"Validation {title} is {write(values[-1])} after {after}; the highest was {highest}."
