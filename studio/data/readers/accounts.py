"""What became of each line of a file that is no plain row: dropped, repaired or blank."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from studio.data.readers.table import LeftOut

KEPT_ROWS = 1000
KEPT_CHARACTERS = 10_000


@dataclass
class Account:
    """Lines by what became of them: int64 arrays.

    ``dropped`` and ``repaired`` are by the code of the finding; ``left_out`` are the first of those dropped.
    """

    dropped: dict[str, array[int]] = field(default_factory=dict)
    repaired: dict[str, array[int]] = field(default_factory=dict)
    blank: array[int] = field(default_factory=lambda: array("q"))
    left_out: list[LeftOut] = field(default_factory=list)

    def drop(self, code: str, line: int, raw: str) -> None:
        """Note a row that does not make it into the table."""
        self.dropped.setdefault(code, array("q")).append(line)
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

    def lines_of(self, code: str) -> np.ndarray:
        """Lines of the rows dropped under a code, int64."""
        return np.array(self.dropped.get(code, ()), dtype=np.int64)
