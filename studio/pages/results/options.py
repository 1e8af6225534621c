"""The tab Options: how often the right one is chosen, by how many there are and by its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import range_bar, share_with_interval
from studio.pages.results.chosen import Chosen
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.words import words_of

W = words_of("results")


def build(_desk: Desk) -> Part:
    """Lay the tab out."""
    shown = layout.html(elem_id="results-options")

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return (no_report(chosen),)
        return (render_options(chosen.report.options),)

    return Part([shown], fill)


def render_options(options: dict[str, Any]) -> Markup:
    """Both tables, the one by place only where there are several."""
    return layout.section(W.options.title, W.options.text) + layout.join(
        layout.section(W.options[f"{name}_title"], W.options[f"{name}_text"])
        + render_groups(options.get(name, []), W.options[name])
        for name in ("by_count", "by_place")
    )


def render_groups(groups: Sequence[dict[str, Any]], name: str) -> Markup:
    """A line for each group of rows: how often the right option is chosen, beside what chance reaches."""
    rows = [
        [
            fmt.count(group["key"]),
            fmt.count(group["rows"]),
            share_with_interval(group["accuracy"], *group["interval"]),
            range_bar(group["accuracy"], *group["interval"], ""),
            fmt.percent(group["chance"]),
        ]
        for group in groups
    ]
    columns = [
        layout.Column(name, number=True),
        layout.Column(W.options.rows, number=True),
        layout.Column(W.options.right, number=True, help=W.interval_help),
        "",
        layout.Column(W.options.chance, number=True, help=W.options.chance_help),
    ]
    return layout.table(columns, rows, label=name)
