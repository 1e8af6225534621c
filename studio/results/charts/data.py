"""Charts of a dataset: how many rows each label has, and how long the texts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from studio.results.charts.frame import (
    BAR_STEP,
    LABEL_PIXELS,
    PALETTE,
    ChartWithTable,
    colour_scale,
    count_axis,
    frame,
    legend,
    nothing_to_draw,
)
from studio.results.wording import count_words, percent

BARS_AT_MOST = 30
SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}


def draw_class_counts(
    counts: Mapping[str, int] | Mapping[str, Mapping[str, int]], rows: int | None = None
) -> ChartWithTable:
    """Rows per label, the commonest first; ``counts`` is {label: rows} or {split: {label: rows}}.

    ``rows``: how many there are in all, where a row may have several labels, or none.
    """
    table = count_table(counts, rows)
    if table.empty:
        return nothing_to_draw("There are no labelled rows yet.", ("label", "rows"))
    splits = [name for name in SPLITS.values() if name in table]
    shown = table.head(BARS_AT_MOST)
    long = shown.melt(["label"], splits or ["rows"], "split", "count")
    long["position"] = [splits.index(name) if name in splits else 0 for name in long["split"]]
    order = list(shown["label"])
    colour = (
        alt.Color("split:N", scale=colour_scale(splits), legend=legend()) if splits else alt.value(PALETTE[0])
    )
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=LABEL_PIXELS)),
            x=alt.X(
                "sum(count):Q",
                title="Rows (count)",
                scale=alt.Scale(zero=True),
                axis=count_axis(shown["rows"].max()),
            ),
            color=colour,
            order=alt.Order("position:Q"),
            tooltip=["label:N", alt.Tooltip("split:N"), alt.Tooltip("count:Q", title="rows", format=",d")],
        )
    )
    return ChartWithTable(frame(chart, alt.Step(BAR_STEP)), table, describe_counts(table))


def count_table(counts: Mapping[str, Any], rows: int | None = None) -> pd.DataFrame:
    """Columns label, (one per split,) rows and share of all rows; the commonest label first."""
    nested = any(isinstance(value, Mapping) for value in counts.values())
    if nested:
        table = pd.DataFrame({SPLITS.get(split, split): dict(part) for split, part in counts.items()})
        table = table.fillna(0).astype(int)
        table["rows"] = table.sum(axis=1)
    else:
        table = pd.DataFrame({"rows": dict(counts)}).astype(int)
    table = table.rename_axis("label").reset_index()
    table["share"] = table["rows"] / max(1, int(table["rows"].sum()) if rows is None else rows)
    return table.sort_values("rows", ascending=False, kind="stable").reset_index(drop=True)


def describe_counts(table: pd.DataFrame) -> str:
    """The commonest and the rarest label in words."""
    most, least = table.iloc[0], table.iloc[-1]
    of_most, of_least = (count_words(int(label["rows"]), "row") for label in (most, least))
    labels = count_words(len(table), "label")
    sentence = (
        f"{labels} with {of_most} each."
        if most["rows"] == least["rows"]
        else f"{labels}: {most['label']} is the commonest ({of_most}, {percent(most['share'])}), "
        f"{least['label']} the rarest ({of_least}, {percent(least['share'])})."
    )
    if len(table) > BARS_AT_MOST:
        sentence += f" Drawn are the {BARS_AT_MOST} commonest; the table has all."
    return sentence


def draw_lengths(bins: Sequence[Mapping[str, Any]], unit: str = "words") -> ChartWithTable:
    """How long the texts are; ``bins`` are {low, high, count} with ``high`` exclusive."""
    table = pd.DataFrame(list(bins), columns=["low", "high", "count"])
    if table.empty or not table["count"].sum():
        return nothing_to_draw("There are no texts to measure yet.", ("low", "high", "count"))
    chart = (
        alt.Chart(table)
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X(
                "low:Q",
                bin="binned",
                title=f"Length of the text ({unit})",
                axis=count_axis(table["high"].max()),
            ),
            x2="high:Q",
            y=alt.Y(
                "count:Q",
                title="Texts (count)",
                scale=alt.Scale(zero=True),
                axis=count_axis(table["count"].max()),
            ),
            tooltip=["low:Q", "high:Q", alt.Tooltip("count:Q", format=",d")],
        )
    )
    running = table["count"].cumsum() / table["count"].sum()
    row = table.iloc[int((running >= 0.95).to_numpy().argmax())]
    caption = f"95 % of the texts have at most {row['high']:,.0f} {unit}."
    return ChartWithTable(frame(chart), table, caption)
