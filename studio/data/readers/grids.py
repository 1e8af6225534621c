"""A grid of cells (a sheet, or lists in JSON) to a table: what is above it, its header, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import PREVIEW_ROWS, ROWS_PER_CHUNK, CellColumns, check_width, transpose
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.findings import find_header_problems
from studio.data.readers.headers import count_header_rows, guess_header, join_header, name_columns
from studio.data.readers.table import LeftOut, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

HEAD_ROWS = 500
FULL_SHARE = 0.6
HEADER_PROBE = 50
MOST_LEFT_OUT = 1_000

Row = tuple[int, list[str]]
"""The line of a row, and its cells."""


@dataclass
class Shape:
    """How a grid is read: ``top`` is the index of its first row below the header, ``skipped`` are lines."""

    width: int
    top: int
    header: list[str] | None
    header_line: int
    skipped: list[int]
    header_lines: int = 1


@dataclass
class Odd:
    """Rows that are left out or mended, by why: their lines."""

    empty: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    long: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    repaired: int = 0


def read_grid(
    rows: Iterable[Row],
    report: ReaderReport,
    options: ReadOptions,
    origin: Origin,
) -> Table:
    """Find the header, and put the rows below it into a table.

    ``report`` says what is known already: format, encoding, sheet, parts.
    Raises InvalidInput where there is nothing but empty cells, or a header and no rows.
    """
    name = origin.name
    rows = iter(rows)
    head = list(islice(rows, HEAD_ROWS))
    shape = find_shape(head, options, name)
    check_width(shape.width, name)
    cells, odd = CellColumns(name), Odd()
    body: Iterator[Row] = chain(head[shape.top :], rows)
    if options.preview:
        body = islice(body, PREVIEW_ROWS)
    keys = [str(index) for index in range(shape.width)]
    while chunk := list(islice(body, ROWS_PER_CHUNK)):
        fitting = [row for row in chunk if fit_row(row, shape.width, odd, options)]
        cells.add(transpose((row for _, row in fitting), keys), [line for line, _ in fitting])
    if not len(cells) and not odd.short and not odd.long:
        raise nothing_below(shape.header, name)
    whole = not options.preview or next(rows, None) is None
    table = build_table(cells, shape, odd, replace(report, complete=whole), name)
    return replace(table, problems=(*table.problems, *find_text_problems(cells, table, origin)))


def find_shape(head: list[Row], options: ReadOptions, name: str) -> Shape:
    """Where the table starts, how wide it is and whether its first row names the columns."""
    filled = [sum(cell.strip() != "" for cell in row) for _, row in head]
    if not any(filled):
        raise InvalidInput(f"{name} holds nothing but empty cells.", "Check that it is the right file.")
    if options.skip_lines is None:
        top = find_top(filled)
    else:
        top = next((index for index, (line, _) in enumerate(head) if line > options.skip_lines), len(head))
    table = [row for _, row in head[top:]]
    if not table:
        raise nothing_below(None, name)
    widths = np.bincount([len(row) for row in table])
    width = int(widths.argmax())
    skipped = [line for (line, _), count in zip(head[:top], filled, strict=False) if count]
    has_header = guess_header(trim_columns(table)) if options.header is None else options.header
    if not has_header:
        return Shape(width, top, None, 0, skipped)
    lines = options.header_lines or count_header_rows(trim_columns(table[:HEADER_PROBE]))
    header = list(join_header(table[:lines]))
    header += [""] * (width - len(header))
    return Shape(max(width, len(header)), top + lines, header, head[top][0], skipped, lines)


def find_top(filled: list[int]) -> int:
    """The index of the first row that is about as full as most rows: above it stand titles and notes.

    >>> find_top([1, 0, 3, 3, 2, 3]), find_top([2, 2, 2]), find_top([0, 1, 1])
    (2, 0, 1)
    """
    usual = int(np.median([count for count in filled if count]))
    return next(index for index, count in enumerate(filled) if count >= max(1, FULL_SHARE * usual))


def trim_columns(table: list[list[str]]) -> list[list[str]]:
    """The rows without the columns that are empty in all of them."""
    width = max(map(len, table))
    used = [index for index in range(width) if any(index < len(row) and row[index].strip() for row in table)]
    return [[row[index] if index < len(row) else "" for index in used] for row in table]


def fit_row(row: Row, width: int, odd: Odd, options: ReadOptions) -> bool:
    """Whether a row belongs into the table; notes why not, and pads it where that was chosen."""
    line, cells = row
    if not any(map(str.strip, cells)):
        odd.empty.append(line)
        return False
    if len(cells) == width:
        return True
    if len(cells) < width and "fill_fields" in options.repairs:
        cells += [""] * (width - len(cells))
        odd.repaired += 1
        return True
    code = "too_few_fields" if len(cells) < width else "too_many_fields"
    (odd.short if len(cells) < width else odd.long).append(line)
    if len(odd.left_out) < MOST_LEFT_OUT:
        odd.left_out.append(LeftOut(line, code, "\t".join(cells)))
    return False


def build_table(cells: CellColumns, shape: Shape, odd: Odd, report: ReaderReport, name: str) -> Table:
    """Name the columns that hold anything, and say what was found."""
    frame, lines = cells.frame(), cells.lines()
    header = shape.header
    used = [
        index
        for index, key in enumerate(frame.columns)
        if (header and header[index].strip()) or (frame[key] != "").any()
    ]
    names = [header[index] for index in used] if header else None
    columns = name_columns(names, len(used))
    frame = frame[[frame.columns[index] for index in used]].set_axis(columns.names, axis=1)
    dropped = len(odd.empty) + len(odd.short) + len(odd.long)
    report = replace(
        report,
        header=header is not None,
        header_line=shape.header_line,
        header_lines=shape.header_lines,
        skipped_lines=len(shape.skipped),
        rows_read=len(frame),
        rows_dropped=dropped,
        rows_repaired=odd.repaired,
    )
    problems = (
        *find_preamble(shape.skipped, name),
        *find_header_problems(columns, names, shape.header_line, name),
        *find_odd_rows(odd, shape.width, name),
    )
    return Table(frame, lines, report, problems, name, tuple(odd.left_out))


def find_preamble(skipped: list[int], file: str) -> Iterator[Problem]:
    """Rows above the table that were left out."""
    if skipped:
        yield Problem(
            "note",
            "preamble",
            f"{count_of(len(skipped), 'row')} above the table left out: {name_rows(skipped)}.",
            "Titles and remarks above a table are no rows of it.",
            "If the table starts higher up, say how many lines to skip.",
            file,
            count=len(skipped),
            rows=first_rows(skipped),
        )


def find_odd_rows(odd: Odd, width: int, file: str) -> Iterator[Problem]:
    """Rows that are empty or of another width."""
    for code, lines, less, fixes in (
        ("too_few_fields", odd.short, "fewer", ("drop_rows", "fill_fields")),
        ("too_many_fields", odd.long, "more", ("drop_rows",)),
    ):
        if lines:
            yield Problem(
                "error",
                code,
                f"{count_of(len(lines), 'row has', 'rows have')} {less} than {count_of(width, 'cell')}: "
                f"{name_rows(lines)}.",
                "It is unclear which cell belongs to which column, so these rows cannot be used as they are.",
                "Give every row the same number of cells, or drop these rows.",
                file,
                count=len(lines),
                rows=first_rows(lines),
                fixes=fixes,
            )
    if odd.empty:
        yield Problem(
            "note",
            "empty_rows",
            f"{count_of(len(odd.empty), 'empty row was', 'empty rows were')} left out: "
            f"{name_rows(odd.empty)}.",
            "They hold no text and no label.",
            "Nothing to do.",
            file,
            count=len(odd.empty),
            rows=first_rows(odd.empty),
        )


def nothing_below(header: list[str] | None, name: str) -> InvalidInput:
    """The sentence for a table without a row."""
    if header is None:
        return InvalidInput(f"{name} holds no rows that can be read.", "Check that it is the right file.")
    return InvalidInput(
        f"{name} has a header and no rows under it.",
        "Add rows. If its one line is a row, say that the file has no header.",
    )
