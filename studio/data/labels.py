"""Names of labels: those of rows, their order, and a file that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from studio.data.readers import read_bytes
from studio.data.readers.encodings import decode_bytes
from studio.data.readers.names_files import list_names
from studio.errors import InvalidInput

INTEGER = re.compile(r"[+-]?[0-9]+")


def order_labels(values: Iterable[str]) -> list[str]:
    """Distinct labels: by number where all are integers, else by code point.

    >>> order_labels(["10", "9", "-1", "9"])
    ['-1', '9', '10']
    >>> order_labels(["spam", "Ham", "ham", "10"])
    ['10', 'Ham', 'ham', 'spam']
    """
    distinct = sorted(set(values))
    if all(INTEGER.fullmatch(value) for value in distinct):
        return sorted(distinct, key=lambda value: (int(value), value))
    return distinct


def read_labels_file(path: Path) -> list[str]:
    """The names in a labels file, one per line, in order; empty lines at its end are left out.

    Raises InvalidInput where it holds none, an empty line between names, or a name twice.
    """
    text = decode_bytes(read_bytes(path, path.name)).text
    names = list_names(text)
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise InvalidInput(
            f"Line {names.index('') + 1} of {path.name} is empty.",
            "A labels file has one label per line, the first for index 0, without gaps.",
        )
    doubled = [name for index, name in enumerate(names) if name in names[:index]]
    if doubled or len(names) < 2:
        raise InvalidInput(
            f"{path.name} names '{doubled[0]}' twice."
            if doubled
            else f"{path.name} names fewer than two labels.",
            "A labels file has one label per line, each once, the first for index 0.",
        )
    return names


def name_labels(values: pd.Series, names: Sequence[str]) -> tuple[pd.Series, np.ndarray]:
    """Labels for the cells of a column that holds indices into ``names``, or the names themselves.

    Also gives which cells are neither (boolean array); those keep their text.
    """
    known = set(names)
    distinct = values.unique()
    by_name = sum(value in known for value in distinct) > sum(
        index_of(value, names) is not None for value in distinct
    )
    table: dict[str, str] = {}
    for value in distinct:
        index = index_of(value, names)
        if by_name and value in known:
            table[value] = value
        elif not by_name and index is not None:
            table[value] = names[index]
    unknown = ~values.isin(list(table)).to_numpy(dtype=bool)
    return values.map(lambda value: table.get(value, value)).astype("str"), unknown


def index_of(value: str, names: Sequence[str]) -> int | None:
    """The index a cell holds, or None where it holds none of this list.

    >>> index_of(" 1 ", ["finance", "sport"]), index_of("2", ["finance", "sport"]), index_of("x", [])
    (1, None, None)
    """
    text = value.strip()
    if not INTEGER.fullmatch(text) or not 0 <= int(text) < len(names):
        return None
    return int(text)
