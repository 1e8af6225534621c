"""One label each: the kind of answer of a classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.base import AnswerKind, CellFault, Frames, Reading, Roles
from studio.data.checks.findings import Finding, Words, report_rows
from studio.data.checks.labels import check_labels
from studio.data.column_facts import ColumnFacts, best_label
from studio.data.columns import LABEL
from studio.data.labels import name_labels
from studio.data.readers import Table
from studio.data.texts import is_blank
from studio.literals import read_literal

LISTED_SHARE = 0.8
EMPTY = CellFault(
    "missing_label",
    "{rows} without a label: {lines}.",
    "A model learns from the label; a guess in its place would be learnt as true.",
    "Fill in the label, or drop these rows.",
)
SEVERAL = Words(
    "several_labels",
    "warning",
    "row lists several labels",
    "rows list several labels",
    "Each row has one label here, so that every such list is learnt as a label of its own.",
    "Import the table for any number of labels, or decide on one label for each of these rows.",
)
CONFLICT = Words(
    "conflicting_labels",
    "warning",
    "row has a text that also occurs with another label",
    "rows have a text that also occurs with another label",
    "At most one of the labels can be right, so no model can score all of these rows.",
    "Decide on one label for each of these texts, or leave them out.",
)


def guess(_table: Table, facts: list[ColumnFacts], given: Roles) -> dict[str, str]:
    """The column most like a label."""
    found = best_label(facts, given)
    return {LABEL: found} if found else {}


def parse(_tables: Mapping[str, Table], frames: Frames, _roles: Roles, reading: Reading) -> list[Finding]:
    """Take labels out of lists of their own in tables of lists, as annotators such as doccano write them.

    Where labels are known, out of every list that holds one of them.
    """
    known = reading.known
    for frame in frames.values():
        lists = find_lists(frame[LABEL])
        rows = np.asarray(frame[LABEL].isin(list(lists)))
        mostly = rows.sum() >= LISTED_SHARE * max(1, (~is_blank(frame[LABEL])).sum())
        alone = {
            cell: "".join(labels)
            for cell, labels in lists.items()
            if len(labels) < 2 and cell not in known and (set(labels) <= set(known) if known else mostly)
        }
        frame.loc[rows, LABEL] = [alone.get(cell, cell) for cell in frame.loc[rows, LABEL]]
    return []


def find_lists(cells: pd.Series) -> dict[str, list[str]]:
    """The labels of each cell that is a list of texts.

    >>> find_lists(pd.Series(['["good"]', "['good', 'new']", "[good]", "[0, 17]", "[]"]))
    {'["good"]': ['good'], "['good', 'new']": ['good', 'new'], '[]': []}
    """
    starts = cells[cells.str.lstrip().str.startswith("[")].unique()
    read = {str(cell): read_literal(cell) for cell in starts}
    return {
        cell: [label.strip() for label in labels]
        for cell, labels in read.items()
        if isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    }


def check(rows: pd.DataFrame, roles: Roles, _told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the labels."""
    several = [cell for cell, labels in find_lists(rows[LABEL]).items() if len(labels) > 1]
    found = report_rows(rows, np.asarray(rows[LABEL].isin(several)), SEVERAL, roles[LABEL])
    return [*check_labels(rows, roles[LABEL]), *found]


def labels(rows: pd.DataFrame) -> pd.Series:
    """The label of each row."""
    return rows[LABEL]


def name(rows: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Put names in the place of their numbers; which cells hold neither, bool (rows,)."""
    rows[LABEL], unknown = name_labels(rows[LABEL], names)
    return unknown


def strange(rows: pd.DataFrame, known: Sequence[str]) -> np.ndarray:
    """Which rows have a label that is not known, bool (rows,)."""
    return ~rows[LABEL].isin(list(known)).to_numpy(dtype=bool) & ~is_blank(rows[LABEL])


def holds(cells: pa.ChunkedArray, label: str) -> np.ndarray:
    """Which cells are the label, bool (cells,)."""
    return np.asarray(pc.equal(cells, label).to_numpy(zero_copy_only=False))


def respell(cell: str, names: Mapping[str, str]) -> str:
    """The label under another name."""
    return names.get(cell, cell)


def strata(rows: pd.DataFrame, _kind: str) -> pd.Series:
    """The label, however the rows are divided."""
    return rows[LABEL]


ONE_LABEL = AnswerKind(
    roles=(LABEL,),
    guess=guess,
    check=check,
    conflict=CONFLICT,
    empty=EMPTY,
    parse=parse,
    words=(EMPTY,),
    single=True,
    labels=labels,
    name=name,
    strange=strange,
    respell=respell,
    holds=holds,
    strata=strata,
)
