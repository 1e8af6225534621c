"""A whole table of texts in, the same table with answers out; columns and rows keep their order."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from jobs.durable import replacing, temporary_name
from studio.data.problems import count_of
from studio.data.readers import ReaderReport, ReadOptions, read_table
from studio.data.readers.parsing import DELIMITER_STAND_IN
from studio.errors import Conflict, InvalidInput

ROWS_PER_STEP = 512
PREDICTION, CONFIDENCE, LABEL_PREFIX = "prediction", "confidence", "p_"

Predict = Callable[[list[str]], list[dict[str, Any]]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PredictedTable:
    """The table with its answers, and how many rows had no text and so got none."""

    frame: pd.DataFrame
    unanswered: int


@dataclass(frozen=True)
class FileRequest:
    """A file of texts to be answered, and where the answers go.

    ``text_column`` None means: ``likely_columns`` in their order, else the column with the longest texts.
    """

    source: Path
    to: Path
    text_column: str | None = None
    likely_columns: Sequence[str] = ()
    options: ReadOptions = field(default_factory=ReadOptions)
    file_name: str | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class PredictedFile:
    """What was done with a file; ``notes`` are sentences a person should see."""

    path: Path
    rows: int
    unanswered: int
    text_column: str
    notes: tuple[str, ...]


def predict_table(
    frame: pd.DataFrame, text_column: str, predict: Predict, progress: Progress | None = None
) -> PredictedTable:
    """Add ``prediction``, ``confidence`` and one ``p_<label>`` per label to every row.

    A row without text keeps empty answers. A new column whose name is taken gets ``_2``, ``_3`` ...
    ``progress`` is called with (rows done, rows in all).
    Raises InvalidInput where there is no such column.
    """
    check_column(frame, text_column)
    texts = ["" if pd.isna(text) else str(text) for text in frame[text_column]]
    asked = [row for row, text in enumerate(texts) if text.strip()]
    answers: list[dict[str, Any] | None] = [None] * len(texts)
    for start in range(0, len(asked), ROWS_PER_STEP):
        rows = asked[start : start + ROWS_PER_STEP]
        for row, answer in zip(rows, predict([texts[row] for row in rows]), strict=True):
            answers[row] = answer
        if progress:
            progress(start + len(rows), len(asked))
    columns = answer_columns(answers)
    names = free_names(list(columns), [str(name) for name in frame.columns])
    added = pd.DataFrame(
        {new: columns[name] for name, new in zip(columns, names, strict=True)}, index=frame.index
    )
    return PredictedTable(pd.concat([frame, added], axis=1), len(texts) - len(asked))


def answer_columns(answers: Sequence[dict[str, Any] | None]) -> dict[str, list[Any]]:
    """Answers, turned into columns; labels keep the order of the first answer."""
    first = next((answer for answer in answers if answer is not None), None)
    labels = list(first["probabilities"]) if first else []
    columns: dict[str, list[Any]] = {
        PREDICTION: ["" if answer is None else answer["label"] for answer in answers],
        CONFIDENCE: [np.nan if answer is None else answer["confidence"] for answer in answers],
    }
    for label in labels:
        columns[LABEL_PREFIX + label] = [
            np.nan if answer is None else answer["probabilities"][label] for answer in answers
        ]
    return columns


def free_names(wanted: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names that no column has yet.

    >>> free_names(["prediction", "p_x"], ["text", "prediction", "prediction_2"])
    ['prediction_3', 'p_x']
    """
    used = set(taken)
    names = []
    for name in wanted:
        free, number = name, 2
        while free in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free)
        names.append(free)
    return names


def check_column(frame: pd.DataFrame, name: str) -> None:
    """Raise InvalidInput where the table has no column of this name."""
    if name not in frame.columns:
        known = ", ".join(f"'{column}'" for column in list(frame.columns)[:20])
        raise InvalidInput(f"The table has no column '{name}'.", f"Its columns are {known}.")


def choose_text_column(frame: pd.DataFrame, likely: Sequence[str] = ()) -> tuple[str, bool]:
    """The column to read texts from, and whether that is a guess.

    First a column with one of the likely names (capitals and blanks around it aside), then one called
    ``text``, then the only column; else, as a guess, the one with the longest texts.
    """
    known = {str(column).strip().casefold(): str(column) for column in reversed(list(frame.columns))}
    for name in (*likely, "text"):
        if name.strip().casefold() in known:
            return known[name.strip().casefold()], False
    if len(frame.columns) == 1:
        return str(frame.columns[0]), False
    lengths = {str(name): float(frame[name].astype(str).str.len().mean()) for name in frame.columns}
    return max(lengths, key=lambda name: lengths[name]), True


def predict_file(request: FileRequest, predict: Predict, progress: Progress | None = None) -> PredictedFile:
    """Answer every row of a delimited file and write it with the answers, in the file's own format.

    Separator and encoding stay those of the source; the first line of the result always names the
    columns. The result appears whole or not at all. Raises Conflict where ``to`` exists, and InvalidInput,
    before anything is answered, where it cannot be written.
    """
    check_place(request.to)
    if request.to.exists() and not request.overwrite:
        raise Conflict(
            f"There is already a file {request.to.name}.", "Choose another name, or move the file away."
        )
    table = read_table(request.source, request.options, request.file_name)
    notes: list[str] = []
    column, guessed = request.text_column, False
    if column is None:
        column, guessed = choose_text_column(table.frame, request.likely_columns)
    if guessed:
        notes.append(f"Column '{column}' was taken for the text: it holds the longest texts.")
    predicted = predict_table(table.frame, column, predict, progress)
    if table.report.rows_dropped:
        notes.append(f"Left out: {table.report.rows_dropped:,} lines that could not be read as rows.")
    if predicted.unanswered:
        notes.append(f"Without an answer: {count_of(predicted.unanswered, 'row')} without a text.")
    with writing(request.to):
        notes += write_like(predicted.frame, request.to, table.report)
    return PredictedFile(request.to, len(predicted.frame), predicted.unanswered, column, tuple(notes))


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


def write_like(frame: pd.DataFrame, to: Path, report: ReaderReport) -> list[str]:
    """Write a table with the separator, quotes and encoding of the file it came from.

    Where a cell cannot be written that way, quotes or UTF-8 are used; the sentences returned say so. For a
    file that has none of these (a workbook, Parquet) it is CSV in UTF-8.
    """
    notes = []
    encoding = report.encoding or "utf-8-sig"
    delimiter = report.delimiter or ","
    if not can_encode(frame, encoding):
        notes.append(f"The answers hold characters that {encoding} does not know: the file is UTF-8.")
        encoding = "utf-8-sig"
    plain = report.quote is None and not needs_quotes(frame, delimiter)
    with replacing(to) as waiting, open(waiting, "w", encoding=encoding, newline="") as stream:
        long = len(delimiter) > 1
        writer = csv.writer(
            LongDelimiter(stream, delimiter) if long else stream,
            delimiter=DELIMITER_STAND_IN if long else delimiter,
            # The csv module does not see which cells hold a separator of several characters.
            quoting=csv.QUOTE_NONE if plain else csv.QUOTE_ALL if long else csv.QUOTE_MINIMAL,
            # Without quoting, a quote is an ordinary character that must not be escaped.
            quotechar=None if plain else '"',
            lineterminator="\n",
        )
        writer.writerow([str(name) for name in frame.columns])
        writer.writerows(written_rows(frame))
    return notes


class LongDelimiter:
    """A place to write to that puts a separator of several characters where its stand-in is."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self.stream = stream
        self.delimiter = delimiter

    def write(self, line: str) -> int:
        """Write a line."""
        return self.stream.write(line.replace(DELIMITER_STAND_IN, self.delimiter))


def written_rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Cells as they are written: text as it is, shares with six digits, nothing where there is none."""
    columns = []
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind == "f":
            columns.append(["" if np.isnan(value) else f"{value:.6f}" for value in values])
        else:
            columns.append(values.tolist())
    return list(zip(*columns, strict=True))


def can_encode(frame: pd.DataFrame, encoding: str) -> bool:
    """Whether every cell and column name can be written in the encoding."""
    try:
        "".join(map(str, frame.columns)).encode(encoding)
        for name in frame.columns:
            if frame[name].dtype.kind != "f":
                "".join(frame[name].tolist()).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def needs_quotes(frame: pd.DataFrame, delimiter: str) -> bool:
    """Whether a cell holds the separator or a line end, so that it cannot be written without quotes."""
    cells = [list(map(str, frame.columns))]
    cells += [frame[name].tolist() for name in frame.columns if frame[name].dtype.kind != "f"]
    return any(mark in cell for column in cells for cell in column for mark in (delimiter, "\n", "\r"))
