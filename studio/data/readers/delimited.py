"""Read a delimited text file into a table of text cells, and say what was understood."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.readers.encodings import Decoded, decode_bytes
from studio.data.readers.findings import (
    find_decoding_problems,
    find_header_problems,
    find_lone_quotes,
    find_row_problems,
)
from studio.data.readers.headers import Columns, guess_header, name_columns
from studio.data.readers.parsing import Parsed, parse_text
from studio.data.readers.table import ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

SPOKEN_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
TABLE_LIMIT_COLUMNS = 10_000


def read_delimited(data: bytes, options: ReadOptions, name: str) -> Table:
    """Read the bytes of a CSV, TSV or TXT file.

    Raises InvalidInput where they cannot be read or hold no table.
    """
    decoded = decode_bytes(data, options.encoding)
    parsed = parse_text(decoded.text, spoken_delimiter(options.delimiter))
    if not parsed.rows:
        raise InvalidInput(
            f"{name} holds no rows that can be read.", "Check that it is the right file, saved as CSV or TSV."
        )
    has_header = guess_header(parsed.rows) if options.header is None else options.header
    return build_table(parsed, decoded, has_header, name)


def spoken_delimiter(text: str | None) -> str | None:
    """The separator a person wrote, such as ';' or 'tab'; None stays None.

    Raises InvalidInput for anything but one character that can separate cells.
    """
    if text is None or text == "":
        return None
    delimiter = SPOKEN_DELIMITERS.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InvalidInput(
            f"'{text}' cannot be a separator.", "Give one character, such as ',' ';' '|' or 'tab'."
        )
    return delimiter


def build_table(parsed: Parsed, decoded: Decoded, has_header: bool, name: str) -> Table:
    """Name the columns, set rows of another width apart and put the rest into a frame."""
    header = parsed.rows[0] if has_header else None
    first = 1 if has_header else 0
    widths = parsed.widths()[first:]
    if has_header and not len(widths) and not parsed.broken:
        raise InvalidInput(
            f"{name} has a header and no rows under it.",
            "Add rows. If its one line is a row, say that the file has no header.",
        )
    width = table_width(header, widths)
    if width > TABLE_LIMIT_COLUMNS:
        raise InvalidInput(
            f"{name} has {width:,} columns; at most {TABLE_LIMIT_COLUMNS:,} are read.",
            "Check the separator, or keep only the columns you need.",
        )
    columns = name_columns(header, width)
    body = parsed.rows[first:]
    starts = np.asarray(parsed.starts[first:], dtype=np.int64)
    hollow = np.fromiter((not any(map(str.strip, row)) for row in body), dtype=bool, count=len(body))
    good = (widths == width) & ~hollow
    frame = make_frame([row for row, keep in zip(body, good.tolist(), strict=True) if keep], columns)
    lines = starts[good]
    problems = (
        *find_header_problems(columns, header, width, name),
        *find_row_problems(parsed, starts, widths, hollow, width, name),
        *find_lone_quotes(frame, lines, parsed.dialect, name),
        *find_decoding_problems(frame, lines, decoded, name),
    )
    dropped = len(body) + len(parsed.broken) - len(frame)
    return Table(frame, lines, report_on(parsed, decoded, has_header, len(frame), dropped), problems, name)


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
    return max(named, usual) if share > 0.5 else named


def make_frame(rows: list[list[str]], columns: Columns) -> pd.DataFrame:
    """A frame of text columns."""
    cells = zip(*rows, strict=True) if rows else [()] * len(columns.names)
    return pd.DataFrame(
        {name: pd.array(list(column), dtype="str") for name, column in zip(columns.names, cells, strict=True)}
    )


def report_on(parsed: Parsed, decoded: Decoded, has_header: bool, read: int, dropped: int) -> ReaderReport:
    """Sum up what was understood."""
    return ReaderReport(
        format="tsv" if parsed.dialect.delimiter == "\t" else "csv",
        encoding=decoded.encoding,
        delimiter=parsed.dialect.delimiter,
        quote=parsed.dialect.quote,
        header=has_header,
        rows_read=read,
        rows_dropped=dropped,
    )
