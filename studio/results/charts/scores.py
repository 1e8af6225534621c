"""Charts of one report: labels, confidence and reliability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from studio.results.charts.frame import (
    BAR_STEP,
    INK,
    LABEL_PIXELS,
    PALETTE,
    ChartWithTable,
    count_axis,
    frame,
    legend,
    number_axis,
)
from studio.results.wording import count_words, percent

BARS_AT_MOST = 30
MEASURES = {"f1": "F1", "precision": "Precision", "recall": "Recall"}


def draw_per_label(report: Mapping[str, Any], measure: str = "f1") -> ChartWithTable:
    """One score per label, the weakest first; above 30 labels only the weakest 30 are drawn."""
    table = pd.DataFrame(report["per_label"], columns=["label", "precision", "recall", "f1", "support"])
    present = table[table["support"] > 0].sort_values(measure, kind="stable")
    if present.empty:
        return ChartWithTable(None, table, "No label has rows in this split.")
    title = f"{MEASURES[measure]} (share)"
    chart = bars(present.head(BARS_AT_MOST), "label", measure, title, PALETTE[0], ".0%")
    weakest = present.iloc[0]
    caption = (
        f"Weakest label: {weakest['label']}, {MEASURES[measure]} {percent(weakest[measure])} "
        f"on {count_words(int(weakest['support']), 'row')}."
    )
    if len(present) > BARS_AT_MOST:
        caption += f" Drawn are the {BARS_AT_MOST} weakest of {len(present)}; the table has all."
    return ChartWithTable(frame(chart, alt.Step(BAR_STEP)), table, caption)


def bars(rows: pd.DataFrame, name: str, value: str, title: str, colour: str, number_format: str) -> alt.Chart:
    """Horizontal bars from zero, in the order of the rows."""
    top = 1.0 if number_format.endswith("%") else None
    scale = alt.Scale(zero=True, domainMin=0, domainMax=top) if top else alt.Scale(zero=True)
    axis = number_axis(number_format) if top else count_axis(rows[value].max())
    details = [
        alt.Tooltip(f"{column}:{'N' if rows[column].dtype.kind not in 'if' else 'Q'}") for column in rows
    ]
    return (
        alt.Chart(rows)
        .mark_bar(color=colour)
        .encode(
            y=alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=LABEL_PIXELS)),
            x=alt.X(f"{value}:Q", title=title, scale=scale, axis=axis),
            tooltip=details,
        )
    )


def draw_confidence(report: Mapping[str, Any]) -> ChartWithTable:
    """How sure the model was, right and wrong answers apart."""
    table = pd.DataFrame(report["confidence"]["histogram"], columns=["low", "high", "right", "wrong"])
    caption = report["confidence"]["sentence"]
    if not report["rows"]:
        return ChartWithTable(None, table, caption)
    highest = int((table["right"] + table["wrong"]).max())
    series = {"right": "Right answers", "wrong": "Wrong answers"}
    long = table.melt(["low", "high"], list(series), "series", "rows")
    long = long.assign(rank=(long["series"] == "wrong").astype(int)).replace({"series": series})
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("low:Q", bin="binned", title="Confidence of the answer", axis=number_axis(".0%")),
            x2="high:Q",
            y=alt.Y("rows:Q", title="Answers (count)", scale=alt.Scale(zero=True), axis=count_axis(highest)),
            color=alt.Color("series:N", scale=answer_colours(list(series.values())), legend=legend()),
            order="rank:Q",
            tooltip=[
                alt.Tooltip("series:N", title="Answers"),
                alt.Tooltip("low:Q", title="From", format=".0%"),
                alt.Tooltip("high:Q", title="To", format=".0%"),
                alt.Tooltip("rows:Q", title="Count", format=",d"),
            ],
        )
    )
    return ChartWithTable(frame(chart), table, caption)


def answer_colours(series: list[str]) -> alt.Scale:
    """Blue for right, vermilion for wrong: told apart with any colour vision."""
    return alt.Scale(domain=series, range=[PALETTE[0], PALETTE[3]])


DOT_SIZES = "The larger a dot, the more answers it stands for."


def draw_reliability(report: Mapping[str, Any]) -> ChartWithTable:
    """How often answers of a given confidence are right, against the line where both agree."""
    columns = ["low", "high", "count", "confidence", "accuracy"]
    table = pd.DataFrame(report["calibration"]["bins"], columns=columns)
    caption = report["calibration"]["sentence"]
    filled = table[table["count"] > 0].astype({"confidence": float, "accuracy": float})
    if filled.empty:
        return ChartWithTable(None, table, caption)
    diagonal = pd.DataFrame({"confidence": [0.0, 1.0], "accuracy": [0.0, 1.0]})
    share = alt.Scale(domain=[0, 1])
    x = alt.X("confidence:Q", title="Confidence of the answer", scale=share, axis=number_axis(".0%"))
    y = alt.Y("accuracy:Q", title="Answers that are right (share)", scale=share, axis=number_axis(".0%"))
    line = alt.Chart(diagonal).mark_line(strokeDash=[4, 4], color=INK, opacity=0.5).encode(x=x, y=y)
    base = alt.Chart(filled).encode(x=x, y=y)
    dots = base.mark_circle(color=PALETTE[0], opacity=1).encode(
        size=alt.Size("count:Q", title="Answers", scale=alt.Scale(range=[30, 400]), legend=None),
        tooltip=[
            alt.Tooltip("confidence:Q", title="Confidence", format=".1%"),
            alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
            alt.Tooltip("count:Q", title="Answers", format=",d"),
        ],
    )
    chart = alt.layer(line, base.mark_line(color=PALETTE[0]), dots)
    return ChartWithTable(frame(chart), table, f"{caption} {DOT_SIZES}".strip())
