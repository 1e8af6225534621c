"""Files of every format that the tests write, and short forms of what was read."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdfTable
from odf.table import TableCell, TableRow
from odf.text import P

from studio.data.readers import ReadOptions, Table, read_table

Rows = Sequence[Sequence[Any]]


def write_bytes(path: Path, data: bytes) -> Path:
    """A file of these bytes."""
    path.write_bytes(data)
    return path


def write_json(path: Path, value: Any, encoding: str = "utf-8", **more: Any) -> Path:
    """A JSON file."""
    return write_bytes(path, json.dumps(value, ensure_ascii=False, **more).encode(encoding))


def write_lines(path: Path, values: Sequence[Any], encoding: str = "utf-8") -> Path:
    """A JSONL file."""
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    return write_bytes(path, text.encode(encoding))


def write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook by openpyxl."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return write_bytes(path, buffer.getvalue())


def write_xls(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook of the old format by xlwt."""
    book = xlwt.Workbook()
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for row_index, row in enumerate(rows):
            for column_index, cell in enumerate(row):
                sheet.write(row_index, column_index, cell)
    book.save(str(path))
    return path


def write_ods(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook by odfpy."""
    book = OpenDocumentSpreadsheet()
    for name, rows in sheets.items():
        sheet = OdfTable(name=name)
        for row in rows:
            line = TableRow()
            for cell in row:
                line.addElement(odf_cell(cell))
            sheet.addElement(line)
        book.spreadsheet.addElement(sheet)
    book.save(str(path))
    return path


def odf_cell(value: Any) -> TableCell:
    """One cell: a number or a text."""
    if isinstance(value, bool):
        return TableCell(valuetype="boolean", booleanvalue=str(value).lower())
    if isinstance(value, int | float):
        return TableCell(valuetype="float", value=value)
    cell = TableCell(valuetype="string")
    cell.addElement(P(text=value))
    return cell


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """A zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_gzip(path: Path, data: bytes) -> Path:
    """A gzip file."""
    return write_bytes(path, gzip.compress(data))


def read(path: Path, **options: Any) -> Table:
    """Read with options."""
    return read_table(path, ReadOptions(**options))


def rows_of(table: Table) -> list[tuple[str, ...]]:
    """All rows as tuples."""
    return list(table.frame.itertuples(index=False, name=None))


def codes_of(table: Table) -> dict[str, tuple[str, int, tuple[int, ...]]]:
    """Problems by code: severity, count, rows."""
    return {problem.code: (problem.severity, problem.count, problem.rows) for problem in table.problems}
