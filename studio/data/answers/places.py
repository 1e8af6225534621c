"""What a passage has where an answer is said to stand, and where the answer stands, as a sentence."""

from __future__ import annotations

import pandas as pd

from studio.data.answering import Fault, Given, find_nearest, place, read_given
from studio.data.columns import CONTEXT, SPANS
from studio.data.names import show_name

AROUND = 20  # characters of a passage that are shown on both sides of an answer
LONGEST_SHOWN = 60


def tell_moved(row: pd.Series) -> str:
    """Where the first answer that does not stand at its start is said to stand, and where it does.

    >>> tell_moved(pd.Series({"context": "In Rome", "answers": '[[2, "Rome"]]'}))
    '“Rome” is said to start at character 2, where the passage has “Rome”; it stands at 3: “In Rome”.'
    """
    context = row[CONTEXT]
    given = first_with("moved", row)
    text, said = given.text.strip(), given.start or 0
    stands = find_nearest(text, context, said) or 0
    there, here = show_piece(context, said, len(text)), show_piece(context, stands, len(text), AROUND)
    return (
        f"{quote(text)} is said to start at character {said:,}, where the passage has {there}; "
        f"it stands at {stands:,}: {here}."
    )


def tell_missing(row: pd.Series) -> str:
    """The first answer that does not stand in its passage, and what stands where it is said to start.

    >>> tell_missing(pd.Series({"context": "He lives in Rome.", "answers": "Paris"}))
    '“Paris” is nowhere in the passage, which begins with “He lives in Rome.”.'
    """
    given = first_with("not_there", row)
    text = given.text.strip()
    where = "begins with" if given.start is None else f"has at character {given.start:,}"
    piece = show_piece(row[CONTEXT], given.start or 0, len(text))
    return f"{quote(text)} is nowhere in the passage, which {where} {piece}."


def first_with(fault: Fault, row: pd.Series) -> Given:
    """The first answer of a row that has the fault."""
    return next(one for one in read_given(row[SPANS]) or () if place(one, row[CONTEXT]) == fault)


def quote(text: str) -> str:
    """An answer in quotes, on one line."""
    return f"“{show_name(text, LONGEST_SHOWN)}”"


def show_piece(context: str, start: int, length: int, before: int = 0) -> str:
    """A piece of a passage with what comes after it, and some characters before it, in quotes.

    >>> show_piece("On Monday", 3, 2), show_piece("It is open. " * 9, 54, 4, before=6)
    ('“Monday”', '“…It is open. It is open. It is…”')
    >>> show_piece("On Monday", 90, 6), show_piece("On Monday", -1, 6)
    ('nothing', 'nothing')
    """
    if not 0 <= start < len(context):
        return "nothing"
    first, after = max(0, start - before), start + min(length, LONGEST_SHOWN) + AROUND
    piece = show_name(context[first:after], LONGEST_SHOWN + 2 * AROUND)
    return f"“{'…' if before and first > 0 else ''}{piece}{'…' if after < len(context) else ''}”"
