"""The right one of a row's own options: the kind of answer of a multiple choice."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from studio.data.answers.base import AnswerKind, CellFault, Fault, Frames, ListCells, Reading, Roles
from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
from studio.data.column_facts import LABEL_NAMES, ColumnFacts
from studio.data.columns import BETWEEN_COLUMNS, CHOICES, LABEL, columns_of
from studio.data.label_sets import is_text_list
from studio.data.options import (
    COLUMNS,
    FROM_ONE,
    FROM_ZERO,
    LETTERS,
    TEXTS,
    find_reading,
    find_separator,
    join_options,
    name_right,
    options_in,
    read_cells,
)
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.data.texts import INVISIBLE, is_blank
from studio.tasks.multiple_choice import read_options, write_options
from studio.tasks.regression import read_number

# How columns of an option each are called: a word, or nothing, and then a number or a letter.
NUMBERED = re.compile(r"(.*?)[ _.-]?([0-9]{1,2}|[A-Za-z])")
SAMPLE_ROWS, FITTING_SHARE = 200, 0.5
LIST_NAMES = frozenset({"choices", "options", "endings", "candidates", "选项"})
# How columns of an option each are most often called, before the number or letter.
STEMS = frozenset(
    {"", "option", "opt", "op", "choice", "answer", "ending", "end", "candidate", "reply", "solution", "sol"}
    | {"选项", "候选", "备选"}
)
RIGHT_NAMES = frozenset(
    {"label", "answer", "answerkey", "answer_key", "correct", "right", "gold", "target", "key", "solution"}
    | {"correct_answer", "right_answer", "答案", "正确答案", "标签"}
)
MOST_OPTIONS = 26
SHORT = 12
EMPTY = CellFault(
    "missing_right_option",
    "{rows} without a right option: {lines}.",
    "A model learns from the right option; a guess in its place would be learnt as true.",
    "Say which option is right, or drop these rows.",
)
UNREADABLE = CellFault(
    "unreadable_options",
    "{rows} with fewer than two options: {lines}.",
    "Options stand in a column each, or in one column as a list or with | between them.",
    "Choose all columns with options, correct the cells, or drop these rows.",
)
MISSING = CellFault(
    "missing_option",
    "{rows} with an empty option before another: {lines}.",
    "Which option is meant by a number or a letter cannot be told where one is missing.",
    "Fill in the option, or drop these rows.",
)
NOT_AN_OPTION = CellFault(
    "not_an_option",
    "{rows} whose right option is none of their options: {lines}.",
    "The right option is given by its number, its letter, the name of its column, or in its own words.",
    "Correct the cells, choose another column for the right option, or drop these rows.",
)
CONFLICT = Words(
    "conflicting_options",
    "warning",
    "row has a text and options that also occur with another right option",
    "rows have a text and options that also occur with another right option",
    "At most one of them can be right, so no model can score all of these rows.",
    "Decide on one right option for each, or leave them out.",
)
SAME = Words(
    "same_options",
    "warning",
    "row has the same option twice",
    "rows have the same option twice",
    "A model gives both the same share. Where it is the right one, the first of them counts as right.",
    "Change one of them, or leave these rows out.",
)
COUNTED = {FROM_ONE: "counted from 1", FROM_ZERO: "counted from 0"}


def guess(table: Table, facts: list[ColumnFacts], given: Roles) -> dict[str, str]:
    """The columns of the options and that of the right one, by their names, else by what stands in them."""
    names = [fact.name for fact in facts]
    right = given.get(LABEL) or find_right(facts)
    others = [name for name in names if name != right]
    # The names that columns without any are given here are numbered too.
    chosen = find_options(table.frame[others], numbered=table.report.header)
    if not chosen and right in names:
        chosen = columns_before(table, names, right)
    found = {CHOICES: BETWEEN_COLUMNS.join(chosen)} if chosen else {}
    return {**found, LABEL: right} if right else found


def tells(table: Table, roles: Roles) -> bool:
    """Whether columns are named as options, or as a list of them, and most rows say which is right.

    Columns that are only counted up are options where there are three or more. By a number or a letter a
    column says which is right only where it is named so; in their words, or by their columns, any does.
    """
    rows = table.frame.head(SAMPLE_ROWS)
    names = columns_of(CHOICES, roles[CHOICES], [str(name) for name in rows.columns])
    right = roles[LABEL].strip().casefold()
    if len(names) == 1:
        named = plain = is_list_name(names[0])
        options = options_in(read_cells(rows[names[0]], find_separator(rows[names[0]])))
    else:
        plain = bool({take[0] for name in names if (take := take_number(name))} & (STEMS - {""}))
        named = plain or len(names) > 2
        options = options_in(join_options(rows[names]))
    cells = list(rows[roles[LABEL]])
    reading = find_reading(cells, options, names)
    sure = right in RIGHT_NAMES - LABEL_NAMES
    says = reading in (TEXTS, COLUMNS) or sure or (plain and right in RIGHT_NAMES)
    lettered = reading in (LETTERS, COLUMNS) and sure
    if not (named and says) or (are_numbers(options) and not lettered):
        return False
    told = name_right(cells, options, names, reading)
    fitting = [cell in given for cell, given in zip(told, options, strict=True) if given]
    return bool(np.mean(fitting) >= FITTING_SHARE)


def are_numbers(options: Sequence[Sequence[str]]) -> bool:
    """Whether most of the options are numbers, or there are none."""
    words = [option for given in options for option in given]
    return sum(not math.isnan(read_number(word)) for word in words) >= 0.5 * len(words)


def find_options(frame: pd.DataFrame, *, numbered: bool = True) -> list[str]:
    """The columns with an option each, by their names, or the one that holds them all; none without either.

    Columns that are only counted up, such as two texts, come after both.
    """
    names = [str(name) for name in frame.columns]
    listed = [name for name in names if is_list_name(name) or holds_lists(frame[name])]
    if not numbered:
        return listed[:1]
    known = [name for name in names if (take := take_number(name)) and take[0] in STEMS]
    return find_numbered(known) or listed[:1] or find_numbered(names)


def find_right(facts: list[ColumnFacts]) -> str | None:
    """The column that is called as one with the right option; else the last whose few values are short."""
    named = [fact.name for fact in facts if fact.name.strip().casefold() in RIGHT_NAMES]
    short = [fact.name for fact in facts if fact.mean_length <= SHORT and fact.distinct <= MOST_OPTIONS]
    return next(iter([*named, *short[::-1]]), None)


def find_numbered(names: Sequence[str]) -> list[str]:
    """The longest run of columns that are called alike and counted up, by numbers or by letters; two or more.

    >>> find_numbered(["sent1", "sent2", "ending0", "ending1", "ending2"])
    ['ending0', 'ending1', 'ending2']
    >>> find_numbered(["question", "A", "B"]), find_numbered(["选项1", "选项2"]), find_numbered(["text_a"])
    (['A', 'B'], ['选项1', '选项2'], [])
    """
    runs: list[list[str]] = []
    last: tuple[str, int] | None = None
    for name in names:
        here = take_number(name)
        if here and last and here == (last[0], last[1] + 1):
            runs[-1].append(name)
        elif here:
            runs.append([name])
        last = here
    return max((run for run in runs if len(run) > 1), key=len, default=[])


def take_number(name: str) -> tuple[str, int] | None:
    """What stands before the number or letter of a name, in small letters, and what that counts; else None.

    >>> take_number("Option_A"), take_number("B"), take_number("答案")
    (('option', 97), ('', 98), None)
    """
    match = NUMBERED.fullmatch(name.strip())
    return (match[1].casefold(), counted(match[2])) if match else None


def counted(mark: str) -> int:
    """What a number or a letter counts.

    >>> counted("2"), counted("c")
    (2, 99)
    """
    return int(mark) if mark.isdigit() else ord(mark.casefold())


def is_list_name(name: str) -> bool:
    """Whether a column is called as one that holds all options."""
    return name.strip().casefold() in LIST_NAMES


def holds_lists(cells: pd.Series) -> bool:
    """Whether nearly every cell is a list."""
    read = read_cells(cells.head(100), "")
    return bool(len(read)) and bool(read.map(is_text_list).mean() >= 0.9)


def columns_before(table: Table, names: Sequence[str], right: str) -> list[str]:
    """As many columns right before that of the right option as its numbers, from 0, count."""
    cells = table.frame[right].str.strip()
    numbers = [int(cell) for cell in cells.unique() if cell.isdecimal()]
    count = max(numbers, default=0) + (1 if 0 in numbers else 0)
    place = list(names).index(right)
    before = list(names)[max(0, place - count) : place]
    return before if 2 <= len(before) == count <= MOST_OPTIONS else []


def join(columns: pd.DataFrame, _role: str) -> pd.Series:
    """The options of a column each."""
    return join_options(columns)


def parse(tables: Mapping[str, Table], frames: Frames, roles: Roles, _reading: Reading) -> list[Finding]:
    """Read the options of all tables in the same way, and put the right ones in their own words.

    Gives a note on how numbers of right options were counted.
    """
    first = next(iter(tables.values()))
    names = columns_of(CHOICES, roles[CHOICES], [str(name) for name in first.frame.columns])
    if len(names) == 1:
        separator = find_separator(pd.concat([frame[CHOICES] for frame in frames.values()]))
        for frame in frames.values():
            frame[CHOICES] = read_cells(frame[CHOICES], separator)
    options = {split: options_in(frame[CHOICES]) for split, frame in frames.items()}
    every = [given for each in options.values() for given in each]
    reading = find_reading(
        [cell for frame in frames.values() for cell in frame[LABEL]],
        every,
        names,
    )
    for split, frame in frames.items():
        right = name_right(list(frame[LABEL]), options[split], names, reading)
        frame[LABEL] = pd.Series(right, index=frame.index, dtype="str")
    if reading not in COUNTED or not any(every):
        return []
    return [about_all(tell_counting(pd.concat(list(frames.values())), roles[LABEL], COUNTED[reading]))]


def tell_counting(rows: pd.DataFrame, column: str, how: str) -> Problem:
    """A note on how the right option was understood."""
    return Problem(
        "note",
        "right_option_counted",
        f"'{column}' was taken for the number of the right option, {how}.",
        "That way most rows have an option of that number.",
        "Nothing to do where that is right. To be sure, write the right option itself, or its letter.",
        files_of(rows),
        column,
        count=len(rows),
    )


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows without two options, with one missing among them, or with a right one that is none of them."""
    options = options_in(rows[CHOICES])
    few = np.array([len(given) < 2 for given in options], dtype=bool)
    gaps = np.array([any(not each.strip(INVISIBLE) for each in given) for given in options], dtype=bool)
    known = [cell in given for cell, given in zip(rows[LABEL], options, strict=True)]
    strange = ~np.array(known, dtype=bool) & ~is_blank(rows[LABEL])
    return [
        Fault(few, UNREADABLE, CHOICES),
        Fault(gaps & ~few, MISSING, CHOICES),
        Fault(strange & ~few & ~gaps, NOT_AN_OPTION, LABEL),
    ]


def check(rows: pd.DataFrame, roles: Roles, _told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the options."""
    doubled = [len(set(given)) < len(given) for given in map(read_options, rows[CHOICES])]
    return report_rows(rows, np.array(doubled, dtype=bool), SAME, roles[CHOICES])


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Under "places" how many rows have the right option in which place, under "options" how many they have.

    Both are lists, the first number for one (option, or place) and so on.
    """
    if not len(rows):
        return {}
    options = list(map(read_options, rows[CHOICES]))
    places = [given.index(cell) for cell, given in zip(rows[LABEL], options, strict=True)]
    return {
        "places": np.bincount(np.array(places, dtype=np.int64)).tolist(),
        "options": np.bincount(np.array([len(given) for given in options], dtype=np.int64))[1:].tolist(),
    }


ONE_OPTION = AnswerKind(
    roles=(LABEL, CHOICES),
    guess=guess,
    tells=tells,
    check=check,
    conflict=CONFLICT,
    empty=EMPTY,
    join=join,
    parse=parse,
    faults=faults,
    words=(EMPTY, UNREADABLE, MISSING, NOT_AN_OPTION),
    near=False,
    summary=summary,
    lists={CHOICES: ListCells(read_options, write_options)},
)
