"""Where the table stands in its file: what is above it, which rows name the columns, how wide it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.data.number_cells import is_number
from studio.data.readers.dialects import COMMENT_MARKS
from studio.data.readers.headers import (
    KNOWN_NAMES,
    count_header_rows,
    guess_header,
    join_header,
    looks_like_name,
)
from studio.data.readers.parsing import Dialect, Parsed, parse_lines
from studio.data.readers.table import ReadOptions

MOST_PREAMBLE_ROWS = 50
SURE_SHARE = 0.5


@dataclass(frozen=True)
class Layout:
    """What was understood of the lines around the rows.

    ``header`` are the names as they stand, None without; ``last_header`` is the lowest of the header rows;
    ``broken``: some line of the sample could not be read;
    ``header_line`` and ``first_line`` are physical lines: of the names (0 without), and the first of the
    body; ``preamble`` are the lines above the table that hold something, ``comments`` those above the body.
    """

    dialect: Dialect
    width: int
    header: list[str] | None
    last_header: list[str] | None
    header_line: int
    header_lines: int
    first_line: int
    preamble: tuple[int, ...]
    body: list[list[str]]
    broken: bool
    comments: tuple[int, ...] = ()


def find_layout(lines: list[str], dialect: Dialect, options: ReadOptions, skipped: int) -> Layout:
    """Understand the head of a file; ``skipped`` lines at its top are none of the table.

    ``body`` of the result holds the rows of the sample.
    """
    parsed = parse_lines(lines[skipped:], dialect, skipped + 1)
    if options.comment is None and (mark := guess_comment(lines, parsed)):
        dialect = replace(dialect, comment=mark)
        parsed = parse_lines(lines[skipped:], dialect, skipped + 1)
    top = 0
    if options.skip_lines is None and parsed.rows:
        top = count_preamble(parsed, options)
    rows = parsed.rows[top:]
    has_header = bool(rows) and (guess_header(rows) if options.header is None else options.header)
    count = 0
    if has_header:
        count = min(options.header_lines or count_header_rows(rows), len(rows))
    header = join_header(rows[:count]) if count else None
    body = rows[count:]
    widths = np.fromiter(map(len, body), dtype=np.int64, count=len(body))
    starts, ends = parsed.starts[top:], parsed.ends[top:]
    above = starts[0] if starts else len(lines) + 1
    first = ends[count - 1] + 1 if count else top_line(parsed, top, skipped)
    return Layout(
        dialect=dialect,
        width=table_width(header, widths),
        header=header,
        last_header=rows[count - 1] if count else None,
        header_line=starts[0] if count else 0,
        header_lines=count,
        first_line=first,
        preamble=tuple(sorted(line for line in [*parsed.starts, *parsed.broken] if line < above)),
        body=body,
        broken=bool(parsed.broken),
        comments=tuple(line for line in parsed.comments if line < first),
    )


def top_line(parsed: Parsed, top: int, skipped: int) -> int:
    """The first line of a body without a header: that of its first row, where something stands above."""
    return parsed.starts[top] if top else skipped + 1


def guess_comment(lines: list[str], parsed: Parsed) -> str | None:
    """What comment lines start with: a mark at the top or on several lines, none of which fits as a row."""
    width = parsed.usual_width()
    if width < 2:
        return None
    widths = dict(zip(parsed.starts, map(len, parsed.rows), strict=True))
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    for mark in COMMENT_MARKS:
        marked = {number for number in filled if lines[number - 1].startswith(mark)}
        top = next((place for place, number in enumerate(filled) if number not in marked), len(filled))
        below = [number for number in marked if number > filled[top - 1]] if top else marked
        if any(widths.get(number) == width for number in below):
            continue
        if (top and is_remark(filled[:top], lines, parsed, widths)) or (not top and len(below) > 1):
            return mark
    return None


def is_remark(top: list[int], lines: list[str], parsed: Parsed, widths: dict[int, int]) -> bool:
    """Whether marked lines at the top are remarks: one does not fit, or a header follows them."""
    if any(widths.get(number) != parsed.usual_width() for number in top):
        return True
    later = [row for row, start in zip(parsed.rows, parsed.starts, strict=True) if start > top[-1]]
    known = bool(later) and any(cell.strip().casefold() in KNOWN_NAMES for cell in later[0])
    return known and guess_header(later)


def count_preamble(parsed: Parsed, options: ReadOptions) -> int:
    """How many rows stand above the table: a title, an export date, and the like."""
    width = parsed.usual_width()
    if width < 2:
        return 0
    rows = parsed.rows
    first = next((index for index, row in enumerate(rows) if len(row) == width), 0)
    if first > MOST_PREAMBLE_ROWS or (first and not is_above(parsed, first, options)):
        return max(0, first - 1) if 0 < first <= MOST_PREAMBLE_ROWS else 0
    # A spreadsheet fills its titles up to the width of the table with empty cells.
    title = first
    while title < min(len(rows) - 1, MOST_PREAMBLE_ROWS) and sum(map(bool, map(str.strip, rows[title]))) <= 1:
        title += 1
    padded = title > first and options.header is not False and len(rows[title]) == width
    # Columns beside the table have no names either.
    named = padded and all(strip_ends([cell.strip() for cell in rows[title]]))
    return title if named and guess_header(rows[title:]) else first


def strip_ends(cells: list[str]) -> list[str]:
    """The cells without the empty ones at both ends.

    >>> strip_ends(["", "a", "", "b", "", ""])
    ['a', '', 'b']
    """
    filled = [place for place, cell in enumerate(cells) if cell]
    return cells[filled[0] : filled[-1] + 1] if filled else []


def is_above(parsed: Parsed, first: int, options: ReadOptions) -> bool:
    """Whether the row before the first of the usual width is no header of another width."""
    rows, before = parsed.rows, parsed.rows[first - 1]
    if any(parsed.ends[first - 1] < line < parsed.starts[first] for line in parsed.blank):
        return True
    names = [cell.strip() for cell in before if cell.strip()]
    if len(names) < 2 or not all(map(looks_like_name, names)) or any(map(is_number, names)):
        return True
    known = any(cell.strip().casefold() in KNOWN_NAMES for cell in rows[first])
    return known and options.header is not False and guess_header(rows[first:])


def table_width(header: list[str] | None, widths: np.ndarray) -> int:
    """How many columns the table has.

    That of most rows, unless the header names more: then the rows are short. Empty names at the end of
    the header that most rows do not fill are left out.
    """
    usual = int(np.bincount(widths).argmax()) if len(widths) else 0
    if header is None:
        return usual
    named = len(header)
    while named > usual and not header[named - 1].strip():
        named -= 1
    share = float((widths == usual).mean()) if len(widths) else 0.0
    return max(named, usual) if share > SURE_SHARE else named
