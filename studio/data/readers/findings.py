"""What went wrong or needs saying when a file was read: header, rows and bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.accounts import Account
from studio.data.readers.encodings import Encoding
from studio.data.readers.headers import Columns
from studio.data.readers.layout import Layout

DELIMITER_NAMES = {
    "\t": "tab",
    ",": "comma",
    ";": "semicolon",
    "|": "'|'",
    " ": "blank",
    "\x01": "control character 1",
    "\x1f": "control character 31",
}
REPLACEMENT = "\ufffd"
WHY_NOT_READ = "It is unclear which cell belongs to which column, so these rows cannot be used as they are."
WHY_MENDED = "You chose to mend them so; the other rows are as they stand in the file."


@dataclass(frozen=True)
class Reading:
    """All that is known after a file was read.

    ``joinable``: a row with surplus cells can be put together again, for one column alone holds free text;
    ``damaged`` says whether U+FFFD in the cells stands for bytes that could not be decoded.
    """

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    layout: Layout
    columns: Columns
    account: Account
    comments: list[int]
    encoding: Encoding
    joinable: bool
    damaged: Callable[[], bool]


def find_problems(reading: Reading) -> tuple[Problem, ...]:
    """Everything a person should know of how a file was read."""
    layout = reading.layout
    return (
        *find_header_problems(reading.columns, layout.header, layout.header_line, reading.name),
        *find_row_problems(reading),
        *find_mended_rows(reading),
        *find_lines_beside(reading),
        *find_lone_quotes(reading),
        *find_decoding_problems(reading),
    )


def find_header_problems(columns: Columns, header: list[str] | None, line: int, file: str) -> list[Problem]:
    """Names that were trimmed, numbered or made up."""
    if header is None:
        return []
    found = []
    if columns.padded:
        found.append(
            Problem(
                "note",
                "padded_header",
                f"Blanks around {count_of(len(columns.padded), 'column name')} were left out: "
                f"{', '.join(columns.padded)}.",
                "A name with blanks around it cannot be typed or matched reliably.",
                "Nothing to do.",
                file,
                count=len(columns.padded),
                rows=(line,),
            )
        )
    if columns.duplicated:
        names = ", ".join(dict.fromkeys(columns.duplicated))
        found.append(
            Problem(
                "warning",
                "duplicated_header",
                f"More than one column is called {names}; the later ones got a number.",
                "A column is chosen by its name, so each needs its own.",
                "Check that the right one is chosen, or rename them in the file.",
                file,
                column=columns.duplicated[0],
                count=len(columns.duplicated),
                rows=(line,),
            )
        )
    if columns.unnamed:
        names = ", ".join(f"column_{index + 1}" for index in columns.unnamed[:5])
        unnamed = count_of(len(columns.unnamed), "column has", "columns have")
        found.append(
            Problem(
                "note",
                "unnamed_columns",
                f"{unnamed} no name and got one: {names}.",
                "The header is empty there, or shorter than the rows.",
                "Nothing to do, if you do not need these columns.",
                file,
                count=len(columns.unnamed),
                rows=(line,),
            )
        )
    return found


def find_row_problems(reading: Reading) -> list[Problem]:
    """Rows that could not be read, each kind with its lines; none is lost without being named here."""
    layout, file = reading.layout, reading.name
    separator = DELIMITER_NAMES.get(layout.dialect.delimiter, f"'{layout.dialect.delimiter}'")
    fields = count_of(layout.width, "field")
    join = ("join_fields",) if reading.joinable else ()
    quote = layout.dialect.quote or '"'
    kinds = (
        (
            "too_few_fields",
            f"{{rows}} fewer than {fields}",
            f"Fill in the missing {separator}-separated fields, have them filled with nothing, "
            "or drop these rows.",
            ("drop_rows", "fill_fields"),
        ),
        (
            "too_many_fields",
            f"{{rows}} more than {fields}",
            f"Put double quotes around texts that contain a {separator}, or drop these rows.",
            ("drop_rows", *join),
        ),
        (
            "broken_quotes",
            "{rows} quotes that do not add up",
            f"Close each quoted text with a {quote}, write a {quote} inside it as {quote * 2}, "
            "or drop these rows.",
            ("drop_rows", "plain_quotes"),
        ),
        (
            "second_table",
            "{rows} of another table below an empty line",
            "Import the other table from a file of its own, or drop its rows.",
            ("drop_rows",),
        ),
    )
    found = []
    for code, message, hint, fixes in kinds:
        lines = reading.account.lines_of(code)
        if len(lines):
            number = count_of(len(lines), "row has", "rows have")
            if code == "second_table":
                number = count_of(len(lines), "row is", "rows are")
            what = f"{message.format(rows=number)}: {name_rows(lines)}."
            found.append(unreadable_rows(code, what, hint, lines, file, fixes))
    return found


def unreadable_rows(
    code: str, message: str, hint: str, lines: np.ndarray, file: str, fixes: tuple[str, ...]
) -> Problem:
    """An error about rows that did not make it into the table."""
    return Problem(
        "error",
        code,
        message,
        WHY_NOT_READ,
        hint,
        file,
        count=len(lines),
        rows=first_rows(lines),
        fixes=fixes,
    )


MENDED = {
    "filled_rows": "{rows} too few fields; the missing ones were filled with nothing",
    "joined_rows": "{rows} too many fields; the surplus was put back into the text",
    "plain_quotes_rows": "{rows} quotes that do not add up; they were read as plain characters",
}


def find_mended_rows(reading: Reading) -> list[Problem]:
    """Rows that were repaired on the way, as a person chose."""
    found = []
    for code, message in MENDED.items():
        lines = np.array(reading.account.repaired.get(code, ()), dtype=np.int64)
        if len(lines):
            what = message.format(rows=count_of(len(lines), "row had", "rows had"))
            found.append(note(code, f"{what}: {name_rows(lines)}.", WHY_MENDED, lines, reading.name))
    return found


def find_lines_beside(reading: Reading) -> list[Problem]:
    """Lines that are no rows: above the table, comments, the header once more, and empty ones."""
    account, layout, file = reading.account, reading.layout, reading.name
    found = []
    above = np.array(layout.preamble, dtype=np.int64)
    if len(above):
        what = (
            f"{count_of(len(above), 'line')} above the table {'was' if len(above) == 1 else 'were'} left out"
        )
        found.append(
            note(
                "preamble",
                f"{what}: {name_rows(above)}.",
                "It is a title or a remark, not a row.",
                above,
                file,
            )
        )
    comments = np.array([*layout.comments, *reading.comments], dtype=np.int64)
    if len(comments):
        what = count_of(len(comments), "comment line was", "comment lines were")
        found.append(
            note(
                "comment_lines",
                f"{what} left out: {name_rows(comments)}.",
                f"Lines that start with {layout.dialect.comment} are remarks.",
                comments,
                file,
            )
        )
    repeated = account.lines_of("repeated_header")
    if len(repeated):
        what = count_of(len(repeated), "line repeats", "lines repeat")
        found.append(
            Problem(
                "warning",
                "repeated_header",
                f"{what} the header and {'was' if len(repeated) == 1 else 'were'} left out: "
                f"{name_rows(repeated)}.",
                "The file was put together from several; a header is no row.",
                "Check that the parts are all meant to be in one table.",
                file,
                count=len(repeated),
                rows=first_rows(repeated),
            )
        )
    empty = np.concatenate([np.array(account.blank, dtype=np.int64), account.lines_of("empty_rows")])
    if len(empty):
        what = count_of(len(empty), "empty line was", "empty lines were")
        found.append(
            note(
                "empty_rows",
                f"{what} left out: {name_rows(empty)}.",
                "They hold no text and no label.",
                empty,
                file,
            )
        )
    return found


def note(code: str, message: str, why: str, lines: np.ndarray, file: str) -> Problem:
    """A note about lines that needs no doing."""
    return Problem(
        "note", code, message, why, "Nothing to do.", file, count=len(lines), rows=first_rows(lines)
    )


def find_lone_quotes(reading: Reading) -> list[Problem]:
    """Cells that open a quote and never close it, where quotes were taken as plain characters."""
    dialect = reading.layout.dialect
    if dialect.quote is not None or dialect.delimiter == "\t":
        return []
    rows = reading.lines[rows_matching(reading.frame, r'^"[^"]*$', hint='"')]
    if not len(rows):
        return []
    return [
        Problem(
            "warning",
            "lone_quote",
            f"{count_of(len(rows), 'row')} with a quote that stays open: {name_rows(rows)}.",
            "The quote was kept as a part of the text; a line after it may belong to the same text.",
            "Look at these rows, and close or remove the quote in the file.",
            reading.name,
            count=len(rows),
            rows=first_rows(rows),
        )
    ]


def find_decoding_problems(reading: Reading) -> list[Problem]:
    """An encoding that is not sure, and cells with bytes that are not of it."""
    frame, lines, file, encoding = reading.frame, reading.lines, reading.name, reading.encoding.name
    found = []
    if not reading.encoding.sure:
        found.append(
            Problem(
                "warning",
                "unsure_encoding",
                f"The encoding is not clear; the file was read as {encoding}.",
                "In the wrong encoding, letters turn into others and the model learns nonsense.",
                "Look at the rows. If letters look wrong, choose the encoding, or save the file as UTF-8.",
                file,
            )
        )
    rows = lines[rows_matching(frame, REPLACEMENT)]
    if any(REPLACEMENT in cell for cell in reading.layout.header or ()):
        rows = np.append(reading.layout.header_line, rows)
    if len(rows) and reading.damaged():
        found.append(
            Problem(
                "warning",
                "undecodable_bytes",
                f"{count_of(len(rows), 'row holds', 'rows hold')} bytes that are not {encoding}; "
                f"they are shown as {REPLACEMENT}: {name_rows(rows)}.",
                "The model would learn from damaged characters.",
                "If many characters look wrong, choose another encoding; else repair these rows.",
                file,
                count=len(rows),
                rows=first_rows(rows),
            )
        )
    return found


def rows_matching(frame: pd.DataFrame, pattern: str, hint: str = "") -> np.ndarray:
    """Which rows have a cell that matches a regular expression, as a boolean array.

    ``hint`` is a plain text that every match holds: a column without it is not searched.
    """
    hits = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        cells = frame[name].array.__arrow_array__()
        if hint and not pc.any(pc.match_substring(cells, hint)).as_py():
            continue
        plain = pattern == REPLACEMENT
        match = pc.match_substring if plain else pc.match_substring_regex
        hits |= np.asarray(match(cells, pattern), dtype=bool)
    return hits
