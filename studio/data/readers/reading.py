"""Read a file of any kind: recognise it by its content, and hand it to the reader of that kind."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from studio.data.names import show_file_name
from studio.data.readers.archives import OPENERS, decompressed, kind_of_zip
from studio.data.readers.conll import read_conll
from studio.data.readers.delimited import read_delimited
from studio.data.readers.folders import read_archive, read_folder
from studio.data.readers.jsonlines import read_json_lines
from studio.data.readers.kinds import recognise
from studio.data.readers.parquet import read_parquet
from studio.data.readers.prose import WIDTH_CODES, looks_like_prose, read_prose
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
    options = options or ReadOptions()
    if os.path.isdir(path):  # unlike Path.is_dir, it knows no errors
        return read_folder(path, options, name, progress, read_in_folder)
    kind = recognise_all(path, name)
    if kind in OPENERS:
        return read_compressed(path, kind, options, name, progress)
    if kind == "zip":
        return read_archive(path, options, name, progress, read_member)
    return read_kind(path, kind, options, name, progress)


def recognise_all(path: Path, name: str) -> str:
    """The kind of a file, with workbooks told from archives."""
    kind = recognise(path, name)
    return kind_of_zip(path, name) if kind == "zip" else kind


def read_compressed(
    path: Path, packed: str, options: ReadOptions, name: str, progress: Progress | None
) -> Table:
    """Read the table inside a compressed file; a second packing inside it is refused."""
    with decompressed(path, packed, name) as unpacked:
        table = read_member(unpacked, options, name, progress)
    return replace(table, report=replace(table.report, parts=(name, *table.report.parts)))


def read_in_folder(path: Path, options: ReadOptions, name: str, progress: Progress | None) -> Table:
    """Read a file of a folder, which may be compressed but no archive of files."""
    kind = recognise_all(path, name)
    if kind in OPENERS:
        return read_compressed(path, kind, options, name, progress)
    return read_member(path, options, name, progress)


def read_member(path: Path, options: ReadOptions, name: str, progress: Progress | None) -> Table:
    """Read a file from inside an archive or folder; InvalidInput where it is an archive itself."""
    return read_kind(path, kind_of_member(path, name), options, name, progress)


def kind_of_member(path: Path, name: str) -> str:
    """The kind of a file from inside an archive or folder; InvalidInput where it is an archive itself."""
    kind = recognise_all(path, name)
    if kind in OPENERS or kind == "zip":
        raise InvalidInput(
            f"{name} is an archive inside another one or in a folder.",
            "Unpack the outer one, and import what is inside.",
        )
    return kind


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
    table = read_delimited(path, options, name, progress)
    odd = sum(problem.count for problem in table.problems if problem.code in WIDTH_CODES)
    return read_prose(path, options, name) if looks_like_prose(table.report, odd, options) else table
