"""How well a reading explains the lines: what quotes are for is decided by what they leave unexplained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from studio.data.readers.parsing import QUOTE, USUAL_DELIMITERS, Dialect, Parsed, parse_lines

ALWAYS_QUOTED_SHARE = 0.9
# So many texts in quotes say as much as one line whose quotes do not add up: some people quote all they say.
QUOTED_PER_BROKEN = 4
QUOTES = ('"', "'")
ESCAPE = "\\"
NO_QUOTES_WITH = ("\t", "")  # what separates cells in files that rarely quote them


def parse_best_quoting(lines: list[str], dialect: Dialect, fixed: frozenset[str] = frozenset()) -> Parsed:
    """Read with each way of quoting that the lines hint at, and keep the one that leaves least unexplained.

    ``fixed`` names those of "quote" and "escape" that a person chose. A tie goes to what is usual: double
    quotes, or none where tabs separate.
    """
    text = "".join(lines)
    readings = [parse_lines(lines, choice) for choice in hinted_dialects(text, dialect, fixed)]
    if len(readings) == 1:
        return readings[0]
    costs = [cost_of(reading, lines, text) for reading in readings]
    return readings[costs.index(min(costs))]


def hinted_dialects(text: str, dialect: Dialect, fixed: frozenset[str]) -> list[Dialect]:
    """Ways of quoting that are worth a try, the usual first."""
    quotes: list[str | None] = [dialect.quote]
    if "quote" not in fixed:
        double = ['"'] if '"' in text else []
        single = ["'"] if opens_cells(text, dialect.delimiter, "'") else []
        quotes = [None, *double, *single] if dialect.delimiter in NO_QUOTES_WITH else [*double, None, *single]
    choices = [replace(dialect, quote=quote) for quote in quotes]
    if "escape" not in fixed and ESCAPE in text:
        choices += [
            replace(choice, escape=ESCAPE)
            for choice in choices
            if any(mark and ESCAPE + mark in text for mark in (choice.quote, dialect.delimiter))
        ]
    return choices


def opens_cells(text: str, delimiter: str, quote: str) -> bool:
    """Whether some cell starts with the quote and some cell ends with it."""
    mark, quote = re.escape(delimiter), re.escape(quote)
    return bool(
        re.search(rf"(?:^|{mark}){quote}", text, re.MULTILINE)
        and re.search(rf"{quote}(?:\r?$|{mark})", text, re.MULTILINE)
    )


def cost_of(parsed: Parsed, lines: list[str], text: str) -> int:
    """How many rows a reading leaves unexplained.

    Lines it cannot read, rows of another width, whole rows swallowed by a cell, and cells that look quoted
    by a quote it does not know.
    """
    width = parsed.usual_width()
    dialect = parsed.dialect
    fitting = [row for row in parsed.rows if len(row) == width]
    separators = width - 1
    swallowed = sum(
        end - start
        for start, end in zip(parsed.starts, parsed.ends, strict=True)
        if end > start
        and separators > 0
        and all(line.count(dialect.delimiter) == separators for line in lines[start - 1 : end])
    )
    ignored = sum(
        cost_of_ignoring(fitting, quote, dialect)
        for quote in QUOTES
        if quote in text and quote != dialect.quote
    )
    return len(parsed.broken) + len(parsed.rows) - len(fitting) + swallowed + ignored


def cost_of_ignoring(fitting: list[list[str]], quote: str, dialect: Dialect) -> int:
    """How many rows look quoted after all.

    A quoted text torn at a separator, or a cell in quotes where the whole column is in quotes or the quotes
    inside are doubled or escaped. Other cells in double quotes count a little where quotes are usual; where
    ``dialect`` has double quotes already, only a whole column counts.
    """
    wrapped_alone = dialect.quote == QUOTE
    is_usual = quote == QUOTE and dialect.delimiter not in NO_QUOTES_WITH
    cost = 0 if wrapped_alone else sum(is_torn(row, quote) for row in fitting)
    for column in zip(*fitting, strict=True):
        wrapped = [cell for cell in column if len(cell) > 1 and cell[0] == quote == cell[-1]]
        always = len(wrapped) >= ALWAYS_QUOTED_SHARE * len(column)
        if always or (quote == QUOTE and is_one_column_written(column, wrapped, dialect)):
            cost += len(wrapped)
        elif not wrapped_alone:
            certain = sum(is_written_quoted(cell, quote) for cell in wrapped)
            cost += max(certain, len(wrapped) // QUOTED_PER_BROKEN if is_usual else 0)
    return cost


def is_one_column_written(column: Sequence[str], wrapped: Sequence[str], dialect: Dialect) -> bool:
    """Whether the only column of a table comes from a program that puts cells with a separator in quotes.

    Then just the cells with that separator are in quotes, where a person would quote whatever is said.

    >>> said, plain = ['"Well, no"'], Dialect("", None)
    >>> is_one_column_written(["Fine", *said], said, plain)
    True
    >>> is_one_column_written(["Fine, then", *said], said, plain)
    False
    """
    if dialect.delimiter or not wrapped:
        return False
    return any(
        all(mark in cell for cell in wrapped) and sum(mark in cell for cell in column) == len(wrapped)
        for mark in USUAL_DELIMITERS
    )


def is_torn(row: list[str], quote: str = QUOTE) -> bool:
    """Whether one cell opens a quote and a later one closes it.

    >>> is_torn(['"a', ' b"', "x"]), is_torn(['"a" b', "x"]), is_torn(['"a', "x"])
    (True, False, False)
    """
    opened = False
    for cell in row:
        starts, ends = cell[:1] == quote, cell[-1:] == quote
        if opened and ends and not starts:
            return True
        opened = opened or (starts and not ends)
    return False


def is_written_quoted(cell: str, quote: str = QUOTE) -> bool:
    """Whether a cell in quotes is empty, or has quotes inside that are all doubled or all escaped.

    >>> is_written_quoted('"a ""b"" c"'), is_written_quoted('"a" and "b"'), is_written_quoted('"a"')
    (True, False, False)
    """
    inside = cell[1:-1]
    return not inside or (
        quote in inside
        and (quote not in inside.replace(quote * 2, "") or quote not in inside.replace(ESCAPE + quote, ""))
    )
