"""What every reader gives: cells exactly as they are, where rows stand, and how the file was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd

from studio.data.problems import Problem

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and a sentence; it may raise to stop the work."""


@dataclass(frozen=True)
class ReadOptions:
    """What a person overrules; None means: find out.

    ``quote`` "" means that quotes are ordinary characters; ``skip_lines`` are left out above the table;
    ``header_lines`` are joined into one name per column; ``sheet`` names one of a workbook; ``repairs`` are
    actions of ``studio.data.fixes`` on rows that do not fit; ``preview`` reads the first rows of a long file.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    quote: str | None = None
    escape: str | None = None
    comment: str | None = None
    skip_lines: int | None = None
    header_lines: int | None = None
    sheet: str | None = None
    repairs: frozenset[str] = frozenset()
    preview: bool = False


@dataclass(frozen=True)
class ReaderReport:
    """What was understood of a file; rows_read + rows_dropped is every row in it.

    ``delimiter`` is "" and ``encoding`` "" where the format has none; ``header_line`` is the physical line
    of the column names, 0 without; ``rows_repaired`` of the rows read were mended; ``blank_lines``, which
    hold not even a separator, are no rows; ``complete`` is False for a preview of a longer file; ``parts``
    are the files inside an archive or folder, or the sheets.
    """

    format: str
    encoding: str
    delimiter: str
    quote: str | None
    header: bool
    rows_read: int
    rows_dropped: int
    escape: str | None = None
    comment: str | None = None
    header_line: int = 0
    header_lines: int = 1
    skipped_lines: int = 0
    rows_repaired: int = 0
    blank_lines: int = 0
    sheet: str | None = None
    parts: tuple[str, ...] = ()
    complete: bool = True

    def to_json(self) -> dict[str, Any]:
        """The shape of CONTRACT section 1, and more keys."""
        return {**asdict(self), "parts": list(self.parts)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ReaderReport:
        """Read what to_json wrote, now or in an earlier release."""
        return cls(**{**value, "parts": tuple(value.get("parts", ()))})

    def without(self, rows: int) -> ReaderReport:
        """The same report after that many more rows were left out."""
        return replace(self, rows_read=self.rows_read - rows, rows_dropped=self.rows_dropped + rows)


@dataclass(frozen=True)
class LeftOut:
    """A row that did not make it into the table: its line, the code of the finding, and its raw text."""

    line: int
    code: str
    raw: str


@dataclass(frozen=True)
class Table:
    """Cells exactly as they stand in the file.

    ``frame`` holds text columns (Arrow-backed), empty cells as ""; ``lines`` is int64 with the physical line
    on which each row starts, the first line of the file being 1; ``problems`` are those of reading alone;
    ``left_out`` are the first thousand rows that could not be read; ``roles`` and ``task`` are what the
    format itself says of the columns (SQuAD, CoNLL, a folder per class), such as {"label": "label"};
    ``split_column`` names the column that says which split a row belongs to, where the format has one.
    ``files`` is the file of each row where there are several; ``label_names`` are those of a labels file
    that lay beside the table, whose labels are indices into it. ``word_lines`` are those of the words
    of each row, where these have lines of their own.
    """

    frame: pd.DataFrame
    lines: np.ndarray
    report: ReaderReport
    problems: tuple[Problem, ...]
    file: str
    left_out: tuple[LeftOut, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    split_column: str | None = None
    files: pd.Series | None = None
    label_names: tuple[str, ...] = ()
    word_lines: tuple[tuple[int, ...], ...] = ()

    def keep(self, mask: np.ndarray) -> Table:
        """The rows where the mask is true; the others count as dropped."""
        return replace(
            self,
            frame=self.frame[mask].reset_index(drop=True),
            lines=self.lines[mask],
            files=None if self.files is None else self.files[mask].reset_index(drop=True),
            word_lines=tuple(compress(self.word_lines, mask)),
            report=self.report.without(int((~mask).sum())),
        )
