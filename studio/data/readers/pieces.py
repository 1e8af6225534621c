"""A table of any length, read from its start as often as asked, a piece at a time: the cells of read_table.

What the whole of a file decides (whether it is prose, a second table below the first, a key that only its
last record has) is found out in a first reading. A table in a form that cannot be read in pieces (a workbook,
an archive, JSON that is one value) is held in memory as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.names import show_file_name
from studio.data.readers import parquet, prose
from studio.data.readers.archives import OPENERS, decompressed
from studio.data.readers.cells import ROWS_PER_CHUNK, CellColumns, check_width
from studio.data.readers.characters import Origin
from studio.data.readers.collecting import frame_of
from studio.data.readers.delimited import Passing, Plan, plan_reading, report_on
from studio.data.readers.headers import name_columns
from studio.data.readers.jsonlines import origin_of, read_items
from studio.data.readers.jsontext import Decoder
from studio.data.readers.parsing import Dialect
from studio.data.readers.reading import kind_of_member, read_kind, read_table, recognise_all
from studio.data.readers.records import Noted, columns_of, record_chunks, report_of
from studio.data.readers.second_tables import cut_second_table
from studio.data.readers.table import Progress, ReaderReport, ReadOptions, Table

LINE_ENDS = ("\n", "\r")


@dataclass
class Survey:
    """What a first reading tells of all cells.

    ``is_encodable``: each can be written in the encoding of the file ("": it has none, and any will do).
    ``has_breaks``: some hold the separator, or a line end ("": the file has none, or quotes such cells).
    """

    encoding: str
    separator: str
    rows: int = 0
    is_encodable: bool = True
    has_breaks: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything yet to be learnt from cells."""
        may_fail = bool(self.encoding) and not self.encoding.startswith("utf")
        return bool(self.separator and not self.has_breaks) or (may_fail and self.is_encodable)

    def look(self, frame: pd.DataFrame) -> None:
        """Take in some rows."""
        self.rows += len(frame)
        if not self.is_open:
            return
        for name in frame.columns:
            cells = frame[name].array.__arrow_array__()
            marks = (self.separator, *LINE_ENDS) if self.separator else ()
            self.has_breaks |= any(pc.any(pc.match_substring(cells, mark)).as_py() for mark in marks)
            if self.encoding:
                self.is_encodable &= can_encode("".join(cells.to_pylist()), self.encoding)


def survey_of(encoding: str, dialect: Dialect | ReaderReport) -> Survey:
    """The survey of a file before it is read."""
    return Survey(encoding, "" if dialect.quote else dialect.delimiter)


@dataclass(frozen=True)
class Pieces:
    """A table whose ``frames`` can be gone through again and again; ``report`` counts the rows of all.

    Each frame holds some thousand rows, or fewer where they are long, as Arrow-backed columns of text.
    """

    columns: tuple[str, ...]
    report: ReaderReport
    survey: Survey
    frames: Callable[[], Iterator[pd.DataFrame]]


@contextmanager
def open_pieces(
    path: Path | str,
    options: ReadOptions | None = None,
    file_name: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Pieces]:
    """Read a table once through, telling ``progress``, and give its pieces while the block lasts.

    Raises NotFound where there is no such file, InvalidInput where it cannot be read or holds no table; what
    is damaged only later in a Parquet file is met when its frames are.
    """
    path, options = Path(path), options or ReadOptions()
    name = show_file_name(file_name or path.name)
    kind = "folder" if os.path.isdir(path) else recognise_all(path, name)
    if kind in OPENERS:
        with decompressed(path, kind, name) as unpacked:
            yield pieces_of(unpacked, kind_of_member(unpacked, name), options, name, progress)
    elif kind in ("zip", "folder"):
        yield pieces_of_table(read_table(path, options, file_name, progress))
    else:
        yield pieces_of(path, kind, options, name, progress)


def pieces_of(path: Path, kind: str, options: ReadOptions, name: str, progress: Progress | None) -> Pieces:
    """The pieces of a file whose kind is known."""
    found = None
    if kind == "text":
        found = pieces_of_text(path, options, name, progress)
    elif kind == "jsonl":
        found = pieces_of_json_lines(path, options, name, progress)
    elif kind in ("parquet", "arrow"):
        found = pieces_of_arrow(path, kind, name)
    return found or pieces_of_table(read_kind(path, kind, options, name, progress))


def pieces_of_table(table: Table) -> Pieces:
    """The pieces of a table that is in memory."""
    survey = survey_of(table.report.encoding, table.report)
    survey.look(table.frame)

    def frames() -> Iterator[pd.DataFrame]:
        for start in range(0, len(table.frame), ROWS_PER_CHUNK):
            yield table.frame[start : start + ROWS_PER_CHUNK].reset_index(drop=True)

    return Pieces(tuple(table.frame.columns), table.report, survey, frames)


def pieces_of_text(path: Path, options: ReadOptions, name: str, progress: Progress | None) -> Pieces:
    """The pieces of a delimited text, or of prose."""
    plan = plan_reading(path, options, name)
    passing, survey = Passing(plan), survey_of(plan.encoding.name, plan.layout.dialect)
    for chunk in passing.chunks(progress):
        survey.look(frame_of([chunk], plan.columns.names))
    account = passing.account
    start = cut_second_table(account, plan.layout, plan.kinds)
    below = [section.good for section in account.sections if start is not None and section.gap >= start]
    report = report_on(plan, account, survey.rows, True).without(sum(below))
    odd = sum(len(account.lines_of(code)) for code in prose.WIDTH_CODES)
    if prose.looks_like_prose(report, odd, options):
        return pieces_of_prose(path, options, name)
    return Pieces(tuple(plan.columns.names), report, survey, partial(text_frames, plan, start))


def text_frames(plan: Plan, end: int | None) -> Iterator[pd.DataFrame]:
    """The rows of a delimited text, up to the line ``end`` where there is one."""
    for chunk in Passing(plan).chunks():
        wanted = chunk if end is None else chunk.above(end)
        if len(wanted.lines):
            yield frame_of([wanted], plan.columns.names)
        if len(wanted.lines) < len(chunk.lines):
            return


def pieces_of_prose(path: Path, options: ReadOptions, name: str) -> Pieces:
    """The pieces of a text with a row for each line."""
    encoding = prose.encoding_of(path, options)
    survey, empty = Survey(encoding.name, ""), 0

    def read() -> Iterator[tuple[pd.DataFrame, int]]:
        with path.open(encoding=encoding.name, errors="replace", newline=None) as file:
            for filled, blank in prose.prose_chunks(enumerate(file, start=1)):
                yield frame_from({prose.COLUMN: [line for _, line in filled]}, len(filled), name), len(blank)

    for frame, blank in read():
        survey.look(frame)
        empty += blank
    report = replace(prose.report_of(encoding), rows_read=survey.rows, rows_dropped=empty)
    return Pieces((prose.COLUMN,), report, survey, lambda: (frame for frame, _ in read() if len(frame)))


def pieces_of_json_lines(
    path: Path, options: ReadOptions, name: str, progress: Progress | None
) -> Pieces | None:
    """The pieces of JSON lines; None where the first of them is no object, or none holds anything."""
    origin = origin_of(path, options, name)
    first = next(read_items(origin, Decoder(), Noted()), None)
    if first is None or not isinstance(first[1], dict):
        return None
    survey, noted, keys = Survey(origin.encoding, ""), Noted(), dict[str, None]()
    for records in record_chunks(read_items(origin, Decoder(), noted, progress), noted):
        keys.update(dict.fromkeys(key for _, value in records for key in value))
        if survey.is_open:
            survey.look(frame_from(columns_of(records, keys), len(records), name))
        else:
            survey.rows += len(records)
    if not survey.rows:
        return None
    check_width(len(keys), name)
    dropped = len(noted.broken) + len(noted.empty)
    report = replace(report_of("jsonl", origin), rows_read=survey.rows, rows_dropped=dropped)
    names = tuple(name_columns([*keys], len(keys)).names)
    return Pieces(names, report, survey, partial(json_frames, origin, [*keys], names))


def json_frames(origin: Origin, keys: list[str], names: tuple[str, ...]) -> Iterator[pd.DataFrame]:
    """The records of JSON lines, with the same columns in each piece."""
    noted = Noted()
    for records in record_chunks(read_items(origin, Decoder(), noted), noted):
        if records:
            frame = frame_from(columns_of(records, keys), len(records), origin.name)
            yield frame.set_axis(list(names), axis=1)


def pieces_of_arrow(path: Path, kind: str, name: str) -> Pieces:
    """The pieces of a Parquet or Arrow file; the rows of the former are known without reading it."""
    with parquet.reading(name, kind), path.open("rb") as file:
        source = parquet.open_batches(file, kind)
        names = parquet.names_of(source, name)
        rows = source.rows or sum(batch.num_rows for batch in source.batches)
    parquet.check_rows(rows, name)

    def frames() -> Iterator[pd.DataFrame]:
        with parquet.reading(name, kind), path.open("rb") as file:
            for texts, count in parquet.text_batches(parquet.open_batches(file, kind), names):
                yield frame_from(texts, count, name)

    return Pieces(tuple(names), parquet.report_of(kind, rows, name), Survey("", "", rows), frames)


def frame_from(columns: Mapping[str, Sequence[str] | pa.Array], rows: int, name: str) -> pd.DataFrame:
    """Some rows from their cells by column."""
    cells = CellColumns(name)
    cells.add(columns, np.arange(rows))
    return cells.frame()


def can_encode(text: str, encoding: str) -> bool:
    """Whether a text can be written in an encoding."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
