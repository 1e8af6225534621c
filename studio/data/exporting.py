"""A dataset as a file for others: CSV, JSONL or Parquet, written a few thousand rows at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from jobs.durable import replacing
from studio.data.answers.registry import kind_of
from studio.data.dataset import Dataset
from studio.data.formulas import FORMULA, disarm
from studio.data.library import Library
from studio.data.splits import SPLITS
from studio.errors import InvalidInput

GROUPS_AT_ONCE = 4
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}


def guess_format(path: Path) -> str:
    """The format that a file's ending asks for; InvalidInput for any other.

    >>> guess_format(Path("rows.JSONL"))
    'jsonl'
    """
    return check_format(path.suffix.lower().lstrip("."))


def check_format(name: str) -> str:
    """The name of a format, or InvalidInput."""
    if name not in MEDIA_TYPES:
        raise InvalidInput(
            f"Rows cannot be written as '{name[:40]}'.", f"Choose one of {', '.join(MEDIA_TYPES)}."
        )
    return name


def export_rows(
    library: Library, dataset: Dataset, to: Path, format: str = "csv", *, raw: bool = False
) -> Path:
    """Write all rows, train first, with a column per role, ``split`` and ``line``.

    CSV is UTF-8. Unless ``raw`` it is for spreadsheets: it begins with a byte order mark, and cells that they
    would run get a ' in front. The file appears whole or not at all; one that is there is replaced. Raises
    InvalidInput for another format.
    """
    write = WRITERS[check_format(format)]
    if not to.parent.is_dir():
        raise InvalidInput(f"There is no folder '{to.parent}'.", "Make it, or choose another file.")
    tables = read_tables(library, dataset)
    for_spreadsheets = format == "csv" and not raw
    if for_spreadsheets:
        tables = (neutralise(table) for table in tables)
    with replacing(to) as waiting, waiting.open("wb") as file:
        if for_spreadsheets:
            file.write(codecs.BOM_UTF8)
        write(tables, file)
    return to


def read_tables(library: Library, dataset: Dataset) -> Iterator[pa.Table]:
    """The rows in portions: the roles, split (text) and line (int64); one empty portion where none are."""
    roles = list(dataset.roles)
    schema = pa.schema(
        [*((role, pa.string()) for role in roles), ("split", pa.string()), ("line", pa.int64())]
    )
    yield schema.empty_table()
    for split in SPLITS:
        stored = library.stored(dataset.id, split)
        for start in range(0, stored.groups, GROUPS_AT_ONCE):
            groups = list(range(start, min(start + GROUPS_AT_ONCE, stored.groups)))
            part = stored.read_groups(groups, [*roles, "line"])
            sides = pa.array([split]).take(pa.array([0] * len(part)))
            columns = [*(part[role] for role in roles), sides, part["line"]]
            yield pa.Table.from_arrays(columns, names=schema.names).cast(schema)


def neutralise(table: pa.Table) -> pa.Table:
    """The same with ' in front of each text that a spreadsheet would take for a formula."""
    for place, field in enumerate(table.schema):
        column = table[field.name]
        if pa.types.is_string(field.type) and pc.any(pc.match_substring_regex(column, FORMULA)).as_py():
            safe = pa.chunked_array([pa.array(map(disarm, column.to_pylist()), pa.string())])
            table = table.set_column(place, field, safe)
    return table


def write_csv(tables: Iterator[pa.Table], file: BinaryIO) -> None:
    """Names in the first line, commas, texts in double quotes, one line feed after each row."""
    for number, table in enumerate(tables):
        pa.csv.write_csv(table, file, pa.csv.WriteOptions(include_header=number == 0))


def write_jsonl(tables: Iterator[pa.Table], file: BinaryIO) -> None:
    """One JSON object per line, in UTF-8."""
    for table in tables:
        for row in map(with_lists, table.to_pylist()):
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def with_lists(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose cells that hold a list, as of any number of labels, are one.

    >>> with_lists({"text": "[a]", "labels": '["x", "y"]'})
    {'text': '[a]', 'labels': ['x', 'y']}
    """
    return {**row, **kind_of(row).open_cells(row)}


def write_parquet(tables: Iterator[pa.Table], file: BinaryIO) -> None:
    """Texts as strings, line as int64."""
    first = next(tables)
    with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


WRITERS: dict[str, Callable[[Iterator[pa.Table], BinaryIO], None]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}
