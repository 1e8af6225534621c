"""Pieces that show answers, shared by Results and Compare: labels, long texts, shares and scores as bars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of

W = words_of("results")
UNIT = re.compile(r"(?<=\d) (?=%|(?:s|min|h)\b)")
TEXT_LENGTH = 240


def unbroken(sentence: str) -> str:
    """A sentence in which no line breaks between a number and its unit.

    >>> unbroken("18.5 % of 20 texts, 3 min 20 s").count("\\u00a0")
    3
    """
    return UNIT.sub("\u00a0", sentence)


def shown_label(label: str, length: int = 40) -> str:
    """A label as it is shown: short, and visible even where it is blank."""
    return fmt.shorten(label, length) or str(W.blank)


def long_text(text: str, length: int = TEXT_LENGTH) -> Markup:
    """A text, cut where it is long, with the whole of it one click away."""
    short = fmt.shorten(text, length)
    if short == " ".join(text.split()):
        return Markup("<span>{}</span>").format(short)
    return Markup("<details><summary>{}</summary><p>{}</p></details>").format(short, text)


def long_answer(told: str, length: int = 40) -> Markup:
    """A label, or an answer in words, cut where it is long, with the whole of it one click away."""
    return long_text(told, length) if told.strip() else Markup("<span>{}</span>").format(W.blank)


def share_bar(share: float, kind: str = "s-wrong") -> Markup:
    """A share as a bar with its number in it."""
    return Markup('<span class="s-share {}"><i style="width:{:.1f}%"></i><b>{}</b></span>').format(
        kind, 100 * share, fmt.percent(share)
    )


def range_bar(share: float, low: float, high: float, kind: str = "") -> Markup:
    """A share on a scale from 0 to 100 % with its interval."""
    return Markup(
        '<span class="s-range {}" style="--value:{:.1f}%;--low:{:.1f}%;--high:{:.1f}%" role="img" '
        'aria-label="{}"></span>'
    ).format(kind, 100 * share, 100 * low, 100 * high, fmt.interval(low, high))


def share_with_interval(share: float, low: float | None, high: float | None) -> Markup:
    """A share in bold, with its interval under it."""
    return Markup("<strong>{}</strong><small>{}</small>").format(fmt.percent(share), fmt.interval(low, high))


def cases_table(
    columns: Sequence[layout.Column | str], cases: Sequence[Sequence[str | Markup]], label: str
) -> Markup:
    """A table of texts, first in each row, and what was said of them; on a narrow screen one block each."""
    heads = [column if isinstance(column, layout.Column) else layout.Column(column) for column in columns]
    marks = [Markup(' class="s-number"') if head.number else layout.EMPTY for head in heads]
    titles = layout.join(
        Markup('<th scope="col"{}>{}</th>').format(mark, layout.term(head.title, head.help))
        for head, mark in zip(heads, marks, strict=True)
    )
    rows = layout.join(
        Markup('<tr><td class="s-words">{}</td>{}</tr>').format(
            text,
            layout.join(
                Markup('<td data-name="{}"{}>{}</td>').format(head.title, mark, cell)
                for head, mark, cell in zip(heads[1:], marks[1:], said, strict=True)
            ),
        )
        for text, *said in cases
    )
    return Markup(
        '<div class="s-table s-cases" role="region" tabindex="0" aria-label="{}"><table>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(label, titles, rows)
