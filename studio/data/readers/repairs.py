"""Mend rows that do not fit, where a person chose that; never by guessing."""

from __future__ import annotations

from dataclasses import dataclass

from studio.data.number_cells import is_number

SAMPLE_ROWS = 2000
CATEGORY_SHARE = 0.5
LONGEST_CATEGORY = 60
FEWEST_ROWS = 3


@dataclass(frozen=True)
class ColumnKinds:
    """What the columns of a sample hold: numbers, a few values (with those), or free text; zero-based."""

    numbers: frozenset[int]
    categories: dict[int, frozenset[str]]
    texts: tuple[int, ...]

    @property
    def text(self) -> int | None:
        """The one column of free text; None where there is none, or more than one."""
        return self.texts[0] if len(self.texts) == 1 else None

    def allows(self, index: int, cell: str) -> bool:
        """Whether a cell may stand in the column."""
        if index in self.numbers:
            return not cell.strip() or is_number(cell)
        return index not in self.categories or cell in self.categories[index]


def know_columns(rows: list[list[str]], width: int) -> ColumnKinds:
    """Tell numbers, categories and free text apart in the rows of that width.

    >>> rows = [["so, good", "1", "a"], ["bad", "2", "a"], ["fine", "3", "a"], ["ok", "4", "a"]]
    >>> know_columns(rows, 3)
    ColumnKinds(numbers=frozenset({1}), categories={2: frozenset({'a'})}, texts=(0,))
    """
    fitting = [row for row in rows if len(row) == width][:SAMPLE_ROWS]
    numbers, categories, texts = set(), {}, []
    for index, column in enumerate(zip(*fitting, strict=True)):
        filled = [cell for cell in column if cell.strip()]
        values = frozenset(filled)
        if len(filled) < FEWEST_ROWS:
            texts.append(index)
        elif all(map(is_number, filled)):
            numbers.add(index)
        elif len(values) <= CATEGORY_SHARE * len(filled) and max(map(len, values)) <= LONGEST_CATEGORY:
            categories[index] = values
        else:
            texts.append(index)
    return ColumnKinds(frozenset(numbers), categories, tuple(texts))


def join_surplus(cells: list[str], width: int, delimiter: str, kinds: ColumnKinds) -> list[str] | None:
    """The row with its surplus cells put back together in the text column; None where that is not clear.

    >>> kinds = know_columns([["good", "a"], ["bad", "b"], ["fine", "a"], ["ok", "a"]], 2)
    >>> join_surplus(["well", " well", "a"], 2, ",", kinds)
    ['well, well', 'a']
    >>> join_surplus(["well", " well", "c"], 2, ",", kinds)
    """
    text = kinds.text
    if text is None:
        return None
    surplus = len(cells) - width
    joined = delimiter.join(cells[text : text + surplus + 1])
    row = [*cells[:text], joined, *cells[text + surplus + 1 :]]
    fits = all(kinds.allows(index, cell) for index, cell in enumerate(row) if index != text)
    return row if fits else None
