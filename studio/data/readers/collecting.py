"""Gather the rows of a file into Arrow columns, and keep account of every row that does not fit."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.data.readers.accounts import Account
from studio.data.readers.layout import Layout
from studio.data.readers.parsing import Rows
from studio.data.readers.repairs import ColumnKinds, join_surplus

CHUNK_ROWS = 50_000
CHUNK_CHARACTERS = 8_000_000
TEXT_TYPE = pd.StringDtype("pyarrow", na_value=np.nan)


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table: its columns of text, and the line on which each row starts, int64."""

    columns: list[pa.Array]
    lines: np.ndarray

    def above(self, line: int) -> Chunk:
        """The rows that start before a line."""
        rows = int(np.searchsorted(self.lines, line))
        return Chunk([column[:rows] for column in self.columns], self.lines[:rows])


def frame_of(chunks: Sequence[Chunk], names: Iterable[str]) -> pd.DataFrame:
    """Rows as Arrow-backed text columns that share the memory of the chunks."""
    columns = {
        name: pd.arrays.ArrowStringArray(
            pa.chunked_array([chunk.columns[place] for chunk in chunks], pa.large_string()), dtype=TEXT_TYPE
        )
        for place, name in enumerate(names)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(sum(len(chunk.lines) for chunk in chunks)))


class Collector:
    """Takes rows as they come and turns them into columns, a chunk at a time."""

    def __init__(
        self, layout: Layout, kinds: ColumnKinds, repairs: frozenset[str], chunk_rows: int = CHUNK_ROWS
    ) -> None:
        self.layout = layout
        self.kinds = kinds
        self.repairs = repairs
        self.account = Account()
        self._chunk_rows = chunk_rows
        self._held = 0
        self._cells: list[list[str]] = []
        self._lines = array("q")

    def chunks(self, rows: Rows) -> Iterator[Chunk]:
        """The rows that fit, to the end; a chunk may be empty where many do not."""
        for plain in rows.runs():
            if plain is None:
                yield from self._take_one_by_one(rows)
            else:
                self._take_plain(plain, rows)
                if self._is_full():
                    yield self._cut()
        yield self._cut()

    def _take_plain(self, plain: list[list[str]], rows: Rows) -> None:
        """Rows that are one line each; those that do not fit are looked at closely."""
        width, first = self.layout.width, rows.start
        self._held += sum(map(len, rows.raw))
        names = [row[0] if row else "" for row in plain]
        header = (self.layout.last_header or [""])[0]
        if set(map(len, plain)) == {width} and header not in names and all(map(str.strip, names)):
            self._cells += plain
            self._lines.extend(range(first, first + len(plain)))
            self.account.take(plain)
            return
        for line, (row, raw) in enumerate(zip(plain, rows.raw, strict=True), first):
            if len(row) == width and row[0].strip() and row[0] != header:
                self._add(row, line)
            else:
                self._judge(row, line, raw)

    def _take_one_by_one(self, rows: Rows) -> Iterator[Chunk]:
        """Rows of several lines, or with quotes that do not add up."""
        width = self.layout.width
        header = (self.layout.last_header or [""])[0]
        for row in rows.one_by_one():
            self._held += sum(map(len, rows.raw))
            if row is None:
                self._mend_broken(rows.start, rows.raw[0])
            elif len(row) == width and row[0].strip() and row[0] != header:
                self._add(row, rows.start)
            else:
                self._judge(row, rows.start, "".join(rows.raw))
            if self._is_full():
                yield self._cut()

    def _is_full(self) -> bool:
        return len(self._cells) >= self._chunk_rows or self._held > CHUNK_CHARACTERS

    def _cut(self) -> Chunk:
        columns = [*zip(*self._cells, strict=True)] or [()] * self.layout.width
        chunk = Chunk([pa.array(column, pa.large_string()) for column in columns], np.array(self._lines))
        self._cells, self._lines, self._held = [], array("q"), 0
        return chunk

    def _add(self, row: list[str], line: int) -> None:
        self._cells.append(row)
        self._lines.append(line)
        self.account.take([row])

    def _judge(self, row: list[str], line: int, raw: str) -> None:
        """A row that is blank, empty, the header again, or of another width."""
        width = self.layout.width
        if not raw.strip("\r\n\t ") and (len(row) < 2 or self.layout.dialect.delimiter == " "):
            self.account.pass_blank(line)
        elif not any(map(str.strip, row)):
            self.account.drop("empty_rows", line, raw)
        elif len(row) == width and row == self.layout.last_header:
            self.account.drop("repeated_header", line, raw)
        elif len(row) == width:
            self._add(row, line)
        elif not self._mend_width(row, line):
            self.account.drop("too_few_fields" if len(row) < width else "too_many_fields", line, raw)

    def _mend_width(self, row: list[str], line: int) -> bool:
        """Fill up a short row or join a long one, where that was chosen and is clear."""
        width = self.layout.width
        if len(row) < width and "fill_fields" in self.repairs:
            self._add([*row, *[""] * (width - len(row))], line)
            self.account.repair("filled_rows", line)
            return True
        if len(row) > width and "join_fields" in self.repairs:
            joined = join_surplus(row, width, self.layout.dialect.delimiter, self.kinds)
            if joined is not None:
                self._add(joined, line)
                self.account.repair("joined_rows", line)
                return True
        return False

    def _mend_broken(self, line: int, raw: str) -> None:
        """A line whose quotes do not add up: read with plain quotes where that was chosen and fits."""
        if "plain_quotes" in self.repairs:
            line_text, delimiter = raw.rstrip("\r\n"), self.layout.dialect.delimiter
            row = line_text.split(delimiter) if delimiter else [line_text]
            if len(row) == self.layout.width:
                self._add(row, line)
                self.account.repair("plain_quotes_rows", line)
                return
            if self._mend_width(row, line):
                return
        self.account.drop("broken_quotes", line, raw)
