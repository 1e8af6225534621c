"""A table in, the same table with answers out, a piece at a time; all else stays as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from jobs.durable import temporary_name
from studio.data.columns import BETWEEN_COLUMNS, SEVERAL, columns_of, main_text
from studio.data.guessing import guess_several
from studio.data.problems import count_of
from studio.data.readers import Progress as Reading
from studio.data.readers import ReadOptions
from studio.data.readers.pieces import Pieces, open_pieces
from studio.errors import Conflict, InvalidInput
from studio.prediction.answers import Answerer, Tell, free_names
from studio.prediction.kept import Kept
from studio.prediction.writing import TableWriter, check_place, writing
from studio.tasks.base import Role
from studio.tasks.registry import title_of

# So many rows that sorting them by length leaves hardly any padding; fewer where their texts are long.
ROWS_PER_PIECE, BYTES_PER_PIECE = 4096, 4_000_000
# Raised where the same file would come out otherwise, so that what an older version kept is not gone on with.
LAYOUT = 3
GUESSED = "Column '{column}' was taken for the {role}: it holds the longest texts."

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; it may raise to stop the work."""


@dataclass(frozen=True)
class FileRequest:
    """A file to be answered, and where the answers go.

    ``columns`` names the column of each role where a person chose it, ``likely`` what it was called where the
    model was trained; without either it is the one called like the role, else that with the longest texts.
    ``guarded`` is a place for the same with ' before cells that a spreadsheet would run, where there are any.
    """

    source: Path
    to: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    likely: Mapping[str, str] = field(default_factory=dict)
    options: ReadOptions = field(default_factory=ReadOptions)
    file_name: str | None = None
    overwrite: bool = False
    guarded: Path | None = None
    rows_per_piece: int = ROWS_PER_PIECE


@dataclass(frozen=True)
class PredictedFile:
    """What was done with a file; ``notes`` are sentences a person should see.

    ``guarded``: there are cells that a spreadsheet would run, and a file without them was written too.
    """

    path: Path
    rows: int
    unanswered: int
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    guarded: bool = False


def predict_file(
    request: FileRequest,
    answerer: Answerer,
    progress: Progress | None = None,
    reading: Reading | None = None,
    work: Path | None = None,
) -> PredictedFile:
    """Answer every row of a table and write it with the answers, in the file's own format.

    Adds the columns of the task's answers to every row, such as ``prediction``; a row without text keeps
    empty ones, and a new column whose name is taken gets ``_2``, ``_3`` ... Separator and encoding stay
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
        columns, guessed = find_columns(request, pieces, answerer.roles)
        names = free_names(answerer.columns, pieces.columns)
        writer = TableWriter(pieces, [*pieces.columns, *names, *answerer.labels])
        fingerprint = fingerprint_of(request, columns, answerer) if work else ""
        with place_of_work(request.to, work) as folder, Kept(folder, fingerprint, request.to) as kept:
            head = writer.rows([[*pieces.columns, *names]])
            if not kept.note.size:
                keep_piece(kept, request.to, head)
            unanswered = Answering(request, columns, answerer, writer, kept).answer(pieces, progress)
            with writing(request.to):
                kept.finish()
                guarded = request.guarded is not None and writer.guard(request.to, request.guarded)
    notes = [GUESSED.format(column=columns[role], role=title_of(role)) for role in guessed]
    if pieces.report.rows_dropped:
        one, more = "line that could not be read as a row", "lines that could not be read as rows"
        notes.append(f"Left out: {count_of(pieces.report.rows_dropped, one, more)}.")
    if pieces.report.blank_lines:
        notes.append(f"Without a row: {count_of(pieces.report.blank_lines, 'empty line')} of the file.")
    if unanswered:
        least = (answerer.task.role(role).least or f"a {title_of(role)}" for role in answerer.roles)
        notes.append(f"Without an answer: {count_of(unanswered, 'row')} without {' or '.join(least)}.")
    notes += writer.notes
    return PredictedFile(request.to, pieces.report.rows_read, unanswered, columns, tuple(notes), guarded)


@dataclass(frozen=True)
class Answering:
    """What is needed to answer a file once it is known what is in it."""

    request: FileRequest
    columns: Mapping[str, str]
    answerer: Answerer
    writer: TableWriter
    kept: Kept

    def answer(self, pieces: Pieces, progress: Progress | None) -> int:
        """Answer and keep every piece that is not kept yet; how many rows have no text."""
        done, begin, rows = 0, self.kept.note.rows, pieces.report.rows_read
        tell = progress or (lambda _done, _rows: None)
        tell(begin, rows)
        read = [
            name for role, chosen in self.columns.items() for name in columns_of(role, chosen, pieces.columns)
        ]
        for whole in cut_pieces(pieces.frames(), read, self.request.rows_per_piece):
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
        names = [str(name) for name in piece.columns]
        given = {
            role: read_role(self.answerer.task.role(role), piece[columns_of(role, chosen, names)])
            for role, chosen in self.columns.items()
        }
        rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
        asked = np.array([all(text.strip() for text in row.values()) for row in rows])
        rows = [row for row, wanted in zip(rows, asked, strict=True) if wanted]
        columns = self.answerer.cells(rows, asked, tell)
        return self.writer.rows(zip(*cells.values(), *columns, strict=True)), len(asked) - len(rows)


def read_role(role: Role, columns: pd.DataFrame) -> list[str]:
    """What a role is given by its column, or its columns, in each row; nothing where that cannot be read."""
    cells = (columns[name].array.__arrow_array__().to_pylist() for name in columns.columns)
    return [read_cells(role, row) for row in zip(*cells, strict=True)]


def read_cells(role: Role, cells: Sequence[str]) -> str:
    """What a role is given by the cells of one row, or nothing."""
    given: str | list[str] = cells[0] if len(cells) == 1 else [cell for cell in cells if cell.strip()]
    try:
        return role.read(given)
    except InvalidInput:
        return ""


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


def cut_pieces(frames: Iterator[pd.DataFrame], columns: Sequence[str], rows: int) -> Iterator[pd.DataFrame]:
    """Rows in pieces of so many, or of as many as hold four million bytes of text; always cut alike."""
    for frame in frames:
        sizes = sum(pc.binary_length(frame[name].array.__arrow_array__()).to_numpy() for name in columns)
        start = 0
        while start < len(frame):
            held = np.cumsum(sizes[start : start + rows])
            fit = max(1, int(np.searchsorted(held, BYTES_PER_PIECE, side="right")))
            yield frame[start : start + fit]
            start += fit


def fingerprint_of(request: FileRequest, columns: Mapping[str, str], answerer: Answerer) -> str:
    """What tells whether the same file would come out again: source, model, columns and how it is read."""
    options = {name: str(value) for name, value in asdict(request.options).items()}
    settings = [
        LAYOUT,
        dict(columns),
        answerer.columns,
        answerer.fingerprint,
        options,
        request.rows_per_piece,
    ]
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


def find_columns(
    request: FileRequest, pieces: Pieces, roles: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The column of each role, and the roles whose column is a guess from the first thousands of rows.

    Raises InvalidInput where there is no column of a name that was asked for, or none left for a role.
    """
    wanted = [columns_of(role, chosen, pieces.columns) for role, chosen in request.columns.items()]
    for name in (name for names in wanted for name in names):
        if name not in pieces.columns:
            known = ", ".join(f"'{column}'" for column in pieces.columns[:20])
            raise InvalidInput(f"The table has no column '{name}'.", f"Its columns are {known}.")
    first = next(pieces.frames(), pd.DataFrame(columns=list(pieces.columns)))
    return choose_columns(first, roles, request.columns, request.likely)


def choose_columns(
    frame: pd.DataFrame,
    roles: Sequence[str] = ("text",),
    chosen: Mapping[str, str] | None = None,
    likely: Mapping[str, str] | None = None,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The column of each role, and the roles whose column is a guess.

    First the column that was chosen, then one with the likely name (capitals and blanks around it aside),
    then one called like the role, then the only column; else, as a guess, the one with the longest texts of
    those that are left. Raises InvalidInput where none is left.
    """
    found = dict(chosen or {})
    for role in roles:
        for wanted in ((likely or {}).get(role, role), role):
            columns = find_named(frame, role, wanted)
            if role not in found and columns and not set(columns) & taken_by(found, frame):
                found[role] = BETWEEN_COLUMNS.join(columns)
        if role not in found and role in SEVERAL:
            left = frame.drop(columns=list(taken_by(found, frame)))
            found.update({role: several} if (several := guess_several(left)) else {})
    guessed = tuple(role for role in roles if role not in found and len(frame.columns) > 1)
    left = frame.drop(columns=list(taken_by(found, frame)))
    lengths = {str(name): float(left[name].astype(str).str.len().mean()) for name in left}
    longest = sorted(lengths, key=lambda name: -lengths[name])
    missing = sorted((role for role in roles if role not in found), key=lambda role: role != main_text(roles))
    for role, column in zip(missing, longest, strict=False):
        found[role] = column
    if len(found) < len(roles):
        raise InvalidInput(
            f"The table has {count_of(len(frame.columns), 'column')}; this model reads "
            f"{' and '.join(title_of(role) for role in roles)}.",
            "Bring a table with a column for each of them.",
        )
    return {role: found[role] for role in roles}, guessed


def find_named(frame: pd.DataFrame, role: str, wanted: str) -> list[str]:
    """The columns of a table that are called so, capitals and blanks around it aside; all of them or none."""
    names = [str(name) for name in frame.columns]
    known = {name.strip().casefold(): name for name in reversed(names)}
    columns = [known.get(name.casefold(), "") for name in columns_of(role, wanted.strip(), names)]
    return columns if all(columns) else []


def taken_by(found: Mapping[str, str], frame: pd.DataFrame) -> set[str]:
    """The columns of a table that have a role already."""
    names = [str(name) for name in frame.columns]
    return {name for role, chosen in found.items() for name in columns_of(role, chosen, names)} & set(names)
