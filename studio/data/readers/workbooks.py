"""XLSX, XLS and ODS: one sheet of a workbook to a table of the texts a person sees."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from studio.data.names import show_name
from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.archives import check_workbook
from studio.data.readers.cells import PREVIEW_ROWS
from studio.data.readers.characters import Origin
from studio.data.readers.grids import Row, read_grid
from studio.data.readers.table import Progress, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

PROCESS = Path(__file__).with_name("workbook_process.py")
MEMORY_LIMIT_BYTES = 3 << 29
SECONDS_LIMIT = 300.0
SHOWN_SHEETS = 10
AS_CSV = "Open it, save the sheet as CSV (UTF-8), and import that."


def read_workbook(
    path: Path, kind: str, options: ReadOptions, name: str, progress: Progress | None = None
) -> Table:
    """Read the sheet asked for, or the first that holds a table; ``lines`` are the numbers of its rows.

    Raises InvalidInput where it is no workbook, is locked or damaged, has no such sheet or holds no table.
    """
    if kind != "xls":
        check_workbook(path, name)
    rows = PREVIEW_ROWS + 100 if options.preview else 0
    command = [
        sys.executable, "-I", str(PROCESS), str(path.resolve()), str(MEMORY_LIMIT_BYTES),
        options.sheet or "", str(rows),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="ascii"
    ) as process:
        clock = threading.Timer(SECONDS_LIMIT, process.kill)
        clock.start()
        try:
            assert process.stdout is not None
            about = read_about(process.stdout, name)
            report = ReaderReport(
                kind, "", "", None, False, 0, 0, sheet=about["sheet"], parts=tuple(about["sheets"])
            )
            total = min(about["rows"], rows or about["rows"])
            rows_of_sheet = follow_rows(process.stdout, total, name, progress)
            table = read_grid(rows_of_sheet, report, options, Origin(path, name))
        finally:
            clock.cancel()
            process.kill()
    if rows and about["rows"] > rows:
        table = replace(table, report=replace(table.report, complete=False))
    return replace(
        table, problems=(*find_sheets(about, name), *find_merged(about, table, name), *table.problems)
    )


def read_about(stream: IO[str], name: str) -> dict[str, Any]:
    """The first line of the process; InvalidInput with what went wrong."""
    line = stream.readline()
    about: dict[str, Any] = json.loads(line) if line.endswith("\n") else {"error": "ended", "detail": ""}
    if "error" not in about:
        return about
    detail = show_name(about["detail"], longest=300)
    sentences = {
        "password": (
            f"{name} is locked with a password.",
            "Save a copy without a password, and import that.",
        ),
        "sheet": (f"{name} has no such sheet.", f"Its sheets are: {detail}."),
        "empty": (f"{name} holds nothing but empty sheets.", "Check that it was saved with its table in it."),
        "spread": (f"The cells of {name} are spread over {detail}.", "Delete what lies far off the table."),
        "damaged": (f"{name} cannot be read as a workbook: it is damaged, or of another kind.", AS_CSV),
    }
    message, hint = sentences.get(
        about["error"], (f"{name} needs more memory than a workbook may take, or is damaged.", AS_CSV)
    )
    raise InvalidInput(message, hint)


def follow_rows(stream: IO[str], total: int, name: str, progress: Progress | None) -> Iterator[Row]:
    """Rows with their numbers, as the process prints them."""
    number = 0
    for line in stream:
        if not line.endswith("\n"):
            break
        for cells in json.loads(line):
            number += 1
            yield number, cells
        if progress:
            progress(min(number / max(total, 1), 1.0), f"Reading {name}: row {number:,} of {total:,}.")
    if number < total:
        raise InvalidInput(f"{name} needs more memory or time than a workbook may take.", AS_CSV)


def find_sheets(about: dict[str, Any], file: str) -> Iterator[Problem]:
    """Sheets that were not read."""
    others = [show_name(sheet) for sheet in about["sheets"] if sheet != about["sheet"]]
    if others:
        named = ", ".join(f"'{sheet}'" for sheet in others[:SHOWN_SHEETS])
        yield Problem(
            "note",
            "other_sheets",
            f"Sheet '{show_name(about['sheet'])}' was read; {count_of(len(others), 'other sheet')} "
            f"{'was' if len(others) == 1 else 'were'} not: {named}.",
            "A dataset is made from one table.",
            "Choose another sheet, if the table is there.",
            file,
            count=len(others),
        )


def find_merged(about: dict[str, Any], table: Table, file: str) -> Iterator[Problem]:
    """Merged cells that reach over several rows: only the first of these rows has the text."""
    rows = sorted(
        {
            row + 1
            for (top, _), (bottom, _) in about["merged"]
            for row in range(top + 1, min(bottom, top + 1000) + 1)
        }
        & set(table.lines.tolist())
    )
    if rows:
        yield Problem(
            "warning",
            "merged_cells",
            f"{count_of(len(rows), 'row lies', 'rows lie')} under a merged cell and "
            f"{'has' if len(rows) == 1 else 'have'} no text there: {name_rows(rows)}.",
            "A merged cell belongs to its first row alone, so a label may be missing in the others.",
            "Split the merged cells and fill in each row, if they hold a text or a label.",
            file,
            count=len(rows),
            rows=first_rows(rows),
        )
