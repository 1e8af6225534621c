"""Runs by its path in a process of its own: read one sheet of a workbook and print it as lines of JSON.

The first line says what is in the workbook, or what went wrong; each other line holds some rows. A workbook
can claim a cell in its last corner and so ask for more memory than there is, which ends a process: this one.
Arguments: path, bytes of memory allowed, sheet ("" for the first that holds a table), rows (0 for all).
"""

from __future__ import annotations

import datetime
import json
import sys
from decimal import Decimal
from typing import Any

import python_calamine as calamine

ROWS_PER_LINE = 2_000
TABLE_ROWS_PROBED = 200
MOST_COLUMNS = 16_384
MOST_CELLS = 60_000_000
# Excel keeps 15 digits of a number; what a file holds beyond them is noise of binary fractions.
DIGITS = ".15g"
LONGEST_PLAIN = 1e21
SMALLEST_PLAIN = 1e-5


def limit_memory(size_bytes: int) -> None:
    """Let this process grow by so much and no more, where the system can do that."""
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # macOS, where the limit does not hold
        return
    resource.setrlimit(resource.RLIMIT_AS, (now + size_bytes, now + size_bytes))


def show(cell: Any) -> str:
    """The text of a cell as a person sees it, as far as the file tells.

    >>> show(7.0), show(0.1 + 0.2), show(1.10101199001011e17), show(True), show("007")
    ('7', '0.3', '110101199001011000', 'TRUE', '007')
    >>> show(datetime.datetime(2024, 1, 2)), show(datetime.datetime(2024, 1, 2, 3, 4, 5))
    ('2024-01-02', '2024-01-02 03:04:05')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return show_number(cell)
    if isinstance(cell, datetime.datetime):
        return show_moment(cell)
    if isinstance(cell, datetime.timedelta):
        return show_duration(cell)
    return str(cell)


def show_number(value: float) -> str:
    """A number with at most 15 digits, and without an exponent unless it is very large or small."""
    digits = format(value, DIGITS)
    if "e" in digits and SMALLEST_PLAIN <= abs(value) < LONGEST_PLAIN:
        return format(Decimal(digits), "f")
    return digits


def show_moment(value: datetime.datetime) -> str:
    """A date, with the time of day where there is one."""
    return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")


def show_duration(value: datetime.timedelta) -> str:
    """Hours, minutes and seconds.

    >>> show_duration(datetime.timedelta(hours=30, seconds=5))
    '30:00:05'
    """
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def holds_table(sheet: calamine.CalamineSheet) -> int:
    """2 where at least two rows have two cells, 1 where there are two rows, else 0."""
    if sheet.height < 2:
        return 0
    filled = 0
    for index, row in enumerate(sheet.iter_rows()):
        filled += sum(cell != "" for cell in row) > 1
        if filled > 1 or index > TABLE_ROWS_PROBED + (sheet.start or (0, 0))[0]:
            break
    return 2 if filled > 1 else 1


def choose_sheet(book: calamine.CalamineWorkbook, wanted: str) -> tuple[str, calamine.CalamineSheet | None]:
    """The sheet asked for, or the first seen one that holds a table, or the first that holds anything."""
    if wanted:
        return wanted, book.get_sheet_by_name(wanted)
    best: tuple[int, str, calamine.CalamineSheet | None] = (-1, "", None)
    for hidden in (False, True):
        for about in book.sheets_metadata:
            is_hidden = about.visible is not calamine.SheetVisibleEnum.Visible
            if is_hidden != hidden or about.typ is not calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            check_size(sheet)
            rank = holds_table(sheet)
            if rank > best[0]:
                best = (rank, about.name, sheet)
            if rank == 2:
                return about.name, sheet
    return best[1], best[2]


class TooSpread(Exception):
    """The cells of a sheet lie too far apart to be a table."""


def check_size(sheet: calamine.CalamineSheet) -> None:
    """Raise TooSpread for a sheet with more cells than any table that can be read."""
    rows, columns = sheet.total_height, sheet.total_width
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise TooSpread(f"{rows:,} rows and {columns:,} columns")


def write_line(value: Any) -> None:
    """One value as one line of JSON."""
    sys.stdout.write(json.dumps(value))
    sys.stdout.write("\n")


def write_sheet(path: str, wanted: str, rows: int) -> None:
    """Print what the workbook holds and the rows of one sheet, its first row first."""
    book = calamine.CalamineWorkbook.from_path(path)
    name, sheet = choose_sheet(book, wanted)
    if sheet is None or sheet.start is None:
        write_line({"error": "empty", "detail": name})
        return
    check_size(sheet)
    write_line(
        {
            "sheet": name,
            "sheets": book.sheet_names,
            "rows": sheet.total_height,
            "merged": (sheet.merged_cell_ranges or [])[:10_000],
        }
    )
    chunk: list[list[str]] = []
    for index, row in enumerate(sheet.iter_rows()):
        if rows and index >= rows:
            break
        chunk.append([cell if type(cell) is str else show(cell) for cell in row])
        if len(chunk) == ROWS_PER_LINE:
            write_line(chunk)
            chunk = []
    if chunk:
        write_line(chunk)


def main(arguments: list[str]) -> None:
    """Read the arguments, and say what went wrong in one line where something does."""
    path, memory_bytes, wanted, rows = arguments
    limit_memory(int(memory_bytes))
    try:
        write_sheet(path, wanted, int(rows))
    except calamine.PasswordError:
        write_line({"error": "password", "detail": ""})
    except calamine.WorksheetNotFound:
        names = calamine.CalamineWorkbook.from_path(path).sheet_names
        write_line({"error": "sheet", "detail": ", ".join(names)})
    except TooSpread as error:
        write_line({"error": "spread", "detail": str(error)})
    except MemoryError:
        write_line({"error": "memory", "detail": ""})
    except (calamine.CalamineError, OSError, ValueError) as error:
        write_line({"error": "damaged", "detail": str(error)})


if __name__ == "__main__":
    main(sys.argv[1:])
