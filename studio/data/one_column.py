"""A table of one column where a task asks for several: what was seen and is needed, and the likely causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from studio.data.names import show_name
from studio.data.problems import Problem, count_of
from studio.data.readers import Table

# What the column of a role holds, in a sentence.
HOLDS = {
    "text": "the text",
    "text_b": "the second text",
    "label": "the label",
    "labels": "the labels",
    "number": "the number",
    "choices": "the options",
    "tags": "the tags or entities",
    "question": "the question",
    "context": "the passage",
    "answers": "the answer",
}
RIGHT_OPTION = "the right option"
DELIMITED = ("csv", "tsv", "text")
# Signs that part cells in some file and seldom stand in every sentence.
SIGNS = "#|/^~;=>@*+\\&%$_:，；｜、："
PROBED_ROWS = 200
PARTED_SHARE = 0.9
LONGEST_CELL = 60
FOLDERS = ", or bring one zip with a folder of texts for each label"


def one_column(table: Table, roles: Sequence[str]) -> Problem:
    """The error where a table has one column, and these roles need one each."""
    name = str(table.frame.columns[0])
    held = [RIGHT_OPTION if role == "label" and "choices" in roles else HOLDS[role] for role in roles]
    needed = f"a column with {held[0]}" + "".join(f", one with {each}" for each in held[1:-1])
    needed += f" and one with {held[-1]}"
    at = min(1, len(table.frame) - 1)
    lines = tuple(int(line) for line in table.lines[at : at + 1])
    seen = [f"“{show_name(str(cell), LONGEST_CELL)}”" for cell in table.frame[name].iloc[at : at + 1]]
    return Problem(
        "error",
        "one_column",
        f"{table.file} was read as one column, '{show_name(name)}', of {count_of(len(table.frame), 'row')}; "
        f"needed are {needed}.",
        "A model learns from both: what is asked, and the right answer beside it.",
        f"{ask_for_sign(table, lines, seen)}If another file or folder holds {held[-1]}, add a column with "
        f"{held[-1]} beside {held[0]}{FOLDERS if held[-1] == HOLDS['label'] else ''}.",
        table.file,
        name,
        count=len(lines),
        rows=lines,
    )


def ask_for_sign(table: Table, lines: Sequence[int], seen: Sequence[str]) -> str:
    """What to do where another separator may be the cause, with a line to look at; nothing for a workbook."""
    if table.report.format not in DELIMITED or not lines:
        return ""
    sign = find_sign(table.frame.iloc[:, 0])
    what = f"“{sign}”, which stands in nearly every line," if sign else "the sign between them"
    return f"If line {lines[0]:,}, {seen[0]}, holds all of it, choose {what} as the separator. "


def find_sign(cells: pd.Series) -> str:
    """The sign that stands equally often in nearly all cells and so may part them; "" where there is none.

    >>> find_sign(pd.Series(["good day#a", "bad day#b"])), find_sign(pd.Series(["a good day", "a/b or c"]))
    ('#', '')
    >>> find_sign(pd.Series(["好看，好评", "难看，差评"]))
    '，'
    """
    first = [str(cell) for cell in cells.head(PROBED_ROWS)]
    for sign in SIGNS:
        times, rows = Counter(cell.count(sign) for cell in first).most_common(1)[0]
        if times and rows >= PARTED_SHARE * len(first):
            return sign
    return ""
