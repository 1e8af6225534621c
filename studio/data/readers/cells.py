"""Columns of text cells gathered chunk by chunk, so that a long table is never a list of Python objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.errors import InvalidInput

CELLS_LIMIT_BYTES = 2 << 30
TABLE_LIMIT_COLUMNS = 10_000
ROWS_PER_CHUNK = 20_000
CHARACTERS_PER_CHUNK = 8_000_000
PREVIEW_ROWS = 1_000
# What pandas means by "str", looked up once and not for each of many columns.
TEXT = pd.api.types.pandas_dtype("str")
Item = TypeVar("Item")


class CellColumns:
    """Chunks of text columns; a column that comes later is empty in the rows before it.

    ``repaired`` are the lines with characters that no text can hold (half of a surrogate pair), which
    became U+FFFD.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._chunks: dict[str, list[pa.Array]] = {}
        self._rows = 0
        self._bytes = 0
        self._lines: list[np.ndarray] = []
        self.repaired: list[int] = []

    def __len__(self) -> int:
        return self._rows

    @property
    def names(self) -> list[str]:
        """The columns so far, in the order in which they came."""
        return list(self._chunks)

    def add(self, columns: Mapping[str, Sequence[str] | pa.Array], lines: Sequence[int] | np.ndarray) -> None:
        """Append rows; columns left out are empty in them. InvalidInput where the table grows too large."""
        rows = len(lines)
        places = np.asarray(lines, dtype=np.int64)
        for name in columns:
            if name not in self._chunks:
                self._chunks[name] = [blank_cells(self._rows)] if self._rows else []
        check_width(len(self._chunks), self._name)
        for name, chunks in self._chunks.items():
            values = columns.get(name)
            chunk = blank_cells(rows) if values is None else self._to_arrow(values, places)
            self._bytes += chunk.nbytes
            chunks.append(chunk)
        self._rows += rows
        self._lines.append(places)
        if self._bytes > CELLS_LIMIT_BYTES:
            raise InvalidInput(
                f"The cells of {self._name} take more than {CELLS_LIMIT_BYTES >> 30} GB.",
                "Keep only the columns you need, or split the file into smaller ones.",
            )

    def _to_arrow(self, values: Sequence[str] | pa.Array, lines: np.ndarray) -> pa.Array:
        if isinstance(values, pa.Array):
            return values
        try:
            return pa.array(values, pa.large_string())
        except UnicodeEncodeError:
            mended = [mend_surrogates(value) for value in values]
            self.repaired += [
                int(line) for line, old, new in zip(lines, values, mended, strict=True) if old != new
            ]
            return pa.array(mended, pa.large_string())

    def lines(self) -> np.ndarray:
        """The line of each row, int64."""
        return np.concatenate(self._lines) if self._lines else np.zeros(0, dtype=np.int64)

    def frame(self) -> pd.DataFrame:
        """All rows as text columns that share the memory of the chunks."""
        return pd.DataFrame(
            {
                name: pd.array(pa.chunked_array(chunks, pa.large_string()), dtype=TEXT)
                for name, chunks in self._chunks.items()
            }
        )


def cut_chunks(items: Iterable[Item], characters_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Items in lists of 20,000, or of as many as hold eight million characters."""
    chunk: list[Item] = []
    characters = 0
    for item in items:
        chunk.append(item)
        characters += characters_of(item)
        if len(chunk) >= ROWS_PER_CHUNK or characters > CHARACTERS_PER_CHUNK:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def check_width(width: int, name: str) -> None:
    """Raise InvalidInput for more columns than a table can have."""
    if width > TABLE_LIMIT_COLUMNS:
        raise InvalidInput(
            f"{name} has {width:,} columns; at most {TABLE_LIMIT_COLUMNS:,} are read.",
            "Keep only the columns you need.",
        )


def blank_cells(rows: int) -> pa.Array:
    """Empty cells."""
    return pa.repeat(pa.scalar("", pa.large_string()), rows)


def mend_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair that stands alone.

    >>> mend_surrogates("a\\ud800b"), mend_surrogates("\\ud83d\\ude00")
    ('a\ufffdb', '😀')
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def transpose(rows: Iterable[Sequence[str]], names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Columns by name, from rows of one width."""
    columns = list(zip(*rows, strict=True))
    return dict(zip(names, columns or [()] * len(names), strict=True))
