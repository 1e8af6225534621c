"""Charts of several models: score against size and speed, curves over each other, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from studio.metrics.base import Metric
from studio.metrics.registry import METRICS, get_metric
from studio.results.charts.frame import (
    BAR_STEP,
    INK,
    LABEL_PIXELS,
    SERIES_AT_MOST,
    ChartWithTable,
    count_axis,
    frame,
    model_colour,
    nothing_to_draw,
    number_axis,
    share_axis,
    thin,
)
from studio.results.charts.training import points_frame
from studio.results.wording import percent

LABELS_AT_MOST = 10
# Room for a name, as shares of the chart's height and width.
NAME_HEIGHT, NAME_WIDTH = 0.07, 0.3


def draw_score_against_size(models: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> ChartWithTable:
    """Score against size on disk; each model is {name, score, interval, size_bytes}."""
    rows = [{**model, "size": model["size_bytes"] / 1e6} for model in models if model.get("size_bytes")]
    return scatter(rows, "size", "Size on disk (MB)", get_metric(metric))


def draw_score_against_speed(models: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> ChartWithTable:
    """Score against prediction speed; each model is {name, score, interval, rows_per_second}."""
    rows = [{**model, "speed": model["rows_per_second"]} for model in models if model.get("rows_per_second")]
    return scatter(rows, "speed", "Texts answered per second", get_metric(metric))


def scatter(rows: Sequence[Mapping[str, Any]], cost: str, cost_title: str, metric: Metric) -> ChartWithTable:
    """One named point per model with its interval; at most eight are drawn."""
    title, is_share = metric.title, metric.unit == "share"
    scored = [row for row in rows if row.get("score") is not None]
    if not scored:
        return nothing_to_draw("No chosen model has both numbers yet.", ("Model", title, cost_title))
    table = pd.DataFrame(
        {
            "name": [row["name"] for row in scored],
            "score": [float(row["score"]) for row in scored],
            "low": [float((row.get("interval") or [row["score"]] * 2)[0]) for row in scored],
            "high": [float((row.get("interval") or [row["score"]] * 2)[1]) for row in scored],
            cost: [float(row[cost]) for row in scored],
        }
    ).sort_values("score", ascending=metric.best == "low", kind="stable")
    shown = place_names(table.head(SERIES_AT_MOST), cost)
    scale = alt.Scale(zero=False, padding=20)
    y_axis = share_axis() if is_share else number_axis(",~f")
    base = alt.Chart(shown).encode(
        x=alt.X(f"{cost}:Q", title=cost_title, scale=alt.Scale(domain=[0, float(shown[cost].max()) * 1.2])),
        color=model_colour(list(shown["name"]), "name").legend(None),
        tooltip=[
            alt.Tooltip("name:N", title="Model"),
            alt.Tooltip("score:Q", title=title, format=".1%" if is_share else ".3f"),
            alt.Tooltip(f"{cost}:Q", title=cost_title, format=".3~s"),
        ],
    )
    score = alt.Y("score:Q", title=title, scale=scale, axis=y_axis)
    chart = alt.layer(
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q"
        ),
        base.mark_circle(size=130, opacity=1).encode(y=score),
        write_names(base.mark_text(align="left", dx=10, limit=LABEL_PIXELS), "left", title, scale),
        write_names(base.mark_text(align="right", dx=-10, limit=LABEL_PIXELS), "right", title, scale),
    )
    caption = f"{name_the_best(table, is_share)}; lines are 95 % intervals."
    if len(table) > SERIES_AT_MOST:
        caption += f" Drawn are the best {SERIES_AT_MOST} of {len(table)}; the table has all."
    return ChartWithTable(frame(chart), table.rename(columns={"name": "model"}), caption)


def name_the_best(table: pd.DataFrame, is_share: bool = True) -> str:
    """Who scores highest, of rows that come with the highest score first; several where they score the same.

    >>> name_the_best(pd.DataFrame({"name": ["b", "a", "c"], "score": [0.9, 0.9, 0.8]}))
    'b and a score highest, 90 %'
    >>> name_the_best(pd.DataFrame({"name": ["b"], "score": [0.9]}))
    'b scores 90 %'
    """
    best = table["score"].iloc[0]
    names = list(table.loc[table["score"] == best, "name"])
    score = percent(best) if is_share else f"{best:.3g}"
    if len(table) == 1:
        return f"{names[0]} scores {score}"
    if len(names) == 1:
        return f"{names[0]} scores highest, {score}"
    return f"{', '.join(names[:-1])} and {names[-1]} score highest, {score}"


def write_names(text: alt.Chart, side: str, title: str, scale: alt.Scale) -> alt.Chart:
    """The names of the points on one side, each at its height."""
    height = alt.Y("name_at:Q", title=title, scale=scale)
    return text.transform_filter(f"datum.side === '{side}'").encode(
        color=alt.value(INK), y=height, text="name:N"
    )


def place_names(rows: pd.DataFrame, cost: str) -> pd.DataFrame:
    """Where the name of each point stands, so that names do not lie on each other or beyond the edge.

    Rows come with the highest score first. ``side`` is the half of the chart in which the point lies,
    ``name_at`` the height of its name: lower than its score where another name is in the way.
    """
    widest, step = rows[cost].max(), NAME_HEIGHT * (rows["high"].max() - rows["low"].min())
    placed: list[tuple[str, float, float]] = []
    for score, x in zip(rows["score"], rows[cost], strict=True):
        side, height = "right" if x > widest / 2 else "left", float(score)
        for other_side, other_x, other in placed:
            if side == other_side and abs(x - other_x) < NAME_WIDTH * widest:
                height = min(height, other - step)
        placed.append((side, float(x), height))
    return rows.assign(side=[side for side, _, _ in placed], name_at=[height for _, _, height in placed])


def draw_overlay(
    histories: Mapping[str, Iterable[Any]], metric: str, title: str, split: str = "validation"
) -> ChartWithTable:
    """One metric of several models over the epochs; at most eight are drawn."""
    parts = []
    for name, history in histories.items():
        points = points_frame(history, metric)
        parts.append(points[(points["split"] == split) & points["epoch"].notna()].assign(model=name))
    points = pd.concat(parts) if parts else pd.DataFrame()
    if points.empty:
        return nothing_to_draw("The chosen models have no curves to lay over each other.", ("model", "epoch"))
    names = list(points["model"].unique())
    shown = pd.concat([thin(points[points["model"] == name]) for name in names[:SERIES_AT_MOST]])
    share = metric in METRICS and METRICS[metric].unit == "share"
    from_zero = metric not in METRICS
    chart = (
        alt.Chart(shown[["model", "epoch", "value"]])
        .mark_line(point=alt.OverlayMarkDef(size=45), strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=count_axis(shown["epoch"].max())),
            y=alt.Y(
                "value:Q",
                title=title,
                scale=alt.Scale(zero=from_zero),
                axis=number_axis(".0%" if share else ".3~f"),
            ),
            color=model_colour(names[:SERIES_AT_MOST]),
            tooltip=["model:N", "epoch:Q", alt.Tooltip("value:Q", title=title, format=".3~f")],
        )
    )
    table = points.pivot_table(index="epoch", columns="model", values="value").reset_index()
    last = points.groupby("model")["value"].last()
    numbers = "; ".join(f"{name} {percent(last[name]) if share else f'{last[name]:.3g}'}" for name in names)
    return ChartWithTable(
        frame(chart), table.rename_axis(None, axis=1), f"{title} at the last epoch: {numbers}."
    )


def draw_label_differences(per_label: Sequence[Mapping[str, Any]], models: Sequence[str]) -> ChartWithTable:
    """F1 of each model on the labels where they differ most; rows are {label, f1: {model: value}}."""
    table = pd.DataFrame(
        [{"label": row["label"], **{model: row["f1"].get(model) for model in models}} for row in per_label],
        columns=["label", *models],
    )
    drawn = list(models)[:SERIES_AT_MOST]
    gaps = table[drawn].max(axis=1) - table[drawn].min(axis=1) if len(table) else pd.Series(dtype=float)
    shown = table.loc[gaps.sort_values(ascending=False, kind="stable").index].head(LABELS_AT_MOST)
    if shown.empty or len(drawn) < 2:
        return ChartWithTable(None, table, "Choose two models or more to see where they differ.")
    long = shown.melt(["label"], drawn, "model", "f1").dropna()
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=alt.Y("label:N", sort=list(shown["label"]), title=None, axis=alt.Axis(labelLimit=LABEL_PIXELS)),
            yOffset=alt.YOffset("model:N", sort=drawn),
            x=alt.X("f1:Q", title="F1 (share)", scale=alt.Scale(domain=[0, 1]), axis=number_axis(".0%")),
            color=model_colour(drawn),
            tooltip=["label:N", "model:N", alt.Tooltip("f1:Q", title="F1", format=".1%")],
        )
    )
    widest = shown.iloc[0]
    caption = f"They differ most on {widest['label']}: F1 is {float(gaps.max()) * 100:.3g} points apart."
    height = alt.Step(BAR_STEP if len(drawn) < 3 else 12)
    return ChartWithTable(frame(chart, height), table, caption)
