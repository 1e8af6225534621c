"""Split delimited text into rows, and find out which separator and quoting it uses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

DELIMITERS = ("\t", ",", ";", "|")
QUOTE = '"'
SAMPLE_LINES = 2000
ALWAYS_QUOTED_SHARE = 0.9
# Of two separators that fit equally well, the one whose cells start with a blank is a comma in prose.
PROSE_PENALTY = 0.5
LONGEST_CELL = 2**31 - 1
# Excel writes this line above a table to name its separator.
SEPARATOR_LINE = re.compile(r'"?sep=([,;|\t])"?\s*', re.IGNORECASE)
LONE_RETURN = re.compile(r"\r(?!\n)")
RETURN_STAND_IN = "\ue00d"

# The csv module refuses cells over 131,072 characters unless told otherwise; uploads are limited as a whole.
csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True)
class Dialect:
    """How cells are separated and quoted; quote None means quotes are ordinary characters."""

    delimiter: str
    quote: str | None


@dataclass
class Parsed:
    """Rows as lists of cells, the line on which each starts, and the lines that could not be read as rows."""

    dialect: Dialect
    rows: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def widths(self) -> np.ndarray:
        """Number of cells of each row, int64."""
        return np.fromiter(map(len, self.rows), dtype=np.int64, count=len(self.rows))

    def usual_width(self) -> int:
        """The number of cells most rows have; 0 where there are no rows."""
        return int(np.bincount(self.widths()).argmax()) if self.rows else 0


def split_lines(text: str) -> list[str]:
    """Physical lines with their ends; a file that only knows CR is read as if it had LF."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return io.StringIO(text, newline="\n").readlines()


def parse_text(text: str, delimiter: str | None = None) -> Parsed:
    """Read a whole text, finding the separator (unless given) and the quoting by what fits the rows."""
    lines = split_lines(text)
    named = SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    if named:
        lines[0] = "\n"
        delimiter = delimiter or named[1]
    holds_returns = "\r" in text and "\n" in text and LONE_RETURN.search(text) is not None
    if holds_returns:
        lines = [LONE_RETURN.sub(RETURN_STAND_IN, line) for line in lines]
    parsed = parse_best_quoting(lines, delimiter or guess_delimiter(lines[:SAMPLE_LINES]))
    if holds_returns:
        parsed.rows = [[cell.replace(RETURN_STAND_IN, "\r") for cell in row] for row in parsed.rows]
    if named:
        parsed.blank.remove(1)
    return parsed


def guess_delimiter(lines: list[str]) -> str:
    """The separator that gives most lines the same number of cells (at least two); a comma if none does."""
    scores = {delimiter: score_delimiter(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def score_delimiter(lines: list[str], delimiter: str) -> float:
    """Share of lines in rows of the usual width, less a penalty for cells that start with a blank."""
    if not any(delimiter in line for line in lines):
        return 0.0
    parsed = parse_best_quoting(lines, delimiter)
    width = parsed.usual_width()
    if width < 2:
        return 0.0
    fitting = [row for row in parsed.rows if len(row) == width]
    fit = len(fitting) / (len(parsed.rows) + len(parsed.broken))
    later = [cell for row in fitting for cell in row[1:]]
    prose = sum(cell[:1] == " " and cell.strip() != "" for cell in later) / len(later)
    return fit - (PROSE_PENALTY * prose if delimiter != "\t" else 0.0)


def parse_best_quoting(lines: list[str], delimiter: str) -> Parsed:
    """Read with quotes and without, and keep the reading that leaves less unexplained."""
    plain = Dialect(delimiter, None)
    if not any(QUOTE in line for line in lines):
        return parse_lines(lines, plain)
    quoted = parse_lines(lines, Dialect(delimiter, QUOTE))
    cost = cost_of_quoting(quoted, lines)
    if cost == 0 and delimiter != "\t":
        return quoted
    unquoted = parse_lines(lines, plain)
    # Tab-separated files mostly know no quotes, the others do: so a tie goes to what is usual.
    usual = -1 if delimiter == "\t" else 0
    return quoted if cost <= cost_of_ignoring_quotes(unquoted) + usual else unquoted


def parse_lines(lines: list[str], dialect: Dialect) -> Parsed:
    """Read rows; where quotes do not add up, the line is noted as broken and reading goes on after it.

    >>> parsed = parse_lines(['a,"x', 'y"', ' ', 'b,"c"d', 'e,f'], Dialect(",", '"'))
    >>> parsed.rows, parsed.starts, parsed.broken
    ([['a', 'xy'], [' '], ['e', 'f']], [1, 3, 5], [4])
    """
    parsed = Parsed(dialect)
    position = 0
    while position < len(lines):
        position = read_until_broken(parsed, lines, position)
    return parsed


def read_until_broken(parsed: Parsed, lines: list[str], first: int) -> int:
    """Append rows from line index ``first`` on; returns the index to go on from."""
    quote = parsed.dialect.quote
    reader = csv.reader(
        lines_from(lines, first),
        delimiter=parsed.dialect.delimiter,
        quotechar=quote or QUOTE,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    done = 0
    try:
        for row in reader:
            if row:
                parsed.rows.append(row)
                parsed.starts.append(first + done + 1)
                parsed.ends.append(first + reader.line_num)
            else:
                parsed.blank.append(first + done + 1)
            done = reader.line_num
    except csv.Error:
        parsed.broken.append(first + done + 1)
        return first + done + 1
    return len(lines)


def lines_from(lines: list[str], first: int) -> Iterator[str]:
    """The lines from an index on, without copying the rest of the list each time reading starts again."""
    for index in range(first, len(lines)):
        yield lines[index]


def cost_of_quoting(parsed: Parsed, lines: list[str]) -> int:
    """How many lines quoting leaves unexplained: broken ones, rows of another width, whole rows swallowed."""
    width = parsed.usual_width()
    odd = int((parsed.widths() != width).sum())
    separators = width - 1
    swallowed = sum(
        end - start
        for start, end in zip(parsed.starts, parsed.ends, strict=True)
        if end > start
        and separators > 0
        and all(line.count(parsed.dialect.delimiter) == separators for line in lines[start - 1 : end])
    )
    return len(parsed.broken) + odd + swallowed


def cost_of_ignoring_quotes(parsed: Parsed) -> int:
    """How many rows look quoted after all.

    They have another width, or a quoted text torn at a separator, or a cell in quotes where the whole
    column is in quotes or the quotes inside are doubled.
    """
    width = parsed.usual_width()
    fitting = [row for row in parsed.rows if len(row) == width]
    cost = len(parsed.rows) - len(fitting) + sum(map(is_torn, fitting))
    for column in zip(*fitting, strict=True):
        wrapped = [cell for cell in column if len(cell) > 1 and cell[0] == QUOTE == cell[-1]]
        if len(wrapped) >= ALWAYS_QUOTED_SHARE * len(column):
            cost += len(wrapped)
        else:
            cost += sum(is_written_quoted(cell) for cell in wrapped)
    return cost


def is_torn(row: list[str]) -> bool:
    """Whether one cell opens a quote and a later one closes it.

    >>> is_torn(['"a', ' b"', "x"]), is_torn(['"a" b', "x"]), is_torn(['"a', "x"])
    (True, False, False)
    """
    opened = False
    for cell in row:
        starts, ends = cell[:1] == QUOTE, cell[-1:] == QUOTE
        if opened and ends and not starts:
            return True
        opened = opened or (starts and not ends)
    return False


def is_written_quoted(cell: str) -> bool:
    """Whether a cell in quotes is empty or has quotes inside, all of them doubled, as programs write them.

    >>> is_written_quoted('"a ""b"" c"'), is_written_quoted('"a" and "b"'), is_written_quoted('"a"')
    (True, False, False)
    """
    inside = cell[1:-1]
    return (not inside or QUOTE in inside) and QUOTE not in inside.replace(QUOTE * 2, "")
