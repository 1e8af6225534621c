"""A chart on a page, always with its sentence and its numbers as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup, escape

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.theme import FONT
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.results.charts import ChartWithTable

W = words_of("frame")
ROWS_AT_MOST = 200
SHARE_COLUMNS = {"share", "accuracy", "confidence"}


def chart_with_table(label: str, *, elem_id: str) -> tuple[gr.Plot, gr.HTML]:
    """A place for a chart and, under it, its sentence and its numbers; fill both with ``chart_values``."""
    with gr.Column(elem_classes="s-chart"):
        layout.html(Markup('<h3 class="s-chart-title">{}</h3>').format(label))
        plot = gr.Plot(show_label=False, container=False, elem_id=elem_id, elem_classes="s-plot")
        numbers = layout.html(elem_id=f"{elem_id}-numbers")
    return plot, numbers


def chart_values(chart: ChartWithTable | None) -> tuple[Any, Markup]:
    """What fills the two components of ``chart_with_table``; None empties them."""
    if chart is None:
        return None, layout.EMPTY
    caption = Markup('<p class="s-caption">{}</p>').format(chart.caption)
    if chart.chart is None:
        return None, caption
    return as_drawn(chart), caption + layout.details(W.numbers, numbers_table(chart))


def as_drawn(chart: ChartWithTable) -> Any:
    """The chart drawn as SVG, so that theme.css can colour its texts in light and dark, and with a name."""
    return (
        chart.chart.properties(  # type: ignore[union-attr]
            description=chart.caption, usermeta={"embedOptions": {"renderer": "svg", "actions": False}}
        )
        .configure(font=", ".join(FONT))
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", titlePadding=8)
        .configure_legend(labelFontSize=12, titleFontSize=12)
    )


def numbers_table(chart: ChartWithTable) -> Markup:
    """The numbers of a chart, at most 200 rows of them."""
    frame = chart.table.head(ROWS_AT_MOST)
    kinds = [frame[name].dtype.kind for name in frame.columns]
    columns = [
        layout.Column(str(name).capitalize(), number=kind in "iuf")
        for name, kind in zip(frame.columns, kinds, strict=True)
    ]
    rows = [
        [cell_text(value, str(name)) for value, name in zip(row, frame.columns, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    return layout.table(columns, rows, label=chart.caption)


def cell_text(value: Any, column: str) -> str:
    """One value of a table as text: shares in percent, whole numbers exactly, others rounded."""
    if value is None or value != value:
        return fmt.ABSENT
    if isinstance(value, bool):
        return str(W.yes if value else W.no)
    if hasattr(value, "is_integer"):
        if column in SHARE_COLUMNS:
            return fmt.percent(float(value))
        return fmt.count(int(value)) if value.is_integer() else fmt.number(float(value))
    return str(escape(value)) if not isinstance(value, str) else value
