"""A table of texts in, the same table with answers out, a piece at a time; all else stays as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from jobs.durable import temporary_name
from studio.data.problems import count_of
from studio.data.readers import Progress as Reading
from studio.data.readers import ReadOptions
from studio.data.readers.pieces import Pieces, open_pieces
from studio.errors import Conflict, InvalidInput
from studio.prediction.answers import Answerer, Tell, answer_columns, answer_names
from studio.prediction.kept import Kept
from studio.prediction.writing import TableWriter, check_place, writing

# So many rows that sorting them by length leaves hardly any padding; fewer where their texts are long.
ROWS_PER_PIECE, BYTES_PER_PIECE = 4096, 4_000_000
# Raised where the same file would come out otherwise, so that what an older version kept is not gone on with.
LAYOUT = 1

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; it may raise to stop the work."""


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
    rows_per_piece: int = ROWS_PER_PIECE


@dataclass(frozen=True)
class PredictedFile:
    """What was done with a file; ``notes`` are sentences a person should see."""

    path: Path
    rows: int
    unanswered: int
    text_column: str
    notes: tuple[str, ...]


def predict_file(
    request: FileRequest,
    answerer: Answerer,
    progress: Progress | None = None,
    reading: Reading | None = None,
    work: Path | None = None,
) -> PredictedFile:
    """Answer every row of a table and write it with the answers, in the file's own format.

    Adds ``prediction``, ``confidence`` and one ``p_<label>`` per label to every row; a row without text keeps
    empty answers, and a new column whose name is taken gets ``_2``, ``_3`` ... Separator and encoding stay
    those of the source; the first line of the result always names the columns.

    The file is read twice, a piece at a time: once to learn what is in it (``reading`` is told), then to
    answer it (``progress`` is). The result appears whole or not at all. With a ``work`` folder, an answering
    of the same file by the same model that was interrupted there goes on after its last whole piece.

    Raises Conflict where ``to`` exists, and InvalidInput, before anything is answered, where it cannot be
    written or there is no such column.
    """
    check_place(request.to)
    if request.to.exists() and not request.overwrite:
        raise Conflict(
            f"There is already a file {request.to.name}.", "Choose another name, or move the file away."
        )
    with open_pieces(request.source, request.options, request.file_name, reading) as pieces:
        column, guessed = find_text_column(request, pieces)
        names = answer_names(answerer.labels, pieces.columns)
        writer = TableWriter(pieces, [*pieces.columns, *names, *answerer.labels])
        fingerprint = fingerprint_of(request, column, answerer) if work else ""
        with place_of_work(request.to, work) as folder, Kept(folder, fingerprint, request.to) as kept:
            head = writer.rows([[*pieces.columns, *names]])
            if not kept.note.size:
                keep_piece(kept, request.to, head)
            unanswered = Answering(request, column, answerer, writer, kept).answer(pieces, progress)
            with writing(request.to):
                kept.finish()
    notes = [f"Column '{column}' was taken for the text: it holds the longest texts."] if guessed else []
    if pieces.report.rows_dropped:
        one, more = "line that could not be read as a row", "lines that could not be read as rows"
        notes.append(f"Left out: {count_of(pieces.report.rows_dropped, one, more)}.")
    if unanswered:
        notes.append(f"Without an answer: {count_of(unanswered, 'row')} without a text.")
    notes += writer.notes
    return PredictedFile(request.to, pieces.report.rows_read, unanswered, column, tuple(notes))


@dataclass(frozen=True)
class Answering:
    """What is needed to answer a file once it is known what is in it."""

    request: FileRequest
    column: str
    answerer: Answerer
    writer: TableWriter
    kept: Kept

    def answer(self, pieces: Pieces, progress: Progress | None) -> int:
        """Answer and keep every piece that is not kept yet; how many rows have no text."""
        done, begin, rows = 0, self.kept.note.rows, pieces.report.rows_read
        tell = progress or (lambda _done, _rows: None)
        tell(begin, rows)
        for whole in cut_pieces(pieces.frames(), self.column, self.request.rows_per_piece):
            piece = whole[max(0, begin - done) :]
            done += len(whole) - len(piece)
            if len(piece):
                content, unanswered = self.answer_piece(piece, partial(add_and_tell, tell, done, rows))
                keep_piece(self.kept, self.request.to, content, len(piece), unanswered)
                done += len(piece)
            tell(max(begin, done), rows)
        return self.kept.note.unanswered

    def answer_piece(self, piece: pd.DataFrame, tell: Tell) -> tuple[bytes, int]:
        """Some rows with their answers as they are written, and how many of them have no text."""
        cells = {name: piece[name].array.__arrow_array__().to_pylist() for name in piece.columns}
        asked = np.array([bool(text.strip()) for text in cells[self.column]])
        texts = [text for text, wanted in zip(cells[self.column], asked, strict=True) if wanted]
        labels = self.answerer.labels
        shares = self.answerer.probabilities(texts, tell) if texts else np.zeros((0, len(labels)))
        columns = answer_columns(labels, shares, asked)
        return self.writer.rows(zip(*cells.values(), *columns, strict=True)), len(asked) - len(texts)


def add_and_tell(tell: Progress, done: int, rows: int, more: int) -> None:
    """Tell how many rows are done, those within a piece among them."""
    tell(done + more, rows)


def keep_piece(kept: Kept, to: Path, content: bytes, rows: int = 0, unanswered: int = 0) -> None:
    """Keep a piece; InvalidInput where the machine refuses it."""
    with writing(to):
        kept.add(content, rows, unanswered)


@contextmanager
def place_of_work(to: Path, work: Path | None) -> Iterator[Path]:
    """The folder in which a result grows: the given one, else one beside it that goes in any case."""
    if work is not None:
        yield work
        return
    folder = temporary_name(to)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cut_pieces(frames: Iterator[pd.DataFrame], text_column: str, rows: int) -> Iterator[pd.DataFrame]:
    """Rows in pieces of so many, or of as many as hold four million bytes of text; always cut alike."""
    for frame in frames:
        sizes = pc.binary_length(frame[text_column].array.__arrow_array__()).to_numpy()
        start = 0
        while start < len(frame):
            held = np.cumsum(sizes[start : start + rows])
            fit = max(1, int(np.searchsorted(held, BYTES_PER_PIECE, side="right")))
            yield frame[start : start + fit]
            start += fit


def fingerprint_of(request: FileRequest, column: str, answerer: Answerer) -> str:
    """What tells whether the same file would come out again: source, model, column and how it is read."""
    options = {name: str(value) for name, value in asdict(request.options).items()}
    settings = [LAYOUT, column, answerer.labels, answerer.fingerprint, options, request.rows_per_piece]
    return hashlib.sha256(f"{json.dumps(settings)}{digest_of(request.source)}".encode()).hexdigest()


def digest_of(path: Path) -> str:
    """sha256 (hex) over a file, or over all files of a folder and their names."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{file.relative_to(path).as_posix()}\n{content}\n".encode())
    return digest.hexdigest()


def find_text_column(request: FileRequest, pieces: Pieces) -> tuple[str, bool]:
    """The column to read texts from, and whether that is a guess from the first thousands of rows.

    Raises InvalidInput where there is no column of the name that was asked for.
    """
    name = request.text_column
    if name is None:
        first = next(pieces.frames(), pd.DataFrame(columns=list(pieces.columns)))
        return choose_text_column(first, request.likely_columns)
    if name not in pieces.columns:
        known = ", ".join(f"'{column}'" for column in pieces.columns[:20])
        raise InvalidInput(f"The table has no column '{name}'.", f"Its columns are {known}.")
    return name, False


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
