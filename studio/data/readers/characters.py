"""What needs saying of the characters of a file that is no delimited text: bytes and halves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import CellColumns
from studio.data.readers.encodings import Decoded
from studio.data.readers.findings import REPLACEMENT, rows_matching
from studio.data.readers.lines import is_damaged
from studio.data.readers.table import Table


@dataclass(frozen=True)
class Origin:
    """The file behind a table: its encoding is "" where the format has none."""

    path: Path
    name: str
    encoding: str = ""
    sure: bool = True

    @classmethod
    def of(cls, path: Path, name: str, decoded: Decoded) -> Origin:
        """The origin of a text that was decoded."""
        return cls(path, name, decoded.encoding, decoded.sure)


def find_text_problems(cells: CellColumns, table: Table, origin: Origin) -> Iterator[Problem]:
    """Characters that could not be read."""
    file = origin.name
    if not origin.sure:
        yield Problem(
            "warning",
            "unsure_encoding",
            f"The encoding is not clear; the file was read as {origin.encoding}.",
            "In the wrong encoding, letters turn into others and the model learns nonsense.",
            "Look at the rows. If letters look wrong, choose the encoding, or save the file as UTF-8.",
            file,
        )
    rows = table.lines[rows_matching(table.frame, REPLACEMENT)] if origin.encoding else table.lines[:0]
    if len(rows) and is_damaged(origin.path, origin.encoding):
        yield of_rows(
            "undecodable_bytes",
            f"{count_of(len(rows), 'row holds', 'rows hold')} bytes that are not {origin.encoding}; "
            f"they are shown as {REPLACEMENT}",
            "The model would learn from damaged characters.",
            "If many characters look wrong, choose another encoding; else repair these rows.",
            rows.tolist(),
            file,
        )
    if cells.repaired:
        lines = sorted(set(cells.repaired))
        yield of_rows(
            "half_characters",
            f"{count_of(len(lines), 'row holds', 'rows hold')} halves of characters, shown as {REPLACEMENT}",
            "They come from a text that was cut in the middle of a character.",
            "Look at these rows, and repair them where they matter.",
            lines,
            file,
        )


def of_rows(code: str, message: str, why: str, hint: str, lines: list[int], file: str) -> Problem:
    """A warning about rows."""
    return Problem(
        "warning",
        code,
        f"{message}: {name_rows(lines)}.",
        why,
        hint,
        file,
        count=len(lines),
        rows=first_rows(lines),
    )
