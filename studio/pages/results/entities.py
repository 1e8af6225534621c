"""The tab Entities: how well each label is found, what is wrong with others, and texts with both marked."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from studio.metrics.entities import KINDS
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import share_bar, share_with_interval, shown_label
from studio.pages.highlight import marked_text
from studio.pages.results.chosen import Chosen, find_predictions
from studio.pages.results.desk import Desk, Part, no_report
from studio.pages.results.labels import sort_labels
from studio.pages.results.mistakes import open_mistakes
from studio.pages.results.places import RowsAt
from studio.pages.words import words_of
from studio.results.entities import FoundEntities
from studio.results.report import Report

W = words_of("results")
TEXTS_SHOWN = 20
PAIRS_SHOWN = 20


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    head = layout.html()
    table = layout.pickable(elem_id="entities-table")
    wrong = layout.html(elem_id="entities-errors")
    texts = layout.html(elem_id="entities-texts")
    open_mistakes(desk, [table])

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        if chosen.report is None:
            return no_report(chosen), *[layout.EMPTY] * 3
        return (
            layout.section(W.entities.title, W.entities.text),
            render_types(chosen.report),
            render_errors(chosen.report),
            render_texts(find_predictions(desk.studio, chosen), chosen.rows_at),
        )

    return Part([head, table, wrong, texts], fill)


def render_types(report: Report) -> Markup:
    """Scores of each label, the weakest first, with what is wrong; a click shows the mistakes."""
    columns = [
        W.labels.label,
        layout.Column(W.labels.measures.f1, number=True, help=W.entities.f1_help),
        layout.Column(W.labels.measures.precision, number=True, help=W.entities.precision_help),
        layout.Column(W.labels.measures.recall, number=True, help=W.entities.recall_help),
        layout.Column(W.entities.there, number=True),
        layout.Column(W.entities.named, number=True),
        *(layout.Column(W.entities.kinds[kind], number=True, help=W.entities.help[kind]) for kind in KINDS),
    ]
    rows = [type_row(place, row) for place, row in sort_labels(report.per_label, "weakest")]
    return layout.table(columns, rows, label=W.entities.title)


def type_row(place: int, row: dict[str, Any]) -> list[str | Markup]:
    """One label; scores are blank where it has no entities."""
    named = layout.pick_button(shown_label(row["label"], 60), f"{place}:")
    low, high = row["recall_interval"] or (None, None)
    return [
        named,
        share_bar(row["f1"], "s-right") if row["support"] else fmt.ABSENT,
        fmt.percent(row["precision"]) if row["predicted"] else fmt.ABSENT,
        share_with_interval(row["recall"], low, high) if row["support"] else fmt.ABSENT,
        fmt.count(row["support"]),
        fmt.count(row["predicted"]),
        *(fmt.count(row["errors"][kind]) for kind in KINDS),
    ]


def render_errors(report: Report) -> Markup:
    """What is wrong with wrong entities in a sentence, and the labels that are taken for others."""
    pairs = report.entities.get("pairs", [])
    sentence = report.sentences.get("errors") or W.entities.none_wrong
    head = layout.section(W.entities.errors_title, sentence)
    if not pairs:
        return head
    columns = [W.labels.label, W.entities.taken_for, layout.Column(W.entities.times, number=True)]
    rows = [
        [shown_label(pair["true"]), shown_label(pair["predicted"]), fmt.count(pair["count"])]
        for pair in pairs[:PAIRS_SHOWN]
    ]
    return head + layout.table(columns, rows, label=W.entities.errors_title)


def render_texts(predictions: FoundEntities | None, rows_at: RowsAt) -> Markup:
    """The first texts with a wrong entity: the true entities marked, and below them those found."""
    if predictions is None:
        return layout.notice("info", W.mistakes.gone, W.mistakes.gone_hint)
    wrong = [row for row, right in enumerate(predictions.right) if not right][:TEXTS_SHOWN]
    if not wrong:
        return layout.EMPTY
    places = rows_at.show_rows(predictions, wrong)
    cases = layout.join(
        Markup(
            "<li><div><span>{}</span>{}</div><div><span>{}</span>{}</div><div><span>{}</span><p>{}</p></div></li>"
        ).format(
            W.entities.true,
            marked_text(predictions.texts[row], predictions.true_entities[row], predictions.labels),
            W.entities.found,
            marked_text(predictions.texts[row], predictions.found_entities[row], predictions.labels),
            W.cases.line,
            place,
        )
        for row, place in zip(wrong, places, strict=True)
    )
    head = layout.section(W.entities.texts_title, W.entities.texts_text.count(len(wrong)))
    return head + Markup('<ul class="s-both-marked">{}</ul>').format(cases)
