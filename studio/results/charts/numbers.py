"""Charts of numbers: how often each occurs, answers beside the truth, and how far off answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from studio.numbers import short_number
from studio.results.charts.frame import (
    INK,
    PALETTE,
    ChartWithTable,
    count_axis,
    frame,
    nothing_to_draw,
    number_axis,
)
from studio.results.wording import count_words

FORMAT = ",~f"


def draw_numbers(values: Mapping[str, Any]) -> ChartWithTable:
    """How often the numbers of a dataset occur; ``values`` are those of ``describe_numbers``."""
    edges, counts = values.get("edges", []), values.get("counts", [])
    bins = [
        {"low": low, "high": high, "count": count}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    if not bins:
        return nothing_to_draw("There are no numbers yet.", ("low", "high", "count"))
    caption = (
        f"From {short_number(values['min'])} to {short_number(values['max'])}; "
        f"half are at most {short_number(values['median'])}."
    )
    return histogram(bins, "Number", caption)


def draw_residuals(bins: Sequence[Mapping[str, Any]]) -> ChartWithTable:
    """How far answers are above or below the truth; ``bins`` are {low, high, count}."""
    if not bins:
        return nothing_to_draw("There are no answers yet.", ("low", "high", "count"))
    rows = sum(one["count"] for one in bins)
    # A bin that holds 0 says nothing of a side.
    above = sum(one["count"] for one in bins if one["low"] >= 0) / rows
    below = sum(one["count"] for one in bins if one["high"] <= 0) / rows
    caption = f"{above:.0%} of the answers are clearly too high, {below:.0%} clearly too low."
    return histogram(bins, "Answer minus true number", caption)


def histogram(bins: Sequence[Mapping[str, Any]], title: str, caption: str) -> ChartWithTable:
    """Bars over bins of numbers."""
    table = pd.DataFrame(list(bins), columns=["low", "high", "count"])
    chart = (
        alt.Chart(table)
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X("low:Q", bin="binned", title=title, axis=number_axis(FORMAT)),
            x2="high:Q",
            y=alt.Y("count:Q", title="Rows (count)", axis=count_axis(table["count"].max())),
            tooltip=[
                alt.Tooltip("low:Q", format=",.4~f"),
                alt.Tooltip("high:Q", format=",.4~f"),
                alt.Tooltip("count:Q", format=",d"),
            ],
        )
    )
    return ChartWithTable(frame(chart), table, caption)


def draw_answers(points: Sequence[Mapping[str, float]], rows: int) -> ChartWithTable:
    """Answers beside true numbers, with the line on which all would be right, of {true, predicted}."""
    table = pd.DataFrame(list(points), columns=["true", "predicted"]).astype("float64")
    if table.empty:
        return nothing_to_draw("There are no answers yet.", ("true", "predicted"))
    low, high = float(table.to_numpy().min()), float(table.to_numpy().max())
    scale = alt.Scale(domain=[low, high], nice=True, zero=False)
    dots = (
        alt.Chart(table)
        .mark_circle(color=PALETTE[0], opacity=0.5, size=40)
        .encode(
            x=alt.X("true:Q", title="True number", scale=scale, axis=number_axis(FORMAT)),
            y=alt.Y("predicted:Q", title="Answer", scale=scale, axis=number_axis(FORMAT)),
            tooltip=[
                alt.Tooltip("true:Q", title="True number", format=",.4~f"),
                alt.Tooltip("predicted:Q", title="Answer", format=",.4~f"),
            ],
        )
    )
    ends = pd.DataFrame({"true": [low, high], "predicted": [low, high]})
    line = (
        alt.Chart(ends)
        .mark_line(color=INK, strokeDash=[4, 4], opacity=0.6)
        .encode(x="true:Q", y="predicted:Q")
    )
    shown = (
        "" if len(table) == rows else f" Drawn are {count_words(len(table), 'row')} of {rows:,d}, at random."
    )
    caption = f"On the dashed line an answer is right; above it too high, below it too low.{shown}"
    return ChartWithTable(frame(alt.layer(line, dots)), table, caption)
