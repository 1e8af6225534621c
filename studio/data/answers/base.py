"""What this room asks of a kind of answer; most kinds need only some of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from studio.data.columns import PLAIN_TEXTS

if TYPE_CHECKING:
    import pyarrow as pa

    from studio.data.checks.findings import Finding, Words
    from studio.data.column_facts import ColumnFacts
    from studio.data.problems import Problem
    from studio.data.readers import Table

Roles = Mapping[str, str]
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class CellFault:
    """Words for rows that cannot be used because of a cell; {rows} stands for '3 rows', {lines} for where.

    ``example`` says of such a row, which has a column per role, what stands there.
    """

    code: str
    message: str
    why: str
    hint: str
    example: Callable[[pd.Series], str] | None = None


@dataclass(frozen=True)
class Fault:
    """Rows that cannot be used, bool (rows,): what is wrong with them, in the column of which role."""

    wrong: np.ndarray
    words: CellFault
    role: str


@dataclass(frozen=True)
class ListCells:
    """How a cell that holds several texts is read and written."""

    read: Callable[[str], list[str]]
    write: Callable[[list[str]], str]


@dataclass(frozen=True)
class Reading:
    """What cells are read with: labels that are known, and repairs of ``studio.data.fixes``."""

    known: Sequence[str] = ()
    repairs: frozenset[str] = frozenset()


def as_they_stand(_tables: Mapping[str, Table], _frames: Frames, _roles: Roles, _: Reading) -> list[Finding]:
    """Of answers that a table holds as a dataset keeps them."""
    return []


def tells_nothing(_table: Table, _roles: Roles) -> bool:
    """Of answers that many tables could have."""
    return False


def from_one_column(frame: pd.DataFrame, role: str) -> pd.Series:
    """Of roles that are read from one column each."""
    raise AssertionError(f"{role} is read from one column, not from {len(frame.columns)}")


def no_faults(_rows: pd.DataFrame) -> list[Fault]:
    """Of answers that can be anything."""
    return []


def none_strange(rows: pd.DataFrame, _known: Sequence[str]) -> np.ndarray:
    """Of answers that are no labels."""
    return np.zeros(len(rows), dtype=bool)


def no_labels(_rows: pd.DataFrame) -> pd.Series:
    """Of answers that are no labels."""
    return pd.Series(dtype="str")


def no_strata(rows: pd.DataFrame, _kind: str) -> pd.Series:
    """Of answers by which rows need not be divided."""
    return pd.Series("", index=rows.index)


def none_lost(_frames: Frames, _column: str) -> list[Problem]:
    """Of answers of which a division can lose none."""
    return []


def no_summary(_rows: pd.DataFrame) -> dict[str, Any]:
    """Of answers that are counted, not measured."""
    return {}


def never_held(cells: pa.ChunkedArray, _label: str) -> np.ndarray:
    """Of answers that are no labels."""
    return np.zeros(len(cells), dtype=bool)


@dataclass(frozen=True)
class AnswerKind:
    """A kind of answer; ``roles`` are those by which it is known, the answer itself first.

    ``guess`` finds its columns among those of a table that no role has yet, ``tells`` is whether a table
    whose columns play these roles plainly has such answers and no simpler ones, and ``join`` makes one column
    of several. ``parse`` brings the cells of all tables into the form that a dataset keeps, and gives what a
    person should know of how they were understood, with the places of rows in all frames together;
    ``parsed`` are the codes of what it tells of rows. ``faults`` finds rows that cannot be used, ``empty``
    being the words for an empty cell, None where that is an answer too;
    ``check`` finds what is worth knowing of the others, beside what reading the cells has told of rows, by
    their index. ``conflict`` are the words for equal texts with
    answers that are not ``compared`` as equal, and with ``near`` nearly equal texts are looked at too.

    ``labels`` gives each label of each row under the row's index, ``name`` puts names in the place of the
    numbers of a labels file and tells which cells are in it neither way, ``strange`` which rows have a label
    that is not known, ``respell`` gives the labels of a cell other names, ``holds`` tells which stored cells
    hold a label, and ``lost`` speaks of labels without a training row. ``single``: each row has one label.
    ``strata`` gives what is to have about the same share in each part of a division, ``summary`` describes
    the answers of rows in numbers, and ``lists`` reads and writes the roles whose cells are lists of texts in
    JSON; other JSON of an answer is ``opened``.
    ``missing`` are the words for empty cells of roles for which those for a text do not fit. Where
    answers stand at places of the text, ``moved`` gives the answer to a text that was mended, of the text
    before, that after and the answer before; None where it has no place there.
    """

    roles: tuple[str, ...]
    guess: Callable[[Table, list[ColumnFacts], Roles], dict[str, str]]
    check: Callable[[pd.DataFrame, Roles, Sequence[Finding]], list[Finding]]
    conflict: Words
    empty: CellFault | None
    tells: Callable[[Table, Roles], bool] = tells_nothing
    join: Callable[[pd.DataFrame, str], pd.Series] = from_one_column
    parse: Callable[[Mapping[str, Table], Frames, Roles, Reading], list[Finding]] = as_they_stand
    parsed: tuple[str, ...] = ()
    faults: Callable[[pd.DataFrame], list[Fault]] = no_faults
    words: tuple[CellFault, ...] = ()
    near: bool = True
    compared: Callable[[pd.Series], pd.Series] = lambda cells: cells
    single: bool = False
    labels: Callable[[pd.DataFrame], pd.Series] | None = None
    name: Callable[[pd.DataFrame, Sequence[str]], np.ndarray] = none_strange
    strange: Callable[[pd.DataFrame, Sequence[str]], np.ndarray] = none_strange
    respell: Callable[[str, Mapping[str, str]], str] | None = None
    holds: Callable[[pa.ChunkedArray, str], np.ndarray] = never_held
    lost: Callable[[Frames, str], list[Problem]] = none_lost
    strata: Callable[[pd.DataFrame, str], pd.Series] = no_strata
    summary: Callable[[pd.DataFrame], dict[str, Any]] = no_summary
    lists: Mapping[str, ListCells] = field(default_factory=dict)
    missing: Mapping[str, CellFault] = field(default_factory=dict)
    opened: Callable[[str], Any] | None = None
    moved: Callable[[str, str, str], str | None] | None = None

    @property
    def role(self) -> str:
        """The role that a model learns to give."""
        return self.roles[0]

    def read_roles(self, roles: Iterable[str]) -> list[str]:
        """The roles of which a model reads what people wrote: texts, and lists of texts."""
        return [role for role in roles if role in PLAIN_TEXTS or (role in self.lists and role != self.role)]

    def read_text(self, rows: pd.DataFrame, role: str) -> pd.Series:
        """What a model reads in a role of each row, as one text."""
        cells = self.lists.get(role)
        return rows[role] if cells is None else rows[role].map(lambda cell: " ".join(cells.read(cell)))

    def change_text(self, cell: str, role: str, change: Callable[[str], str]) -> str:
        """A cell of a role after a change to its text, or to each of its texts."""
        cells = self.lists.get(role)
        return change(cell) if cells is None else cells.write([change(text) for text in cells.read(cell)])

    def words_of_empty(self, role: str, text: CellFault) -> CellFault | None:
        """The words for an empty cell of a role, of which those for a text are given; None where none are."""
        if role == self.role:
            return self.empty
        return None if role in self.lists else self.missing.get(role, text)

    def open_cells(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What programs get of the cells of a row that are JSON."""
        found = {role: cells.read(row[role]) for role, cells in self.lists.items()}
        return found if self.opened is None else {**found, self.role: self.opened(row[self.role])}

    def labels_of(self, rows: pd.DataFrame) -> pd.Series:
        """Each label of each row, with the index of its row; none where answers are no labels."""
        return no_labels(rows) if self.labels is None else self.labels(rows)
