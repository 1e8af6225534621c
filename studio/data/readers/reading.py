"""Read a file of any kind: recognise it by its content, and hand it to the reader of that kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.data.names import show_file_name
from studio.data.readers.archives import OPENERS, decompressed, kind_of_zip
from studio.data.readers.conll import read_conll
from studio.data.readers.delimited import read_delimited
from studio.data.readers.jsonlines import read_json_lines
from studio.data.readers.kinds import recognise
from studio.data.readers.parquet import read_parquet
from studio.data.readers.records import read_json
from studio.data.readers.table import Progress, ReadOptions, Table
from studio.data.readers.workbooks import read_workbook
from studio.errors import InvalidInput


def read_table(
    path: Path | str,
    options: ReadOptions | None = None,
    file_name: str | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read a table, whatever the name of its file.

    Raises NotFound where there is no such file, InvalidInput where it cannot be read or holds no table.
    """
    path = Path(path)
    name = show_file_name(file_name or path.name)
    kind = recognise(path, name)
    options = options or ReadOptions()
    if kind in OPENERS:
        return read_compressed(path, kind, options, name, progress)
    return read_kind(path, kind_of_zip(path, name) if kind == "zip" else kind, options, name, progress)


def read_compressed(
    path: Path, packed: str, options: ReadOptions, name: str, progress: Progress | None
) -> Table:
    """Read the table inside a compressed file; a second packing inside it is refused."""
    with decompressed(path, packed, name) as unpacked:
        kind = recognise(unpacked, name)
        if kind in OPENERS or (kind == "zip" and kind_of_zip(unpacked, name) == "zip"):
            raise InvalidInput(
                f"{name} holds another archive.", "Unpack it once, and import the archive inside."
            )
        kind = kind_of_zip(unpacked, name) if kind == "zip" else kind
        table = read_kind(unpacked, kind, options, name, progress)
    return replace(table, report=replace(table.report, parts=(name, *table.report.parts)))


def read_kind(path: Path, kind: str, options: ReadOptions, name: str, progress: Progress | None) -> Table:
    """Read a file whose kind is known."""
    if kind in ("xlsx", "xlsb", "xls", "ods"):
        return read_workbook(path, kind, options, name, progress)
    if kind in ("parquet", "arrow"):
        return read_parquet(path, kind, options, name, progress)
    if kind == "json":
        return read_json(path, options, name)
    if kind == "jsonl":
        return read_json_lines(path, options, name, progress)
    if kind == "conll":
        return read_conll(path, options, name)
    return read_delimited(path, options, name, progress)
