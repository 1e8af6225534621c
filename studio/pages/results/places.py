"""Where the rows stand that were answered: the line of each, leading to that row on the Data page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages.data.browsing import Filters, address_of
from studio.pages.words import words_of

W = words_of("results")


class Placed(Protocol):
    """Answers that know the line and the file of each row."""

    @property
    def lines(self) -> np.ndarray:
        """The line of each row; 0 where it is not known."""

    @property
    def files(self) -> Sequence[str]:
        """The name of the file of each row."""


@dataclass(frozen=True)
class RowsAt:
    """The rows that were answered: a split of a version, named by its address (empty: it is gone)."""

    dataset: str = ""
    split: str = ""

    def show(self, line: int, file: str = "") -> Markup:
        """The line of a row, after the name of its file where that is given."""
        if not line:
            return Markup("{}").format(f"{file}, {fmt.ABSENT}" if file else fmt.ABSENT)
        told = f"{file}, {fmt.count(line)}" if file else fmt.count(line)
        if not self.dataset:
            return Markup("{}").format(told)
        return Markup('<a href="{}" title="{}">{}</a>').format(
            address_of(self.dataset, Filters(split=self.split, line=line)), W.cases.open, told
        )

    def show_all(self, lines: Sequence[int], files: Sequence[str]) -> list[Markup]:
        """The lines of some rows, with their files where they are of several."""
        several = len(set(files)) > 1
        return [self.show(line, file if several else "") for line, file in zip(lines, files, strict=True)]

    def show_rows(self, answers: Placed, rows: Sequence[int]) -> list[Markup]:
        """As ``show_all``, of rows of what was answered, by their indices."""
        return self.show_all(*([places[row] for row in rows] for places in (answers.lines, answers.files)))


NOWHERE = RowsAt()
