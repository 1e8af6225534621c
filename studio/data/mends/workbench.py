"""The rows while they are mended: what was taken out is remembered, what was worked out is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.findings import View
from studio.data.columns import ANSWERS, main_text
from studio.data.fixes import FixChoice, Step
from studio.data.near import find_near_duplicates, texts_of
from studio.data.problems import SHOWN_ROWS, count_of
from studio.data.splits.plans import PLAN_CELLS
from studio.data.texts import content_keys, text_keys

PLACES = ("line", "file", "split")
NOTHING = "No row had it any more."


@dataclass
class Bench:
    """The rows while they are worked on. ``near`` (int64 per row) travels with them, once it is known."""

    rows: pd.DataFrame
    near: np.ndarray | None
    codes: Sequence[str]
    marks: np.ndarray | None
    gone: list[pd.DataFrame] = field(default_factory=list)
    known_keys: np.ndarray | None = None

    @property
    def roles(self) -> list[str]:
        """The roles that the rows have a column for."""
        return [str(name) for name in self.rows.columns if name not in (*PLACES, PLAN_CELLS)]

    def keys(self) -> np.ndarray:
        """A uint64 per row, equal for the same content in all text roles; worked out when first needed."""
        if self.known_keys is None:
            first = text_keys(self.rows[main_text(self.roles)])
            self.known_keys = content_keys(self.rows, self.roles, first)
        return self.known_keys

    def view(self, *, near: bool) -> View:
        """The rows as the checks see them; ``near``: with the groups of nearly the same texts."""
        if near and self.near is None:
            self.near = find_near_duplicates(texts_of(self.rows)).groups
        return View(self.rows, dict.fromkeys(self.roles, ""), kind_of(self.roles), self.keys(), self.near)

    def take(self, mask: np.ndarray) -> np.ndarray:
        """The line numbers of the rows where the mask is true, in order."""
        return np.sort(self.rows.loc[mask, "line"].to_numpy())

    def drop(self, mask: np.ndarray, choice: FixChoice) -> None:
        """Take the rows out and remember them."""
        if not mask.any():
            return
        part = self.rows.loc[mask, list(PLACES)]
        self.gone.append(part.assign(code=choice.code, action=choice.action))
        self.rows = self.rows[~mask].reset_index(drop=True)
        self.near = None if self.near is None else self.near[~mask]
        self.marks = None if self.marks is None else self.marks[~mask]
        self.known_keys = None if self.known_keys is None else self.known_keys[~mask]

    def change(self, column: str, cells: pd.Series) -> None:
        """Put other cells into a column."""
        self.rows = self.rows.assign(**{column: cells.astype("str")})
        if column not in (*ANSWERS, "split"):
            self.known_keys = None

    def left_out(self) -> pd.DataFrame:
        """The rows that are gone, in the order in which they went."""
        if self.gone:
            return pd.concat(self.gone, ignore_index=True)
        names = (*PLACES, "code", "action")
        return pd.DataFrame({name: pd.Series(dtype="int64" if name == "line" else "str") for name in names})


def tell(choice: FixChoice, lines: np.ndarray, message: str) -> Step:
    """A step about rows on these lines; the message begins with how many, as '3 rows' does."""
    words = f"{count_of(len(lines), 'row')} {message}." if len(lines) else NOTHING
    shown = tuple(map(int, lines[:SHOWN_ROWS]))
    return Step(choice.code, choice.action, len(lines), words, shown, choice.value)


def drop(bench: Bench, choice: FixChoice, mask: np.ndarray, why: str) -> Step:
    """Drop rows and say why."""
    lines = bench.take(mask)
    bench.drop(mask, choice)
    return tell(choice, lines, f"left out: {why}")


def change(bench: Bench, choice: FixChoice, column: str, cells: pd.Series, what: str) -> Step:
    """Put other cells into a column and say on how many rows they differ."""
    differ = cells.to_numpy(dtype=object) != bench.rows[column].to_numpy(dtype=object)
    lines = bench.take(differ)
    if len(lines):
        bench.change(column, cells)
    return tell(choice, lines, what)
