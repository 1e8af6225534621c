"""A table written in the form of the file that it was read from."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from jobs.durable import rename, temporary_name
from studio.data.formulas import disarm
from studio.data.readers.parsing import DELIMITER_STAND_IN
from studio.data.readers.pieces import LINE_ENDS, Pieces, can_encode
from studio.errors import InvalidInput

ROWS_AT_ONCE = 1_000
# The csv module quotes a cell for a character of the line end that it writes, and ends a row at either.
QUOTED_ENDS = "\r\n"


class TableWriter:
    """Turns rows into bytes with the separator, quotes and encoding of their file.

    Where some cell of the file, or one of ``words`` (what is added), cannot be written that way, all of it is
    written with quotes, or in UTF-8: the first reading of the file has told so before anything is written.
    ``notes`` are sentences about it. A file without separators of its own (a workbook, JSON, Parquet) becomes
    CSV with quotes where they are needed, in UTF-8 where it has no encoding either.
    """

    def __init__(self, pieces: Pieces, words: Sequence[str]) -> None:
        report, survey = pieces.report, pieces.survey
        encoding, self.notes = report.encoding or "utf-8-sig", list[str]()
        if not (survey.is_encodable and can_encode("".join(words), encoding)):
            self.notes.append(
                f"The answers hold characters that {encoding} does not know: the file is UTF-8."
            )
            encoding = "utf-8-sig"
        marks = (report.delimiter, *LINE_ENDS)
        has_breaks = survey.has_breaks or any(mark in word for word in words for mark in marks)
        self._delimiter = report.delimiter or ","
        self._plain = bool(report.delimiter) and report.quote is None and not has_breaks
        self._encoding = encoding
        self._encoder = codecs.getincrementalencoder(encoding)()

    @property
    def _form(self) -> dict[str, Any]:
        """How the csv module writes such a file, and reads it again."""
        long = len(self._delimiter) > 1
        return {
            "delimiter": DELIMITER_STAND_IN if long else self._delimiter,
            # The csv module does not see which cells hold a separator of several characters.
            "quoting": csv.QUOTE_NONE if self._plain else csv.QUOTE_ALL if long else csv.QUOTE_MINIMAL,
            # Without quoting, a quote is an ordinary character that must not be escaped.
            "quotechar": None if self._plain else '"',
        }

    def rows(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Rows of text, after those that came before; the first bytes hold the mark of the encoding."""
        text = io.StringIO(newline="")
        stream = RowStream(text, self._form["delimiter"], self._delimiter)
        csv.writer(stream, lineterminator=QUOTED_ENDS, **self._form).writerows(rows)
        return self._encoder.encode(text.getvalue())

    def guard(self, whole: Path, to: Path) -> bool:
        """Write what was written once more, with ' before each cell that a spreadsheet would run.

        Where there is none, no file is written; whether there is one.
        """
        self._encoder.reset()
        found, waiting = False, temporary_name(to)
        try:
            with whole.open(encoding=self._encoding, newline="") as file, waiting.open("wb") as new:
                lines = (line.replace(self._delimiter, self._form["delimiter"]) for line in file)
                reader = csv.reader(lines, **self._form)
                while rows := list(islice(reader, ROWS_AT_ONCE)):
                    safe = [[disarm(cell) for cell in row] for row in rows]
                    found |= safe != rows
                    new.write(self.rows(safe))
            if found:
                rename(waiting, to)
        finally:
            waiting.unlink(missing_ok=True)
        return found


class RowStream:
    """A place for rows of the csv module; they end with a line feed, and have the separator itself."""

    def __init__(self, stream: TextIO, stand_in: str, delimiter: str) -> None:
        self.stream = stream
        self.stand_in = stand_in
        self.delimiter = delimiter

    def write(self, row: str) -> int:
        """Write a row."""
        row = row.removesuffix(QUOTED_ENDS).replace(self.stand_in, self.delimiter)
        return self.stream.write(f"{row}\n")


def check_place(to: Path) -> None:
    """Raise InvalidInput where a file cannot be written there; its folder is made where it is missing."""
    with writing(to):
        to.parent.mkdir(parents=True, exist_ok=True)
        to.exists()  # raises where no file can have that name
        probe = temporary_name(to)
        probe.touch()
        probe.unlink()


@contextmanager
def writing(to: Path) -> Iterator[None]:
    """What the machine refuses while a file is written, in words."""
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"The answers cannot be written to {to.name}: {error.strerror}.",
            "Choose another place for them, or make this one ready to be written to.",
        ) from error
