"""Any number of labels: the kind of answer of a multi-label classification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.base import (
    AnswerKind,
    CellFault,
    Fault,
    Frames,
    ListCells,
    Reading,
    Roles,
    no_strata,
)
from studio.data.checks.findings import Finding, Words, about_all
from studio.data.checks.label_sets import check_label_sets, find_lost, tell_sign
from studio.data.column_facts import SAMPLE_ROWS, ColumnFacts, best_label, has_label_beside, is_label_name
from studio.data.columns import BETWEEN_COLUMNS, LABELS, TEXT, columns_of
from studio.data.label_sets import (
    YES,
    all_labels,
    find_separator,
    find_unnamed,
    is_mark,
    is_text_list,
    join_marks,
    read_cells,
    read_list,
)
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.tasks.multilabel import read_labels, write_labels

LISTED_SHARE = 0.8
PLAIN_SIGNS = ("|", ";", "、", "；")  # others may stand within one label, unless the column names several
NAMES_OF_SEVERAL = frozenset({"tags", "labels", "topics", "categories", "keywords"})
UNREADABLE = CellFault(
    "unreadable_labels",
    "{rows} whose labels cannot be read: {lines}.",
    "A column for each label holds 1 or 0, yes or no; one for all holds a list, or a sign between them.",
    "Correct the cells, choose other columns, or drop these rows.",
)
CONFLICT = Words(
    "conflicting_label_sets",
    "warning",
    "row has a text that also occurs with other labels",
    "rows have a text that also occurs with other labels",
    "At most one of the sets of labels can be right, so no model can score all of these rows.",
    "Decide on the labels of each of these texts, or leave them out.",
)


def guess(table: Table, facts: list[ColumnFacts], given: Roles) -> dict[str, str]:
    """The columns that hold marks, where there are several; else the one most like labels."""
    longest = max(facts, key=lambda fact: fact.mean_length, default=None)
    others = [fact for fact in facts if fact is not longest or TEXT in given]
    marked = [fact.name for fact in others if table.frame[fact.name].head(SAMPLE_ROWS).map(is_mark).all()]
    if len(marked) > 1:
        return {LABELS: BETWEEN_COLUMNS.join(marked)}
    named = [fact for fact in others if is_label_name(fact.name)]
    chosen = named[0].name if named else best_label(facts, given)
    return {LABELS: chosen} if chosen else {}


def tells(table: Table, roles: Roles) -> bool:
    """Whether three columns or more hold marks of both kinds, and none is a label; or cells hold several.

    Lists of one label are how some annotators write a classification.
    """
    rows = table.frame.head(SAMPLE_ROWS)
    chosen = columns_of(LABELS, roles[LABELS], [str(name) for name in rows.columns])
    if len(chosen) > 1:
        marks = rows[chosen].apply(lambda cells: cells.str.strip().str.casefold().isin(YES))
        both = bool((marks.any() & ~marks.all()).all())
        return both and len(chosen) > 2 and not has_label_beside(table, roles)
    cells = rows[chosen[0]].str.strip()
    cells = cells[cells != ""]
    if cells.empty:
        return False
    lists = [read_labels(cell) for cell in cells.map(read_list) if is_text_list(cell)]
    if len(lists) >= LISTED_SHARE * len(cells):
        return any(len(labels) > 1 for labels in lists) and len(set(map(tuple, lists))) > 1
    several = chosen[0].strip().casefold() in NAMES_OF_SEVERAL
    return find_separator(cells) in ((*PLAIN_SIGNS, ",", "，") if several else PLAIN_SIGNS)


def join(marks: pd.DataFrame, _role: str) -> pd.Series:
    """The labels of columns that hold marks."""
    return join_marks(marks)


def parse(tables: Mapping[str, Table], frames: Frames, roles: Roles, reading: Reading) -> list[Finding]:
    """Read the labels of all tables in the same way, where they stand in one column.

    Gives a note on the sign that was taken to stand between them, where there is one.
    """
    first = next(iter(tables.values()))
    if len(columns_of(LABELS, roles[LABELS], [str(name) for name in first.frame.columns])) > 1:
        return []
    separator = find_separator(pd.concat([frame[LABELS] for frame in frames.values()]), reading.known)
    for frame in frames.values():
        frame[LABELS] = read_cells(frame[LABELS], separator)
    if not separator:
        return []
    return [about_all(tell_sign(pd.concat(list(frames.values())), roles[LABELS], separator))]


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows whose cell holds no labels as a dataset keeps them."""
    wrong = np.array([not is_text_list(cell) for cell in rows[LABELS]], dtype=bool)
    return [Fault(wrong, UNREADABLE, LABELS)]


def check(rows: pd.DataFrame, roles: Roles, _told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the labels."""
    return check_label_sets(rows, roles[LABELS])


def labels(rows: pd.DataFrame) -> pd.Series:
    """Each label of each row."""
    return all_labels(rows[LABELS])


def strange(rows: pd.DataFrame, known: Sequence[str]) -> np.ndarray:
    """Which rows have a label that is not known, bool (rows,)."""
    return find_unnamed(rows[LABELS], known)


def holds(cells: pa.ChunkedArray, label: str) -> np.ndarray:
    """Which cells have the label among theirs, bool (cells,)."""
    written = json.dumps(label, ensure_ascii=False)
    return np.asarray(pc.match_substring(cells, written).to_numpy(zero_copy_only=False))


def respell(cell: str, names: Mapping[str, str]) -> str:
    """The labels of a cell under other names, each once.

    >>> respell('["Late", "late", "refund"]', {"Late": "late"})
    '["late", "refund"]'
    """
    return write_labels([names.get(label, label) for label in read_labels(cell)])


def lost(frames: Frames, column: str) -> list[Problem]:
    """Labels that the division has left no training row."""
    return find_lost(frames, labels, column)


def strata(rows: pd.DataFrame, kind: str) -> pd.Series:
    """Of the labels of a row the one that fewest rows have, where rows are divided by shares alone."""
    return rarest_labels(rows, labels(rows)) if kind == "ratios" else no_strata(rows, kind)


def rarest_labels(rows: pd.DataFrame, found: pd.Series) -> pd.Series:
    """Of the labels of each row the one that fewest rows have, "" for a row without any."""
    table = pd.DataFrame({"row": found.index, "label": found.array})
    table["rows"] = table["label"].map(found.value_counts())
    rarest = table.sort_values(["rows", "label"]).drop_duplicates("row").set_index("row")["label"]
    return rarest.reindex(rows.index, fill_value="")


LABEL_SET = AnswerKind(
    roles=(LABELS,),
    guess=guess,
    tells=tells,
    check=check,
    conflict=CONFLICT,
    empty=None,
    join=join,
    parse=parse,
    faults=faults,
    words=(UNREADABLE,),
    labels=labels,
    name=strange,
    strange=strange,
    respell=respell,
    holds=holds,
    lost=lost,
    strata=strata,
    lists={LABELS: ListCells(read_labels, write_labels)},
)
