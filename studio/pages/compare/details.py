"""Where models differ: recipes, labels, and the rows to which they give different answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import cases_table, long_text, shown_label
from studio.pages.icons import icon
from studio.pages.results.recipe import write_choice
from studio.pages.words import words_of
from studio.results.compare import Comparison
from studio.training.recipe import Recipe

W = words_of("compare")
LABELS_AT_MOST = 200
LABELS_FIRST = 20
ROWS_AT_MOST = 200
TEXT_LENGTH = 200


def render_recipes(comparison: Comparison) -> Markup:
    """The settings in which the models differ, one line each; all others are the same."""
    differing = comparison.recipe_differences
    if not differing:
        return layout.section(W.recipes.title, W.recipes.same)
    names = list(comparison.models)
    columns = [W.recipes.setting, *(layout.Column(name, number=True) for name in names)]
    rows = [
        [setting_title(field), *(write_choice(values[name]) for name in names)]
        for field, values in differing.items()
    ]
    return layout.section(W.recipes.title, W.recipes.text) + layout.table(
        columns, rows, label=W.recipes.title
    )


def setting_title(field: str) -> Markup:
    """The name of a recipe's field, with its help."""
    info = Recipe.model_fields.get(field)
    if info is None:
        return Markup("{}").format(field)
    return layout.term(info.title or field, info.description or "")


def render_labels(comparison: Comparison) -> Markup:
    """F1 of each model on each label, where they differ most first."""
    if len(comparison.ranking) < 2:
        return layout.paragraph(W.labels.few, quiet=True)
    columns = [
        W.labels.label,
        layout.Column(W.labels.rows, number=True),
        *(layout.Column(name, number=True) for name in comparison.ranking),
        layout.Column(W.labels.spread, number=True, help=W.labels.spread_help),
    ]
    rows = [label_row(entry, comparison.ranking) for entry in comparison.per_label[:LABELS_AT_MOST]]
    head = layout.section(W.labels.title, W.labels.text)
    first = layout.table(columns, rows[:LABELS_FIRST], label=W.labels.title)
    if len(rows) <= LABELS_FIRST:
        return head + first
    rest = layout.table(columns, rows[LABELS_FIRST:], label=W.labels.title)
    return head + first + layout.details(W.labels.more.count(len(rows) - LABELS_FIRST), rest)


def label_row(entry: Mapping[str, Any], ranking: Sequence[str]) -> list[str | Markup]:
    """One label; the best of its scores is set in bold."""
    scores = [entry["f1"].get(name) for name in ranking]
    best = max((score for score in scores if score is not None), default=None)
    cells: list[str | Markup] = [
        Markup("<strong>{}</strong>").format(fmt.percent(score))
        if score == best and entry["spread"] > 0
        else fmt.percent(score)
        for score in scores
    ]
    spread = fmt.points(entry["spread"]).lstrip("+±")
    return [shown_label(entry["label"], 60), fmt.count(entry["support"]), *cells, spread]


def render_disagreements(comparison: Comparison) -> Markup:
    """Rows on which the models give different answers: text, true label, and each model's answer."""
    ranking = comparison.ranking
    if len(ranking) < 2:
        return layout.paragraph(W.labels.few, quiet=True)
    count = comparison.disagreement_count
    sentence = (
        W.rows_apart.sentence.count(count, rows=fmt.count(comparison.rows)) if count else W.rows_apart.none
    )
    head = layout.section(W.rows_apart.title, sentence)
    if not count:
        return head
    cases = [case_of(row, ranking) for row in comparison.disagreements[:ROWS_AT_MOST]]
    table = cases_table([W.rows_apart.text, W.rows_apart.true, *ranking], cases, W.rows_apart.title)
    if count <= ROWS_AT_MOST:
        return head + table
    more = W.rows_apart.more.say(shown=ROWS_AT_MOST, all=fmt.count(count))
    return head + table + layout.paragraph(more, quiet=True)


def case_of(row: Mapping[str, Any], ranking: Sequence[str]) -> list[str | Markup]:
    """One row: the text, the true label, and each answer with whether it is right."""
    answers = [answer(row["answers"][name], row["true"], row["confidence"].get(name)) for name in ranking]
    return [long_text(row["text"], TEXT_LENGTH), shown_label(row["true"]), *answers]


def answer(label: str, true: str, confidence: float | None) -> str | Markup:
    """An answer with a mark for right or wrong and its confidence; as it is where it has none."""
    if confidence is None:
        return label
    right = label == true
    return Markup('<span class="s-mark {}" title="{}">{}{}</span><small>{}</small>').format(
        "s-good" if right else "s-error",
        W.rows_apart.right if right else W.rows_apart.wrong,
        icon("good" if right else "error"),
        shown_label(label),
        fmt.percent(confidence),
    )
