"""A text that is no table: a row per line, in one column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import PREVIEW_ROWS, CellColumns, cut_chunks
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.encodings import Encoding, find_encoding
from studio.data.readers.table import ReaderReport, ReadOptions, Table

WIDTH_CODES = frozenset({"too_few_fields", "too_many_fields"})
LEAST_ODD_SHARE = 0.5
COLUMN = "text"


def looks_like_prose(report: ReaderReport, odd: int, options: ReadOptions) -> bool:
    """Whether a text without column names has no separator, or one by which most lines would be left out.

    ``odd`` is the number of rows of another width.
    """
    if options.delimiter or options.header or options.repairs or report.header:
        return False
    if not report.delimiter:
        return report.quote is None
    return odd > LEAST_ODD_SHARE * (odd + report.rows_read)


def read_prose(path: Path, options: ReadOptions, name: str) -> Table:
    """One column ``text`` with a row for each line that is not empty."""
    encoding = encoding_of(path, options)
    cells, empty = CellColumns(name), []
    with path.open(encoding=encoding.name, errors="replace", newline=None) as file:
        numbered = enumerate(file, start=1)
        limited = islice(numbered, PREVIEW_ROWS) if options.preview else numbered
        for filled, blank in prose_chunks(limited):
            empty += blank
            cells.add({COLUMN: [line for _, line in filled]}, [number for number, _ in filled])
        complete = next(numbered, None) is None
    origin = Origin(path, name, encoding.name, encoding.sure)
    report = replace(report_of(encoding), rows_read=len(cells), rows_dropped=len(empty), complete=complete)
    table = Table(cells.frame(), cells.lines(), report, (), name)
    problems = (*find_prose(empty, name), *find_text_problems(cells, table, origin))
    return replace(table, problems=problems)


def encoding_of(path: Path, options: ReadOptions) -> Encoding:
    """The encoding of a text."""
    with path.open("rb") as stream:
        return find_encoding(stream, options.encoding)


def report_of(encoding: Encoding) -> ReaderReport:
    """What is known of a text before its lines are read."""
    return ReaderReport("text", encoding.name, "", None, False, 0, 0)


def prose_chunks(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[list[tuple[int, str]], list[int]]]:
    """Numbered lines that hold something, without their ends, and the numbers of the others."""
    for chunk in cut_chunks(lines, lambda line: len(line[1])):
        filled = [(number, line.rstrip("\n")) for number, line in chunk if line.strip()]
        yield filled, [number for number, line in chunk if not line.strip()]


def find_prose(empty: list[int], file: str) -> list[Problem]:
    """That the file was taken for prose, and its empty lines."""
    found = [
        Problem(
            "note",
            "prose",
            "No separator divides most lines alike: the file was read as text, a row per line.",
            "Most of its lines would have been left out of a table with several columns.",
            "If it is a table, choose its separator.",
            file,
        )
    ]
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
