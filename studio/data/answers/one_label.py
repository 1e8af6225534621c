"""One label each: the kind of answer of a classification."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.base import AnswerKind, CellFault, Roles
from studio.data.checks.findings import Finding, Words
from studio.data.checks.labels import check_labels
from studio.data.column_facts import ColumnFacts, best_label
from studio.data.columns import LABEL
from studio.data.labels import name_labels
from studio.data.readers import Table
from studio.data.texts import is_blank

EMPTY = CellFault(
    "missing_label",
    "{rows} without a label: {lines}.",
    "A model learns from the label; a guess in its place would be learnt as true.",
    "Fill in the label, or drop these rows.",
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


def check(rows: pd.DataFrame, roles: Roles) -> list[Finding]:
    """What is worth knowing of the labels."""
    return check_labels(rows, roles[LABEL])


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


def strata(rows: pd.DataFrame, _kind: str) -> pd.Series:
    """The label, however the rows are divided."""
    return rows[LABEL]


ONE_LABEL = AnswerKind(
    roles=(LABEL,),
    guess=guess,
    check=check,
    conflict=CONFLICT,
    empty=EMPTY,
    words=(EMPTY,),
    single=True,
    labels=labels,
    name=name,
    strange=strange,
    holds=holds,
    strata=strata,
)
