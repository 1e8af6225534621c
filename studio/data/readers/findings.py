"""What went wrong or needs saying when a file was read: header, rows and bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.encodings import Decoded
from studio.data.readers.headers import Columns
from studio.data.readers.parsing import Dialect, Parsed

DELIMITER_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "'|'", " ": "blank"}
CONTROL_CHARACTERS = r"[\x00-\x08\x0e-\x1f\x7f]"
WHY_NOT_READ = "It is unclear which cell belongs to which column, so these rows cannot be used as they are."


def find_header_problems(columns: Columns, header: list[str] | None, width: int, file: str) -> list[Problem]:
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
                rows=(1,),
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
                rows=(1,),
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
                rows=(1,),
            )
        )
    return found


def find_row_problems(
    parsed: Parsed, starts: np.ndarray, widths: np.ndarray, hollow: np.ndarray, width: int, file: str
) -> list[Problem]:
    """Rows that could not be read, each kind with its lines; none is lost without being named here."""
    separator = DELIMITER_NAMES.get(parsed.dialect.delimiter, f"'{parsed.dialect.delimiter}'")
    found = []
    short = starts[(widths < width) & ~hollow]
    if len(short):
        found.append(
            unreadable_rows(
                "too_few_fields",
                f"{count_of(len(short), 'row has', 'rows have')} fewer than {count_of(width, 'field')}: "
                f"{name_rows(short)}.",
                f"Fill in the missing {separator}-separated fields, or drop these rows.",
                short,
                file,
            )
        )
    long = starts[(widths > width) & ~hollow]
    if len(long):
        found.append(
            unreadable_rows(
                "too_many_fields",
                f"{count_of(len(long), 'row has', 'rows have')} more than {count_of(width, 'field')}: "
                f"{name_rows(long)}.",
                f"Put double quotes around texts that contain a {separator}, or drop these rows.",
                long,
                file,
            )
        )
    if parsed.broken:
        found.append(
            unreadable_rows(
                "broken_quotes",
                f"The quotes of {count_of(len(parsed.broken), 'row')} do not add up: "
                f"{name_rows(parsed.broken)}.",
                'Close each quoted text with a ", write a " inside it as "", or drop these rows.',
                parsed.broken,
                file,
            )
        )
    empty = [*parsed.blank, *starts[hollow].tolist()]
    if empty:
        found.append(
            Problem(
                "note",
                "empty_rows",
                f"{count_of(len(empty), 'empty line was', 'empty lines were')} left out: {name_rows(empty)}.",
                "They hold no text and no label.",
                "Nothing to do.",
                file,
                count=len(empty),
                rows=first_rows(empty),
            )
        )
    return found


def find_lone_quotes(frame: pd.DataFrame, lines: np.ndarray, dialect: Dialect, file: str) -> list[Problem]:
    """Cells that open a quote and never close it, where quotes were taken as plain characters."""
    if dialect.quote is not None or dialect.delimiter == "\t":
        return []
    rows = lines[rows_matching(frame, r'^"[^"]*$')]
    if not len(rows):
        return []
    return [
        Problem(
            "warning",
            "lone_quote",
            f"{count_of(len(rows), 'row')} with a quote that stays open: {name_rows(rows)}.",
            "The quote was kept as a part of the text; a line after it may belong to the same text.",
            "Look at these rows, and close or remove the quote in the file.",
            file,
            count=len(rows),
            rows=first_rows(rows),
        )
    ]


def unreadable_rows(code: str, message: str, hint: str, lines: list[int] | np.ndarray, file: str) -> Problem:
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
        fixes=("drop_rows",),
    )


def find_decoding_problems(
    frame: pd.DataFrame, lines: np.ndarray, decoded: Decoded, file: str
) -> list[Problem]:
    """An encoding that is not sure, and cells with bytes that are not of it or control characters."""
    found = []
    if not decoded.sure:
        found.append(
            Problem(
                "warning",
                "unsure_encoding",
                f"The encoding is not clear; the file was read as {decoded.encoding}.",
                "In the wrong encoding, letters turn into others and the model learns nonsense.",
                "Look at the rows. If letters look wrong, choose the encoding, or save the file as UTF-8.",
                file,
            )
        )
    if decoded.damaged:
        rows = lines[rows_matching(frame, "\ufffd")]
        found.append(
            Problem(
                "warning",
                "undecodable_bytes",
                f"{count_of(len(rows), 'row holds', 'rows hold')} bytes that are not {decoded.encoding}; "
                "they are shown as \ufffd.",
                "The model would learn from damaged characters.",
                "If many characters look wrong, choose another encoding; else repair these rows.",
                file,
                count=len(rows),
                rows=first_rows(rows),
            )
        )
    rows = lines[rows_matching(frame, CONTROL_CHARACTERS)]
    if len(rows):
        found.append(
            Problem(
                "warning",
                "control_characters",
                f"{count_of(len(rows), 'row holds', 'rows hold')} invisible control characters: "
                f"{name_rows(rows)}.",
                "They come from a damaged export and mean nothing to a model.",
                "Remove them in the file, if there are many.",
                file,
                count=len(rows),
                rows=first_rows(rows),
            )
        )
    return found


def rows_matching(frame: pd.DataFrame, pattern: str) -> np.ndarray:
    """Which rows have a cell that matches a regular expression, as a boolean array."""
    hits = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        hits |= frame[name].str.contains(pattern, regex=True).to_numpy(dtype=bool)
    return hits
