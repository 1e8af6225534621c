"""A table written in the form of the file that it was read from."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from jobs.durable import temporary_name
from studio.data.readers.parsing import DELIMITER_STAND_IN
from studio.data.readers.pieces import LINE_ENDS, Pieces, can_encode
from studio.errors import InvalidInput


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
        self._encoder = codecs.getincrementalencoder(encoding)()

    def rows(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Rows of text, after those that came before; the first bytes hold the mark of the encoding."""
        text = io.StringIO(newline="")
        long = len(self._delimiter) > 1
        writer = csv.writer(
            LongDelimiter(text, self._delimiter) if long else text,
            delimiter=DELIMITER_STAND_IN if long else self._delimiter,
            # The csv module does not see which cells hold a separator of several characters.
            quoting=csv.QUOTE_NONE if self._plain else csv.QUOTE_ALL if long else csv.QUOTE_MINIMAL,
            # Without quoting, a quote is an ordinary character that must not be escaped.
            quotechar=None if self._plain else '"',
            lineterminator="\n",
        )
        writer.writerows(rows)
        return self._encoder.encode(text.getvalue())


class LongDelimiter:
    """A place to write to that puts a separator of several characters where its stand-in is."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self.stream = stream
        self.delimiter = delimiter

    def write(self, line: str) -> int:
        """Write a line."""
        return self.stream.write(line.replace(DELIMITER_STAND_IN, self.delimiter))


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
