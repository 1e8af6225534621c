"""Split lines of delimited text into rows, whatever state their quotes are in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

QUOTE = '"'
USUAL_DELIMITERS = ("\t", ",", ";", "|")
LONGEST_CELL = 2**31 - 1
# A decoded text never holds half a surrogate pair, so these can stand for what the csv module cannot take.
DELIMITER_STAND_IN = "\ud800"
RETURN_STAND_IN = "\udfff"
# A quote that is not closed within so many lines is a stray one; each such run shortens the next.
FARTHEST_CLOSE, NEAREST_CLOSE = 10_000, 50
MOST_CHARACTERS = 20_000_000
# So many lines that each look like a whole row are rows, not one quoted cell.
SWALLOWED_LINES, SWALLOWED_LINES_ODD = 6, 2

# The csv module refuses cells over 131,072 characters unless told otherwise; lines are limited as a whole.
csv.field_size_limit(LONGEST_CELL)


class Unclosed(Exception):
    """A quote was opened and not closed within reach."""


@dataclass(frozen=True)
class Dialect:
    """How cells are separated and quoted.

    ``delimiter`` is one or more characters, or "" where a line is one cell;
    ``quote`` None means that quotes are ordinary characters; a
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

    def add(self, row: list[str], start: int, end: int) -> None:
        """Note a row, or a blank line where it has no cells."""
        if row:
            self.rows.append(row)
            self.starts.append(start)
            self.ends.append(end)
        else:
            self.blank.append(start)

    def widths(self) -> np.ndarray:
        """Number of cells of each row, int64."""
        return np.fromiter(map(len, self.rows), dtype=np.int64, count=len(self.rows))

    def usual_width(self) -> int:
        """The number of cells most rows have; 0 where there are no rows."""
        return int(np.bincount(self.widths()).argmax()) if self.rows else 0


class Rows:
    """Rows of cells from blocks of lines; whatever state the quotes are in, no row is lost.

    ``runs`` gives the rows of whole blocks where each line is a row, and None where rows must be taken one
    by one. ``width`` is that of the table, where known: with it, a cell that swallows whole rows is seen as
    the stray quote it is. ``start`` is the line of the row, or of the first row of a run, and ``raw`` holds
    its lines; ``number`` is the last line taken.
    """

    def __init__(
        self, blocks: Iterable[list[str]], dialect: Dialect, first_line: int = 1, width: int | None = None
    ) -> None:
        self.dialect = dialect
        self.width = width
        self.number = first_line - 1
        self.start = 0
        self.raw: list[str] = []
        self.comments: list[int] = []
        self._blocks = iter(blocks)
        self._block: list[str] = []
        self._index = 0
        self._held = 0
        self._replaced = False
        self._reach = FARTHEST_CLOSE
        self._long = len(dialect.delimiter) > 1

    def runs(self) -> Iterator[list[list[str]] | None]:
        """Rows of blocks that hold one row per line; None where ``one_by_one`` has to go through a block."""
        self.raw.clear()
        while self._load():
            plain = self._parse_plain(self._block)
            if plain is None:
                yield None
                continue
            self.start = self.number + 1
            self.number += len(plain)
            self._index = len(self._block)
            self.raw = self._block
            yield plain
            self.raw = []

    def one_by_one(self) -> Iterator[list[str] | None]:
        """The rows of a block: cells, nothing for a blank line, None for a line whose quotes do not add up.

        After such a line, reading goes on at the line after it. The last row may reach into later blocks.
        """
        raw = self.raw
        while self._index < len(self._block):
            try:
                for row in self._reader(self._feed()):
                    if len(raw) > 1 and self._swallows(row):
                        yield from self._break()
                        break
                    yield self._restore(row) if self._long or self._replaced else row
                    raw.clear()
                    if self._index >= len(self._block):
                        return
            except (csv.Error, Unclosed):
                if len(raw) > NEAREST_CLOSE:
                    self._reach = max(NEAREST_CLOSE, self._reach // 2)
                yield from self._break()

    def is_at_end(self) -> bool:
        """Whether nothing is left; not to be asked while rows are still to be taken."""
        return self._index >= len(self._block) and next(self._blocks, None) is None

    def _load(self) -> bool:
        """Take the next block, in front of it the lines of the row that is being read."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self._block = [*self.raw, *block] if self.raw else block
        self._index = len(self.raw)
        return True

    def _parse_plain(self, block: list[str]) -> list[list[str]] | None:
        """The rows of a block where every line is one, without anything that needs a closer look."""
        dialect = self.dialect
        text = "".join(block) if self._long or not dialect.returns_end_lines else ""
        if not dialect.returns_end_lines and text.count("\r") != text.count("\r\n"):
            return None
        if dialect.comment and any(line.startswith(dialect.comment) for line in block):
            return None
        if self._long:
            lines = [line.replace(dialect.delimiter, DELIMITER_STAND_IN) for line in block]
        else:
            lines = block
        try:
            rows = list(self._reader(lines))
        except csv.Error:
            return None
        if len(rows) != len(block):
            return None
        if self._long and text.count(dialect.delimiter) != sum(map(len, rows)) - len(rows):
            return None
        return rows

    def _break(self) -> Iterator[None]:
        """Say that the first line of the row is broken, and take the others back."""
        later = len(self.raw) - 1
        del self.raw[1:]
        yield None
        self.raw.clear()
        self._index -= later
        self.number -= later

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        dialect = self.dialect
        return csv.reader(
            lines,
            delimiter=dialect.delimiter if len(dialect.delimiter) == 1 else DELIMITER_STAND_IN,
            quotechar=dialect.quote or QUOTE,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar=dialect.escape,
            strict=True,
        )

    def _feed(self) -> Iterator[str]:
        """Lines as the csv module can take them."""
        raw, dialect, comment = self.raw, self.dialect, self.dialect.comment
        returns_end_lines = dialect.returns_end_lines
        while self._index < len(self._block) or (raw and self._load()):
            line = self._block[self._index]
            self._index += 1
            self.number += 1
            if not raw:
                if comment and line.startswith(comment):
                    self.comments.append(self.number)
                    continue
                self.start = self.number
                self._held = 0
            raw.append(line)
            self._held += len(line)
            if len(raw) > self._reach or self._held > MOST_CHARACTERS:
                raise Unclosed
            if self._long:
                line = line.replace(dialect.delimiter, DELIMITER_STAND_IN)
            place = line.find("\r")
            if place >= 0 and not returns_end_lines and line[place:].strip("\r\n"):
                body = line.rstrip("\r\n")
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
        return len(self.raw) >= enough and all(
            line.count(self.dialect.delimiter) == width - 1 for line in self.raw[:-1]
        )


def parse_lines(lines: list[str], dialect: Dialect, first_line: int = 1) -> Parsed:
    """Read rows; where quotes do not add up, the line is noted as broken and reading goes on after it.

    >>> parsed = parse_lines(['a,"x', 'y"', ' ', 'b,"c"d', 'e,f'], Dialect(",", '"'))
    >>> parsed.rows, parsed.starts, parsed.broken
    ([['a', 'xy'], [' '], ['e', 'f']], [1, 3, 5], [4])
    """
    parsed = Parsed(dialect)
    rows = Rows([lines], dialect, first_line)
    for plain in rows.runs():
        if plain is not None:
            for number, row in enumerate(plain, rows.start):
                parsed.add(row, number, number)
            continue
        for row_or_none in rows.one_by_one():
            if row_or_none is None:
                parsed.broken.append(rows.start)
            else:
                parsed.add(row_or_none, rows.start, rows.number)
    parsed.comments = rows.comments
    return parsed
