"""What became of each line of a file that is no plain row: dropped, repaired or blank."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from studio.data.readers.table import LeftOut

KEPT_ROWS = 1000
KEPT_CHARACTERS = 10_000
# A file with more gaps than this is spaced out with empty lines; they say nothing.
MOST_GAPS = 50
WIDTH_CODES = ("too_few_fields", "too_many_fields", "broken_quotes")


@dataclass
class Section:
    """The rows below a gap: its last empty line (-1 above all), how many fit, how many not, the first."""

    gap: int
    good: int = 0
    odd: int = 0
    first: list[str] | None = None


@dataclass
class Account:
    """Lines by what became of them: int64 arrays.

    ``dropped`` and ``repaired`` are by the code of the finding; ``left_out`` are the first of those dropped.
    ``sections`` are what empty lines part, in the order of the file, which is that in which lines are noted.
    """

    dropped: dict[str, array[int]] = field(default_factory=dict)
    repaired: dict[str, array[int]] = field(default_factory=dict)
    blank: array[int] = field(default_factory=lambda: array("q"))
    left_out: list[LeftOut] = field(default_factory=list)
    sections: list[Section] = field(default_factory=lambda: [Section(-1)])

    def take(self, rows: list[list[str]]) -> None:
        """Note rows that fit."""
        section = self.sections[-1]
        section.good += len(rows)
        section.first = section.first or rows[0]

    def pass_blank(self, line: int) -> None:
        """Note an empty line: it makes a gap, or goes on with one; more gaps than say anything are one."""
        self.blank.append(line)
        if self.sections[-1].gap == line - 1:
            self.sections[-1].gap = line
        elif len(self.sections) <= MOST_GAPS + 1:
            self.sections.append(Section(line))

    def drop(self, code: str, line: int, raw: str) -> None:
        """Note a row that does not make it into the table."""
        self.dropped.setdefault(code, array("q")).append(line)
        self.sections[-1].odd += code in WIDTH_CODES
        if len(self.left_out) < KEPT_ROWS:
            self.left_out.append(LeftOut(line, code, raw.rstrip("\r\n")[:KEPT_CHARACTERS]))

    def repair(self, code: str, line: int) -> None:
        """Note a row that was mended."""
        self.repaired.setdefault(code, array("q")).append(line)

    def sort_left_out(self, code: str, start: int) -> None:
        """Name the code of what was left out from a line on, and put all in the order of the file."""
        renamed = (
            LeftOut(each.line, code, each.raw) if each.line >= start else each for each in self.left_out
        )
        self.left_out = sorted(renamed, key=lambda each: each.line)

    @property
    def rows_dropped(self) -> int:
        """How many rows did not make it into the table."""
        return sum(map(len, self.dropped.values()))

    def lines_of(self, code: str) -> np.ndarray:
        """Lines of the rows dropped under a code, int64."""
        return np.array(self.dropped.get(code, ()), dtype=np.int64)
