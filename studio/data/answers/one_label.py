"""One label each: the kind of answer of a classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.base import AnswerKind, CellFault, Fault, Frames, Roles
from studio.data.checks.findings import Finding, Words
from studio.data.checks.labels import check_labels
from studio.data.column_facts import ColumnFacts, best_label
from studio.data.columns import LABEL
from studio.data.label_sets import is_text_list, read_list
from studio.data.labels import name_labels
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.data.texts import is_blank
from studio.tasks.multilabel import read_labels

EMPTY = CellFault(
    "missing_label",
    "{rows} without a label: {lines}.",
    "A model learns from the label; a guess in its place would be learnt as true.",
    "Fill in the label, or drop these rows.",
)
SEVERAL = CellFault(
    "several_labels",
    "{rows} with more than one label: {lines}.",
    "A classification learns one label for each text.",
    "Import the table for any number of labels, or decide on one label for these rows, or drop them.",
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


def parse(
    _tables: Mapping[str, Table], frames: Frames, _roles: Roles, _known: Sequence[str]
) -> list[Problem]:
    """Take labels out of their lists, where every cell is a list, as annotators write them: doccano, ..."""
    cells = pd.concat([frame[LABEL] for frame in frames.values()])
    lists = cells[cells.str.lstrip().str.startswith("[")]
    if len(lists) and len(lists) == (~is_blank(cells)).sum() and None not in map(listed, lists):
        for frame in frames.values():
            frame[LABEL] = frame[LABEL].map(take_out)
    return []


def listed(cell: str) -> list[str] | None:
    """The labels of a cell that is a list of them, None for any other.

    >>> listed('["good"]'), listed("['good', 'new']"), listed("[good]")
    (['good'], ['good', 'new'], None)
    """
    found = read_list(cell)
    return read_labels(found) if is_text_list(found) else None


def take_out(cell: str) -> str:
    """The label of a list that holds one, nothing for an empty list; what else there is stays as it is.

    >>> take_out('["good"]'), take_out("[]"), take_out('["good", "new"]')
    ('good', '', '["good", "new"]')
    """
    labels = listed(cell)
    return cell if labels is None or len(labels) > 1 else "".join(labels)


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows whose cell lists several labels."""
    several = rows[LABEL].str.lstrip().str.startswith("[").to_numpy(dtype=bool, copy=True)
    several[several] = [len(listed(cell) or ()) > 1 for cell in rows[LABEL][several]]
    return [Fault(several, SEVERAL, LABEL)]


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
    parse=parse,
    faults=faults,
    words=(EMPTY, SEVERAL),
    single=True,
    labels=labels,
    name=name,
    strange=strange,
    holds=holds,
    strata=strata,
)
