"""Parquet and Arrow files to a table of texts; rows are counted from 1, for such files have no lines."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from studio.data.readers.cells import PREVIEW_ROWS, CellColumns, check_width
from studio.data.readers.headers import name_columns
from studio.data.readers.table import Progress, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

ROWS_PER_BATCH, BYTES_PER_BATCH = 20_000, 8_000_000
# A few bytes of Parquet can stand for billions of empty cells.
MOST_ROWS = 50_000_000


@dataclass(frozen=True)
class Batches:
    """What is in an Arrow-like file: the names of its columns, its rows (0 if not known), its parts."""

    names: list[str]
    rows: int
    batches: Iterator[pa.RecordBatch]


def read_parquet(
    path: Path, kind: str, options: ReadOptions, name: str, progress: Progress | None = None
) -> Table:
    """Read a Parquet or Arrow file; numbers, dates and lists become their text, empty cells "".

    ``lines`` are row numbers, the first row being 1. Raises InvalidInput where it is damaged or has no rows.
    """
    with reading(name, kind), path.open("rb") as file:
        return read_batches(open_batches(file, kind), kind, options, name, progress)


@contextmanager
def reading(name: str, kind: str) -> Iterator[None]:
    """Turn what is said of a file that cannot be read into a sentence."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInput(
            f"{name} cannot be read as {'a Parquet' if kind == 'parquet' else 'an Arrow'} file: "
            "it is damaged, cut off or encrypted.",
            "Save or download it again, or save it as CSV (UTF-8).",
        ) from error


def open_batches(file: Any, kind: str) -> Batches:
    """The batches of a Parquet file, an Arrow file or an Arrow stream."""
    if kind == "parquet":
        parquet = pq.ParquetFile(file)
        rows, names = parquet.metadata.num_rows, parquet.schema_arrow.names
        return Batches(names, rows, parquet.iter_batches(rows_at_once(parquet.metadata)))
    start = file.read(6)
    file.seek(0)
    if start == b"ARROW1":
        reader = pa.ipc.open_file(file)
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
        return Batches(reader.schema.names, 0, batches)
    stream = pa.ipc.open_stream(file)
    return Batches(stream.schema.names, 0, iter(stream))


def rows_at_once(metadata: pq.FileMetaData) -> int:
    """How many rows a batch has: fewer where they are long."""
    size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    return min(ROWS_PER_BATCH, BYTES_PER_BATCH * metadata.num_rows // max(size, 1) + 1)


def text_batches(source: Batches, names: list[str]) -> Iterator[tuple[dict[str, pa.Array], int]]:
    """The cells of each batch as text by column, and how many rows it has."""
    for batch in source.batches:
        yield dict(zip(names, map(to_text, batch.columns), strict=True)), batch.num_rows


def read_batches(
    source: Batches, kind: str, options: ReadOptions, name: str, progress: Progress | None
) -> Table:
    """A table from batches, each turned into text and let go."""
    names = names_of(source, name)
    cells = CellColumns(name)
    check_rows(source.rows, name)
    complete = True
    for texts, rows in text_batches(source, names):
        first = len(cells) + 1
        cells.add(texts, np.arange(first, first + rows))
        check_rows(len(cells), name)
        if progress and source.rows:
            progress(len(cells) / source.rows, f"Reading {name}: row {len(cells):,} of {source.rows:,}.")
        if options.preview and len(cells) >= PREVIEW_ROWS:
            complete = not source.rows or len(cells) >= source.rows
            break
    report = replace(report_of(kind, len(cells), name), complete=complete)
    return Table(cells.frame(), cells.lines(), report, (), name)


def names_of(source: Batches, name: str) -> list[str]:
    """What the columns are called, each in its own way."""
    check_width(len(source.names), name)
    return name_columns(source.names, len(source.names)).names


def report_of(kind: str, rows: int, name: str) -> ReaderReport:
    """What is known of a file with so many rows; InvalidInput where it has none."""
    if not rows:
        raise InvalidInput(f"{name} has columns and no rows.", "Check that it is the right file.")
    return ReaderReport(kind, "", "", None, True, rows, 0)


def check_rows(rows: int, name: str) -> None:
    """Raise InvalidInput for more rows than are read."""
    if rows > MOST_ROWS:
        raise InvalidInput(
            f"{name} claims more than {MOST_ROWS:,} rows.",
            "Take a part of it, or split it into smaller files.",
        )


def to_text(values: pa.Array) -> pa.Array:
    """Cells as text: whole numbers without a fraction, dates as ISO, lists and structs as JSON.

    >>> to_text(pa.array([1.0, 0.1, None])).to_pylist(), to_text(pa.array([[1, 2], None])).to_pylist()
    (['1', '0.1', ''], ['[1,2]', ''])
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return to_text(values.dictionary_decode())
    if isinstance(values, pa.ExtensionArray):
        return to_text(values.storage)
    if pa.types.is_null(kind):
        return pa.repeat(pa.scalar("", pa.large_string()), len(values))
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or is_bytes(kind):
        texts = [write_value(value) for value in values.to_pylist()]
        return pa.array(texts, pa.large_string())
    texts = pc.cast(values, pa.large_string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        texts = pc.replace_substring_regex(texts, r"\.0+(Z?)$", r"\1")
    return pc.fill_null(texts, "")


def is_bytes(kind: pa.DataType) -> bool:
    """Whether cells are bytes, which may be text."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def write_value(value: Any) -> str:
    """The text of a value that Arrow does not write itself."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=write_value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
