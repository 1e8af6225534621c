"""Split lines of delimited text into rows, whatever state their quotes are in."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

QUOTE = '"'
LONGEST_CELL = 2**31 - 1
# A decoded text never holds half a surrogate pair, so these can stand for what the csv module cannot take.
DELIMITER_STAND_IN = "\ud800"
RETURN_STAND_IN = "\udfff"
RETURN_ENDS = ("\r\n", "\r")
# A quote that is not closed within so many lines is a stray one; each such run shortens the next.
FARTHEST_CLOSE, NEAREST_CLOSE = 10_000, 50
MOST_CHARACTERS = 20_000_000
# So many lines that each look like a whole row are rows, not one quoted cell.
SWALLOWED_LINES, SWALLOWED_LINES_ODD = 4, 2

# The csv module refuses cells over 131,072 characters unless told otherwise; lines are limited as a whole.
csv.field_size_limit(LONGEST_CELL)


class Unclosed(Exception):
    """A quote was opened and not closed within reach."""


@dataclass(frozen=True)
class Dialect:
    """How cells are separated and quoted.

    ``delimiter`` is one or more characters; ``quote`` None means that quotes are ordinary characters; a
    doubled quote inside quotes is always one quote, ``escape`` is a further way to write it; lines that
    start with ``comment`` are none of the table; ``returns_end_lines``: a lone carriage return ends a line.
    """

    delimiter: str
    quote: str | None
    escape: str | None = None
    comment: str | None = None
    returns_end_lines: bool = False


@dataclass
class Parsed:
    """Rows as lists of cells, the line on which each starts, and the lines that could not be read as rows."""

    dialect: Dialect
    rows: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)

    def widths(self) -> np.ndarray:
        """Number of cells of each row, int64."""
        return np.fromiter(map(len, self.rows), dtype=np.int64, count=len(self.rows))

    def usual_width(self) -> int:
        """The number of cells most rows have; 0 where there are no rows."""
        return int(np.bincount(self.widths()).argmax()) if self.rows else 0


class Rows:
    """Rows of cells from lines; after each, ``start`` is its line and ``pending`` its raw lines.

    Iterating gives a list of cells, an empty list for a blank line, or None for a line whose quotes do not
    add up; reading then goes on at the line after it. ``width`` is that of the table, where known: with it,
    a cell that swallows whole rows is seen as the stray quote it is. ``number`` is the last line taken,
    ``taken`` counts characters.
    """

    def __init__(
        self, lines: Iterable[str], dialect: Dialect, first_line: int = 1, width: int | None = None
    ) -> None:
        self.lines = iter(lines)
        self.dialect = dialect
        self.width = width
        self.number = first_line - 1
        self.start = 0
        self.taken = 0
        self._held = 0
        self._replaced = False
        self.pending: list[str] = []
        self.comments: list[int] = []
        self._back: deque[str] = deque()
        self._reach = FARTHEST_CLOSE
        self._long = len(dialect.delimiter) > 1

    def __iter__(self) -> Iterator[list[str] | None]:
        pending = self.pending
        ended = False
        while not ended:
            try:
                for row in self._reader():
                    if len(pending) > 1 and self._swallows(row):
                        break
                    yield self._restore(row) if self._long or self._replaced else row
                    pending.clear()
                else:
                    ended = True
                    continue
            except (csv.Error, Unclosed):
                if len(pending) > NEAREST_CLOSE:
                    self._reach = max(NEAREST_CLOSE, self._reach // 2)
            yield from self._break()

    def _break(self) -> Iterator[None]:
        """Say that the first pending line is broken, and take the others back."""
        later = self.pending[1:]
        del self.pending[1:]
        yield None
        self.pending.clear()
        self._back.extendleft(reversed(later))
        self.number -= len(later)

    def _reader(self) -> Iterator[list[str]]:
        dialect = self.dialect
        return csv.reader(
            self._feed(),
            delimiter=DELIMITER_STAND_IN if self._long else dialect.delimiter,
            quotechar=dialect.quote or QUOTE,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar=dialect.escape,
            strict=True,
        )

    def _source(self) -> Iterator[str]:
        back = self._back
        while True:
            while back:
                yield back.popleft()
            line = next(self.lines, None)
            if line is None:
                return
            yield line

    def _feed(self) -> Iterator[str]:
        """Lines as the csv module can take them."""
        pending, dialect, comment = self.pending, self.dialect, self.dialect.comment
        returns_end_lines = dialect.returns_end_lines
        for line in self._source():
            self.number += 1
            if not pending:
                if comment and line.startswith(comment):
                    self.comments.append(self.number)
                    continue
                self.start = self.number
                self._held = 0
            pending.append(line)
            self._held += len(line)
            self.taken += len(line)
            if len(pending) > self._reach or self._held > MOST_CHARACTERS:
                raise Unclosed
            if self._long:
                line = line.replace(dialect.delimiter, DELIMITER_STAND_IN)
            place = line.find("\r")
            if place >= 0 and not returns_end_lines and line[place:] not in RETURN_ENDS:
                body = line.rstrip("\n").removesuffix("\r")
                line = body.replace("\r", RETURN_STAND_IN) + line[len(body) :]
                self._replaced = True
            yield line

    def _restore(self, row: list[str]) -> list[str]:
        delimiter = self.dialect.delimiter
        self._replaced = False
        return [cell.replace(DELIMITER_STAND_IN, delimiter).replace(RETURN_STAND_IN, "\r") for cell in row]

    def _swallows(self, row: list[str]) -> bool:
        """Whether the lines of a row look like whole rows, each by itself."""
        width = self.width
        if not width or width < 2:
            return False
        enough = SWALLOWED_LINES if len(row) == width else SWALLOWED_LINES_ODD
        return len(self.pending) >= enough and all(
            line.count(self.dialect.delimiter) == width - 1 for line in self.pending
        )


def parse_lines(lines: Iterable[str], dialect: Dialect, first_line: int = 1) -> Parsed:
    """Read rows; where quotes do not add up, the line is noted as broken and reading goes on after it.

    >>> parsed = parse_lines(['a,"x', 'y"', ' ', 'b,"c"d', 'e,f'], Dialect(",", '"'))
    >>> parsed.rows, parsed.starts, parsed.broken
    ([['a', 'xy'], [' '], ['e', 'f']], [1, 3, 5], [4])
    """
    parsed = Parsed(dialect)
    rows = Rows(lines, dialect, first_line)
    for row in rows:
        if row is None:
            parsed.broken.append(rows.start)
        elif row:
            parsed.rows.append(row)
            parsed.starts.append(rows.start)
            parsed.ends.append(rows.number)
        else:
            parsed.blank.append(rows.start)
    parsed.comments = rows.comments
    return parsed
