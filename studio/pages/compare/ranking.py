"""Who is ahead: the sentence, the table of models, those set apart, and every pair with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from studio.metrics.base import Metric
from studio.metrics.registry import get_metric
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import range_bar, unbroken
from studio.pages.links import link
from studio.pages.scores import with_interval
from studio.pages.words import words_of
from studio.results.compare import Comparison

W = words_of("compare")
VERDICT_TONES = {
    "better": ("good", "better"),
    "worse": ("warning", "worse"),
    "within chance": ("quiet", "chance"),
}
PAIRS_AT_MOST = 66


def render_heading(comparison: Comparison) -> Markup:
    """The sentence on top, and on what rows it stands."""
    lead = Markup("<strong>{}</strong>").format(unbroken(comparison.sentence))
    rows = W.rows[comparison.split].count(comparison.rows)
    text = W.standing.say(rows=rows) if comparison.ranking else ""
    return layout.heading(W.title, lead) + (layout.paragraph(text, quiet=True) if text else "")


def render_apart(comparison: Comparison) -> Markup:
    """The models that are not ranked, each with the reason."""
    if not comparison.apart:
        return layout.EMPTY
    items = layout.join(
        Markup("<li><strong>{}</strong>: {}</li>").format(entry["name"], entry["reason"])
        for entry in comparison.apart
    )
    more = Markup('<ul class="s-findings">{}</ul>').format(items)
    return layout.notice("info", W.apart.count(len(comparison.apart)), more=more)


def render_table(comparison: Comparison) -> Markup:
    """Score, cost and speed of each model, the best first; those not ranked at the end."""
    metric = get_metric(comparison.metric)
    has_macro = any("f1_macro" in entry["metrics"] for entry in comparison.table)
    macro = [layout.Column(W.table.f1, number=True, help=W.table.f1_help)] * has_macro
    columns = [
        W.table.name,
        layout.Column(metric.title, number=True, help=f"{metric.help} {W.table.score_help}"),
        *([W.table.scale, *macro] if metric.unit == "share" else []),
        W.table.checkpoint,
        layout.Column(W.table.size, number=True),
        layout.Column(W.table.seconds, number=True),
        layout.Column(W.table.speed, number=True, help=W.table.speed_help),
    ]
    rows = [table_row(entry, metric, has_macro) for entry in comparison.table]
    marks = ["" if entry["ranked"] else "s-apart" for entry in comparison.table]
    return layout.table(columns, rows, label=W.table.label, row_class=marks)


def table_row(entry: Mapping[str, Any], metric: Metric, has_macro: bool) -> list[str | Markup]:
    """One model; a score that is a share also as a bar, and with F1 beside it where models have that."""
    low, high = entry["interval"] or (None, None)
    score: str | Markup = fmt.ABSENT
    bar: str | Markup = ""
    if entry["score"] is not None:
        score = with_interval(metric, entry["score"], low, high)
    if entry["score"] is not None and metric.unit == "share":
        kind = "s-model" if entry["ranked"] else ""
        bar = range_bar(entry["score"], low or entry["score"], high or entry["score"], kind)
    macro = [fmt.percent(entry["metrics"].get("f1_macro"))] * has_macro
    name = layout.text_link(entry["name"], link("results", model=entry["name"]))
    apart = "" if entry["ranked"] else Markup("<small>{}</small>").format(W.table.not_ranked)
    return [
        name + apart,
        score,
        *([bar, *macro] if metric.unit == "share" else []),
        fmt.checkpoint(entry["checkpoint"]),
        fmt.size(entry["size_bytes"]),
        fmt.duration(entry["seconds"]),
        fmt.number(entry["rows_per_second"]),
    ]


def render_pairs(comparison: Comparison) -> Markup:
    """Every pair of models: the difference, its interval, and whether it is more than chance."""
    if not comparison.differences:
        return layout.EMPTY
    columns = [
        W.pairs.pair,
        W.pairs.verdict,
        layout.Column(W.pairs.difference, number=True, help=W.pairs.difference_help),
        layout.Column(W.pairs.interval, number=True, help=W.pairs.interval_help),
        layout.Column(W.pairs.p_value, number=True, help=W.pairs.p_value_help),
    ]
    metric = get_metric(comparison.metric)
    if metric.unit == "share":
        columns.append(layout.Column(W.pairs.only_a, number=True, help=W.pairs.only_help))
        columns.append(layout.Column(W.pairs.only_b, number=True, help=W.pairs.only_help))
    rows = [pair_row(entry, metric) for entry in comparison.differences[:PAIRS_AT_MOST]]
    return layout.section(W.pairs.title, W.pairs.text) + layout.table(columns, rows, label=W.pairs.title)


def pair_row(entry: Mapping[str, Any], metric: Metric) -> list[str | Markup]:
    """One pair, the better model first."""
    tone, key = VERDICT_TONES[entry["verdict"]]
    low, high = entry["interval"]
    right = [fmt.count(entry["only_a_right"]), fmt.count(entry["only_b_right"])]
    return [
        W.pairs.against.say(a=entry["a"], b=entry["b"]),
        layout.badge(tone, W.pairs.verdicts[key]),
        fmt.points(entry["difference"]) if metric.unit == "share" else signed(entry["difference"], metric),
        W.pairs.range.say(low=signed(low, metric), high=signed(high, metric)) if low < high else "–",
        write_p_value(entry["p_value_adjusted"]),
        *(right if metric.unit == "share" else []),
    ]


def signed(difference: float, metric: Metric) -> str:
    """A difference in points without the word, or as a number.

    >>> signed(-0.0123, get_metric("accuracy")), signed(0.02, get_metric("spearman"))
    ('−1.2', '+0.02')
    """
    if metric.unit == "share":
        return fmt.points(difference).removesuffix(" points")
    return f"{difference:+.3g}".replace("-", "−")


def write_p_value(value: float) -> str:
    """A probability as a person reads it.

    >>> write_p_value(0.0421), write_p_value(0.00001), write_p_value(1.0)
    ('0.042', 'under 0.001', '1')
    """
    if value < 0.001:
        return str(W.pairs.tiny)
    return f"{value:.3f}".rstrip("0").rstrip(".")
