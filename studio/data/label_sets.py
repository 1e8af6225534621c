"""Labels of rows that may have any number of them: in one column, or in one column for each label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from studio.literals import read_json_list, read_literal
from studio.tasks.multilabel import read_labels, write_labels

SEPARATORS = ("|", ";", ",", "、", "，", "；")
YES = frozenset({"1", "1.0", "true", "yes", "y", "x", "✓", "是", "有"})
NO = frozenset({"", "0", "0.0", "false", "no", "n", "-", "否", "无"})
MARKS = YES | NO
LISTS_AT_LEAST = 0.9
# A separator stands in a good part of the cells, and what it parts comes back in other rows.
SEPARATED_AT_LEAST = 0.05
CELLS_READ = 20_000


def is_mark(cell: str) -> bool:
    """Whether a cell says that a row has the label of its column, or has it not.

    >>> is_mark("1"), is_mark(" no "), is_mark("2")
    (True, True, False)
    """
    return cell.strip().casefold() in MARKS


def join_marks(marks: pd.DataFrame) -> pd.Series:
    """Labels of columns that hold marks, as a dataset keeps them; what is no mark stays, after its column."""
    plain = {str(name): marks[name].str.strip().str.casefold() for name in marks}
    given = {name: cells.isin(YES) for name, cells in plain.items()}
    names = list(given)
    found = [
        write_labels([name for name, has in zip(names, row, strict=True) if has])
        for row in zip(*given.values(), strict=True)
    ]
    labels = pd.Series(found, index=marks.index, dtype="str")
    for name in reversed(names):
        strange = ~plain[name].isin(MARKS)
        labels[strange] = f"{name}: " + marks.loc[strange, name]
    return labels


def guess_separator(cells: pd.Series) -> str:
    """What stands between the labels of a cell, or nothing where each cell holds one.

    >>> guess_separator(pd.Series(["a|b", "b", "a", "b|a"])), guess_separator(pd.Series(["a b", "c"]))
    ('|', '')
    """
    filled = cells[cells.str.strip() != ""].head(CELLS_READ)
    for separator in SEPARATORS:
        has = filled.str.contains(separator, regex=False)
        if not len(filled) or has.mean() < SEPARATED_AT_LEAST:
            continue
        parts = filled.str.split(separator, regex=False).explode().str.strip()
        if parts.nunique() < len(parts) / 2 or parts.nunique() <= filled.nunique():
            return separator
    return ""


def best_separator(cells: pd.Series, known: Sequence[str]) -> str:
    """What stands between the labels of a cell, where the labels are known: that which gives most of them.

    >>> best_separator(pd.Series(["dogs; pets", "pets, or not"]), ["pets", "dogs"])
    ';'
    """
    filled = cells[cells.str.strip() != ""].head(CELLS_READ)

    def share(separator: str) -> float:
        parts = filled.str.split(separator, regex=False).explode() if separator else filled
        return float(parts.str.strip().isin(known).mean()) if len(parts) else 0.0

    return max(("", *SEPARATORS), key=share)


def find_separator(cells: pd.Series, known: Sequence[str] = ()) -> str:
    """What stands between the labels of a cell: nothing where nearly all cells look like lists.

    Else the sign is guessed, or is that which gives most labels that are ``known``.
    """
    filled = cells.str.strip()
    filled = filled[filled != ""]
    if len(filled) and filled.str.startswith("[").mean() >= LISTS_AT_LEAST:
        return ""
    return best_separator(cells, known) if known else guess_separator(cells)


def read_cells(cells: pd.Series, separator: str) -> pd.Series:
    """Labels of one column as a dataset keeps them; a cell that looks like a list and is none stays as it is.

    >>> read_cells(pd.Series(["b; a", "", "a"]), ";").tolist()
    ['["a", "b"]', '[]', '["a"]']
    >>> read_cells(pd.Series(["['b', 'a']", '["a"]', "[a"]), "").tolist()
    ['["a", "b"]', '["a"]', '[a']
    """
    plain = cells.str.strip()
    found = {cell: read_cell(cell, separator) for cell in plain.unique()}
    return plain.map(found).astype("str")


def read_cell(cell: str, separator: str) -> str:
    """Labels of one cell as a dataset keeps them."""
    if cell.startswith("["):
        return read_list(cell)
    parts = cell.split(separator) if separator else [cell]
    return write_labels([part.strip() for part in parts if part.strip()])


def read_list(cell: str) -> str:
    """Labels of a list as JSON or Python write it; what is none stays as it is."""
    found = read_literal(cell)
    if not isinstance(found, list) or not all(isinstance(label, str | int | float) for label in found):
        return cell
    return write_labels([str(label).strip() for label in found if str(label).strip()])


def is_text_list(cell: str) -> bool:
    """Whether a cell holds labels, or options, as a dataset keeps them: a JSON list of texts.

    >>> is_text_list('["a"]'), is_text_list("[a"), is_text_list('["a", null]'), is_text_list("a, b")
    (True, False, False, False)
    """
    found = read_json_list(cell)
    return found is not None and all(isinstance(label, str) for label in found)


def find_unnamed(cells: pd.Series, names: Sequence[str]) -> np.ndarray:
    """Which cells hold a label that is none of these, bool (cells,)."""
    known = set(names)
    return np.array([is_text_list(cell) and not known.issuperset(read_labels(cell)) for cell in cells])


def all_labels(cells: pd.Series) -> pd.Series:
    """Each label of each row, with the index of its row."""
    return cells.map(read_labels).explode().dropna().astype("str")
