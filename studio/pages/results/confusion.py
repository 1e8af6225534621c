"""Which labels are taken for which: a table of numbers to click, or the worst pairs where labels are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import share_bar, shown_label
from studio.pages.words import words_of

W = words_of("results")
WHOLE_AT_MOST = 20
ZOOM_LABELS = 12
PAIRS_SHOWN = 8
DEEPEST = 62  # percent of the colour in a full cell: the page's own ink stays readable on it


def is_whole(labels: Sequence[str]) -> bool:
    """Whether all labels fit into one matrix that can be read."""
    return len(labels) <= WHOLE_AT_MOST


def zoom_labels(matrix: np.ndarray, focus: int | None = None, at_most: int = ZOOM_LABELS) -> list[int]:
    """The labels to show of many: the pairs most confused of all, or the focus and what it is confused with.

    >>> zoom_labels(np.array([[5, 0, 1], [0, 5, 0], [4, 0, 5]]), at_most=2)
    [0, 2]
    >>> zoom_labels(np.array([[5, 0, 1], [0, 5, 0], [4, 0, 5]]), focus=1, at_most=2)
    [0, 1]
    """
    wrong = matrix - np.diag(np.diag(matrix))
    if focus is not None:
        weight = (wrong[focus] + wrong[:, focus]).astype(float)
        weight[focus] = np.inf
        return sorted(int(index) for index in np.argsort(-weight, kind="stable")[:at_most])
    chosen: dict[int, None] = {}
    for cell in np.argsort(-wrong, axis=None, kind="stable"):
        pair = [int(index) for index in np.unravel_index(cell, wrong.shape)]
        if len(chosen.keys() | set(pair)) <= at_most:
            chosen.update(dict.fromkeys(pair))
        if len(chosen) >= at_most - 1:
            break
    return sorted(chosen)


def render_matrix(labels: Sequence[str], matrix: np.ndarray, chosen: Sequence[int], as_share: bool) -> Markup:
    """The matrix of the chosen labels; what falls outside them is summed up in a last column.

    Each cell that has rows is a button whose value is ``true:predicted``, as numbers of labels.
    """
    rows = matrix.sum(axis=1)
    rest = len(chosen) < len(labels)
    heads = [heading_cell(labels[index], "col") for index in chosen]
    if rest:
        heads.append(heading_cell(W.confusion.others, "col"))
    heads.append(Markup('<th scope="col" class="s-number">{}</th>').format(W.confusion.rows))
    lines = []
    for true in chosen:
        cells = [
            matrix_cell(labels, (true, predicted), int(matrix[true, predicted]), int(rows[true]), as_share)
            for predicted in chosen
        ]
        if rest:
            outside = int(rows[true] - matrix[true, list(chosen)].sum())
            cells.append(matrix_cell(labels, (true, None), outside, int(rows[true]), as_share))
        total = Markup('<td class="s-number">{}</td>').format(fmt.count(int(rows[true])))
        lines.append(
            Markup("<tr>{}{}{}</tr>").format(heading_cell(labels[true], "row"), layout.join(cells), total)
        )
    return Markup(
        '<div class="s-table s-matrix" role="region" tabindex="0" aria-label="{label}"><table class="{size}">'
        '<thead><tr><th class="s-corner"><span>{corner}</span></th>{heads}</tr></thead>'
        "<tbody>{lines}</tbody></table></div>"
    ).format(
        label=W.confusion.title,
        size="s-few" if len(chosen) <= 4 else "s-many",
        corner=W.confusion.corner,
        heads=layout.join(heads),
        lines=layout.join(lines),
    )


def heading_cell(label: str, scope: str) -> Markup:
    """The head of a row or column, with the whole label when pointed at."""
    return Markup('<th scope="{}" title="{}"><span>{}</span></th>').format(scope, label, shown_label(label))


def matrix_cell(
    labels: Sequence[str], place: tuple[int, int | None], count: int, of: int, as_share: bool
) -> Markup:
    """One cell: its number, coloured by the share of the true label's rows; a button where it has rows."""
    true, predicted = place
    share = count / of if of else 0.0
    right = true == predicted
    if not count:
        return Markup('<td class="s-zero"><span aria-label="0">·</span></td>')
    depth = DEEPEST * (share if right else share**0.5)
    text = fmt.percent(share, digits=2) if as_share else fmt.count(count)
    name = W.confusion.others if predicted is None else labels[predicted]
    words = (W.confusion.cell_right if right else W.confusion.cell_wrong).count(
        count, true=labels[true], predicted=name
    )
    style = Markup("--depth:{:.0f}%").format(depth)
    kind = "s-right" if right else "s-wrong"
    if predicted is None:
        return Markup('<td class="{} s-cell" style="{}" title="{}"><span>{}</span></td>').format(
            kind, style, words, text
        )
    return Markup(
        '<td class="{} s-cell" style="{}"><button type="button" data-pick="{}:{}" title="{}" aria-label="{}">'
        "{}</button></td>"
    ).format(kind, style, true, predicted, words, words, text)


def render_pairs(pairs: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Markup:
    """The pairs of labels most often confused, each a way to its mistakes."""
    if not pairs:
        return layout.paragraph(W.confusion.no_pairs)
    place = {label: index for index, label in enumerate(labels)}
    rows = [
        [
            layout.pick_button(
                Markup("{} <span class='s-quiet'>{}</span> {}").format(
                    shown_label(pair["true"]), W.confusion.taken, shown_label(pair["predicted"])
                ),
                f"{place[pair['true']]}:{place[pair['predicted']]}",
            ),
            share_bar(pair["share"]),
            fmt.count(pair["count"]),
            fmt.count(pair["of"]),
        ]
        for pair in pairs
    ]
    columns = [
        W.confusion.pair,
        W.confusion.share_of,
        layout.Column(W.confusion.count, number=True),
        layout.Column(W.confusion.of, number=True),
    ]
    shown = layout.table(columns, rows[:PAIRS_SHOWN], label=W.confusion.pairs)
    if len(rows) <= PAIRS_SHOWN:
        return shown
    rest = layout.table(columns, rows[PAIRS_SHOWN:], label=W.confusion.pairs)
    return shown + layout.details(W.confusion.more.count(len(rows) - PAIRS_SHOWN), rest)


def read_pick(value: str, labels: Sequence[str]) -> tuple[str | None, str | None]:
    """The labels that a clicked cell or label stands for.

    >>> read_pick("0:1", ["a", "b"]), read_pick("1:", ["a", "b"]), read_pick("", ["a"])
    (('a', 'b'), ('b', None), (None, None))
    """
    found = [int(part) if part.isdigit() else -1 for part in (value + ":").split(":")[:2]]
    true, predicted = (labels[index] if 0 <= index < len(labels) else None for index in found)
    return true, predicted
