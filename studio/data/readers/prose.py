"""A text that is no table: a row per line, in one column."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import PREVIEW_ROWS, ROWS_PER_CHUNK, CellColumns
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.encodings import find_encoding
from studio.data.readers.table import ReaderReport, ReadOptions, Table

WIDTH_CODES = frozenset({"too_few_fields", "too_many_fields"})
LEAST_ODD_SHARE = 0.5
COLUMN = "text"


def looks_like_prose(table: Table, options: ReadOptions) -> bool:
    """Whether a text without column names has no separator, or one by which most lines would be left out."""
    if options.delimiter or options.header or options.repairs or table.report.header:
        return False
    if not table.report.delimiter:
        return table.report.quote is None
    odd = sum(problem.count for problem in table.problems if problem.code in WIDTH_CODES)
    return odd > LEAST_ODD_SHARE * (odd + len(table.frame))


def read_prose(path: Path, options: ReadOptions, name: str) -> Table:
    """One column ``text`` with a row for each line that is not empty."""
    with path.open("rb") as stream:
        encoding = find_encoding(stream, options.encoding)
    cells, empty = CellColumns(name), []
    with path.open(encoding=encoding.name, errors="replace", newline=None) as file:
        numbered = enumerate(file, start=1)
        limited = islice(numbered, PREVIEW_ROWS) if options.preview else numbered
        while chunk := list(islice(limited, ROWS_PER_CHUNK)):
            filled = [(number, line.rstrip("\n")) for number, line in chunk if line.strip()]
            empty += [number for number, line in chunk if not line.strip()]
            cells.add({COLUMN: [line for _, line in filled]}, [number for number, _ in filled])
        complete = next(numbered, None) is None
    origin = Origin(path, name, encoding.name, encoding.sure)
    report = ReaderReport("text", encoding.name, "", None, False, len(cells), len(empty), complete=complete)
    table = Table(cells.frame(), cells.lines(), report, (), name)
    problems = (*find_prose(empty, name), *find_text_problems(cells, table, origin))
    return replace(table, problems=problems)


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
