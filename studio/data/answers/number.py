"""A number: the kind of answer of a regression."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from studio.data.answers.base import AnswerKind, CellFault, Fault, Frames, Reading, Roles, no_strata
from studio.data.checks.findings import Finding, Words
from studio.data.checks.numbers import (
    COMMAS,
    COMMAS_READ,
    NUMBERS_READ,
    POINTS,
    POINTS_READ,
    UNITS,
    ReadNumbers,
    check_numbers,
    tell_writing,
)
from studio.data.column_facts import SAMPLE_ROWS, ColumnFacts, has_label_beside
from studio.data.columns import NUMBER, TEXT_B
from studio.data.number_cells import PLAIN_NUMBER, find_decimal, read_cell
from studio.data.numbers import describe_numbers
from studio.data.readers import Table
from studio.data.texts import is_blank
from studio.tasks.regression import read_number

NAMES = frozenset(
    {"number", "score", "scores", "similarity", "rating", "stars", "value", "label", "target", "grade"}
    | {"price", "amount", "cost", "preis", "betrag", "kosten", "prix", "montant"}
    | {"分数", "评分", "得分", "相似度", "价格", "金额"}
)
NUMERIC_SHARE = 0.9
TENTHS_FROM = 100  # rows
# What a person can choose where a column does not settle what a comma or a point means.
PARTING = {"comma_thousands": ",", "point_thousands": "."}
FEWEST_NUMBERS, BROKEN_SHARE = 8, 0.1  # of numbers that are plainly no labels
EMPTY = CellFault(
    "missing_number",
    "{rows} without a number: {lines}.",
    "A model learns from the number; a guess in its place would be learnt as true.",
    "Fill in the number, or drop these rows.",
)
NOT_A_NUMBER = CellFault(
    "not_a_number",
    "{rows} with something else than a number: {lines}.",
    "The model learns to give a number, such as 3, 4.5 or -1e3.",
    "Write a number there, or drop these rows.",
    lambda row: f"“{row[NUMBER]}”",
)
CONFLICT = Words(
    "conflicting_numbers",
    "note",
    "row has a text that also occurs with another number",
    "rows have a text that also occurs with another number",
    "What is best learnt of them is the mean of their numbers.",
    "Where a number is wrong, correct it or leave the row out.",
)


def guess(_table: Table, facts: list[ColumnFacts], _given: Roles) -> dict[str, str]:
    """The column most like a number to be learnt: nearly all cells are some, it is named so, or has most."""
    numeric = [fact for fact in facts if fact.numbers >= NUMERIC_SHARE * fact.filled]
    named = [fact for fact in numeric if fact.name.strip().casefold() in NAMES]
    # A column in which every row has another number is most often an id.
    repeating = [fact for fact in numeric if fact.distinct < fact.filled]
    found = next((candidates for candidates in (named, repeating, numeric) if candidates), None)
    return {NUMBER: found[-1].name} if found else {}


def tells(table: Table, roles: Roles) -> bool:
    """Whether the numbers are too many to be labels and some broken, and no other column is the label."""
    cells = table.frame[roles[NUMBER]].head(SAMPLE_ROWS)
    plain = read_numbers(cells, frozenset()).plain(cells)
    numbers = np.array([read_number(cell) for cell in plain], dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    broken = numbers != np.round(numbers)
    if len(np.unique(numbers)) < FEWEST_NUMBERS or broken.mean() < BROKEN_SHARE:
        return False
    # How alike two texts are is often told beside what else is known of them.
    if TEXT_B in roles and roles[NUMBER].strip().casefold() in NAMES:
        return True
    return not has_label_beside(table, roles)


def read_numbers(cells: pd.Series, repairs: Container[str]) -> ReadNumbers:
    """The numbers of a column, where the cells that can be read in one way only settle the others."""
    known = {cell: read_cell(cell) for cell in cells.unique()}
    parting = "".join(mark for repair, mark in PARTING.items() if repair in repairs)
    read = [known[cell] for cell in cells]
    return ReadNumbers(read, find_decimal(read), parting)


def parse(_tables: Mapping[str, Table], frames: Frames, roles: Roles, reading: Reading) -> list[Finding]:
    """Bring the numbers of all tables into one form, and tell how they were read."""
    rows = pd.concat(list(frames.values()), ignore_index=True)
    if rows[NUMBER].str.fullmatch(PLAIN_NUMBER).all():
        return []
    numbers = read_numbers(rows[NUMBER], reading.repairs)
    plain, start = numbers.plain(rows[NUMBER]), 0
    for frame in frames.values():
        frame[NUMBER] = plain.iloc[start : start + len(frame)].set_axis(frame.index)
        start += len(frame)
    return tell_writing(rows, numbers, roles[NUMBER])


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows with something that is no number."""
    wrong = np.array([math.isnan(read_number(cell)) for cell in rows[NUMBER]], dtype=bool)
    return [Fault(wrong & ~is_blank(rows[NUMBER]), NOT_A_NUMBER, NUMBER)]


def check(rows: pd.DataFrame, roles: Roles, told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the numbers."""
    return check_numbers(rows, roles[NUMBER], told)


def compared(cells: pd.Series) -> pd.Series:
    """The numbers, however they are written."""
    return cells.map(read_number)


def strata(rows: pd.DataFrame, kind: str) -> pd.Series:
    """The tenth of all numbers that a row is in, where many rows are divided by shares alone."""
    if kind != "ratios" or len(rows) < TENTHS_FROM:
        return no_strata(rows, kind)
    order = rows[NUMBER].map(read_number).rank(method="first")
    return ((order - 1) * 10 // len(rows)).astype(int).astype("str")


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Under "values" what ``describe_numbers`` gives."""
    return {"values": describe_numbers(list(rows[NUMBER]))}


ONE_NUMBER = AnswerKind(
    roles=(NUMBER,),
    guess=guess,
    tells=tells,
    check=check,
    conflict=CONFLICT,
    parse=parse,
    parsed=tuple(words.code for words in (COMMAS, POINTS, COMMAS_READ, POINTS_READ, NUMBERS_READ, UNITS)),
    empty=EMPTY,
    faults=faults,
    words=(EMPTY, NOT_A_NUMBER),
    near=False,
    compared=compared,
    strata=strata,
    summary=summary,
)
