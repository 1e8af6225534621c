"""What all charts share: palette, size, thinning, and the table that stands beside each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

# Okabe and Ito's colours, told apart by people with any colour vision; without black and with grey
# last, so that every one of the eight shows on white and on dark.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#8C8C8C")
SERIES_AT_MOST = len(PALETTE)
POINTS_AT_MOST = 500
CHART_HEIGHT = 260
BAR_STEP = 22
LABEL_PIXELS, MODEL_PIXELS = 180, 400
WHOLE_TICKS = 10
# Charts are drawn as SVG inside the page: text in the page's own colour reads in light and in dark.
INK = "currentColor"


@dataclass(frozen=True)
class ChartWithTable:
    """A chart, the numbers it shows, and what it says in one sentence.

    ``chart`` is None where there is nothing to draw; ``caption`` then says why.
    """

    chart: alt.TopLevelMixin | None
    table: pd.DataFrame
    caption: str


def nothing_to_draw(caption: str, columns: tuple[str, ...] = ()) -> ChartWithTable:
    """No chart, an empty table, and the reason."""
    return ChartWithTable(None, pd.DataFrame(columns=list(columns)), caption)


def frame(chart: Any, height: int | alt.Step = CHART_HEIGHT) -> Any:
    """The chart as wide as its place, without a background of its own."""
    autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width="container", height=height, background="transparent", autosize=autosize)


def number_axis(number_format: str) -> alt.Axis:
    """An axis of shares or measures, with few enough ticks for a narrow screen."""
    if not number_format.endswith("e"):
        return alt.Axis(format=number_format, tickCount=5)
    # In powers of ten, zero would read 0e+0.
    label = "datum.value == 0 ? '0' : datum.label"
    return alt.Axis(format=number_format, tickCount=5, labelExpr=label)


def share_axis() -> alt.Axis:
    """An axis of shares, which may have room above 100 % but names nothing there."""
    return alt.Axis(format=".0%", tickCount=5, labelExpr="datum.value > 1.0001 ? '' : datum.label")


def count_axis(highest: float) -> alt.Axis:
    """An axis of counts up to ``highest``, with whole ticks only."""
    if highest <= WHOLE_TICKS:
        return alt.Axis(format=",d", values=list(range(int(highest) + 1)))
    return alt.Axis(format=",d", tickCount=6)


def colour_scale(series: list[str]) -> alt.Scale:
    """Colours of the palette in the order of the series."""
    return alt.Scale(domain=series, range=list(PALETTE[: len(series)]))


def legend(title: str | None = None) -> alt.Legend:
    """A legend above the chart, where a narrow screen has room for it."""
    return alt.Legend(orient="top", title=title, labelLimit=LABEL_PIXELS, columns=2)


def model_colour(names: list[str], column: str = "model") -> alt.Color:
    """A colour for each model, the same in every chart of these models, and their names in full."""
    names_in_full = alt.Legend(orient="top", title=None, labelLimit=MODEL_PIXELS, columns=1)
    return alt.Color(f"{column}:N", scale=colour_scale(sorted(names)), legend=names_in_full)


def thin(points: pd.DataFrame, limit: int = POINTS_AT_MOST) -> pd.DataFrame:
    """At most ``limit`` rows, evenly spread, the first and the last among them."""
    if len(points) <= limit:
        return points
    return points.iloc[np.unique(np.linspace(0, len(points) - 1, limit).round().astype(int))]
