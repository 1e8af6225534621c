"""Options to choose from: in a column each, or as a list; and which of them is said to be right, however."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pandas as pd

from studio.data.label_sets import is_text_list
from studio.tasks.multiple_choice import SEPARATORS, read_list, read_options, write_options

SEPARATED_AT_LEAST = 0.9
CELLS_READ = 20_000
NUMBER = re.compile(r"\(?([0-9]{1,3})(?:\.0)?[.):]?")
LETTER = re.compile(r"\(?([A-Za-z])[.):]?")
FROM_ONE, FROM_ZERO, LETTERS, COLUMNS, TEXTS = "from_one", "from_zero", "letters", "columns", "texts"
# Readings in which a wide letter or number is the same as a plain one.
MARKS = (FROM_ONE, FROM_ZERO, LETTERS)


def join_options(columns: pd.DataFrame) -> pd.Series:
    """Options of a column each, as a dataset keeps them; rows with fewer options leave the last ones empty.

    >>> join_options(pd.DataFrame({"a": ["yes", "red"], "b": [" no", "blue"], "c": ["", "green"]})).tolist()
    ['["yes", "no"]', '["red", "blue", "green"]']
    """
    cells = [columns[name].str.strip() for name in columns]
    found = []
    for row in zip(*cells, strict=True):
        options = list(row)
        while options and not options[-1]:
            options.pop()
        found.append(write_options(options))
    return pd.Series(found, index=columns.index, dtype="str")


def find_separator(cells: pd.Series) -> str:
    """What stands between the options of a cell: the first sign that nearly all cells have, or nothing.

    >>> find_separator(pd.Series(["yes|no", "red|blue|green"])), find_separator(pd.Series(['["a", "b"]']))
    ('|', '')
    """
    filled = cells.str.strip()
    filled = filled[filled != ""].head(CELLS_READ)
    if not len(filled) or filled.str.startswith(("[", "{")).mean() >= SEPARATED_AT_LEAST:
        return ""
    has = (sign for sign in SEPARATORS if filled.str.contains(sign, regex=False).mean() >= SEPARATED_AT_LEAST)
    return next(has, "")


def read_cells(cells: pd.Series, separator: str) -> pd.Series:
    """Options of one column as a dataset keeps them; a cell that holds no list stays as it is.

    >>> cells = pd.Series(["yes | no", "['a', 'b']", '{"text": ["x", "y"], "label": ["A", "B"]}'])
    >>> read_cells(cells, "|").tolist()
    ['["yes", "no"]', '["a", "b"]', '["x", "y"]']
    """
    return cells.str.strip().map(lambda cell: read_cell(cell, separator)).astype("str")


def read_cell(cell: str, separator: str) -> str:
    """Options of one cell as a dataset keeps them."""
    listed = read_list(cell)
    if listed is None and separator and separator in cell:
        listed = [part.strip() for part in cell.split(separator)]
    return cell if listed is None else write_options(listed)


def options_in(cells: pd.Series) -> list[list[str]]:
    """The options of each row; none where a cell holds no list."""
    return [read_options(cell) if is_text_list(cell) else [] for cell in cells]


def place_by(reading: str, cell: str, options: Sequence[str], names: Sequence[str]) -> int | None:
    """Which option a cell means when it is read so, counted from 0; None where it means none.

    >>> [place_by(reading, "2", ["2", "3"], []) for reading in (FROM_ZERO, FROM_ONE, TEXTS)]
    [None, 1, 0]
    >>> place_by(LETTERS, "(b)", ["x", "y"], []), place_by(COLUMNS, "End1", ["x", "y"], ["end0", "end1"])
    (1, 1)
    """
    text = unicodedata.normalize("NFKC", cell).strip() if reading in MARKS else cell.strip()
    if reading == TEXTS:
        place = options.index(text) if text in options else -1
    elif reading == COLUMNS:
        known = [name.strip().casefold() for name in names]
        place = known.index(text.casefold()) if text.casefold() in known else -1
    elif reading == LETTERS:
        letter = LETTER.fullmatch(text)
        place = ord(letter[1].casefold()) - ord("a") if letter else -1
    else:
        number = NUMBER.fullmatch(text)
        place = int(number[1]) - (reading == FROM_ONE) if number else -1
    return place if 0 <= place < len(options) and options[place] else None


def find_reading(cells: Sequence[str], options: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    """How a column says which option is right: the way in which most cells mean one.

    Numbers that are all options of their row mean these. Where numbers from 0 and from 1 both fit, the
    columns' own numbers decide, else they are from 1.

    >>> find_reading(["1", "2"], [["x", "y"], ["x", "y"]], ["option1", "option2"])
    'from_one'
    >>> find_reading(["1", "1"], [["x", "y"], ["x", "y"]], ["ending0", "ending1"])
    'from_zero'
    >>> find_reading(["2", "1"], [["3", "2"], ["1", "9"]], [])
    'texts'
    """
    bases = (FROM_ZERO, FROM_ONE) if names and names[0].endswith("0") else (FROM_ONE, FROM_ZERO)
    readings = (*bases, LETTERS, COLUMNS, TEXTS)
    rows = list(zip(cells, options, strict=True))[:CELLS_READ]

    def fitting(reading: str) -> int:
        return sum(place_by(reading, cell, given, names) is not None for cell, given in rows)

    best = max(readings, key=fitting)
    return TEXTS if best in bases and fitting(TEXTS) == len(rows) > 0 else best


def name_right(
    cells: Sequence[str], options: Sequence[Sequence[str]], names: Sequence[str], reading: str
) -> list[str]:
    """The right option of each row in its own words; a cell that means none stays as it is."""
    places = [place_by(reading, cell, given, names) for cell, given in zip(cells, options, strict=True)]
    return [
        cell.strip() if place is None else given[place]
        for cell, given, place in zip(cells, options, places, strict=True)
    ]
