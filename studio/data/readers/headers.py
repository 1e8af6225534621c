"""Whether the first row of a table names the columns, and what the columns are then called."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median

from studio.data.names import show_name
from studio.data.number_cells import is_number

SAMPLE_ROWS = 500
LONGEST_NAME = 40
LONGEST_COLUMN_NAME = 200
COMMON_NAMES = """
text text_a text_b label labels category class target sentiment content message review comment title headline
sentence sentence1 sentence2 body description question answer context premise hypothesis query utterance
intent topic tag tags id idx index url date score rating stars quality split texto categoria categoría
etiqueta texte catégorie beschreibung kategorie bewertung nachricht preis betreff titel prix
commentaire avis titre étiquette message price 文本 内容 标签 类别 分类 标题 评论 情感 句子 问题 答案
"""
KNOWN_NAMES = frozenset(COMMON_NAMES.split())


@dataclass(frozen=True)
class Columns:
    """Names of the columns and how they came about; indices are zero-based."""

    names: list[str]
    padded: list[str]
    duplicated: list[str]
    unnamed: list[int]


def guess_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns rather than being data.

    >>> guess_header([["text", "label"], ["so good", "1"]])
    True
    >>> guess_header([["so good", "1"], ["not for me", "0"], ["what a film", "1"]])
    False
    >>> guess_header([["", "0", "1"], ["0", "so good", "1"], ["1", "not for me", "0"]])
    True
    """
    first = rows[0]
    body = [row for row in rows[1 : SAMPLE_ROWS + 1] if row != first]
    cells = [cell.strip() for cell in first]
    if is_numbered(cells, body):
        return True
    if any(map(is_number, cells)) or not any(cells):
        return False
    votes = 2 * sum(cell.casefold() in KNOWN_NAMES for cell in cells)
    fitting = [row for row in body if len(row) == len(first)]
    if fitting:
        votes += sum(
            vote_on_column(cell, [value.strip() for value in column])
            for cell, column in zip(cells, zip(*fitting, strict=True), strict=True)
        )
    if votes:
        return votes > 0
    return all(looks_like_name(cell) for cell in cells)


def is_numbered(cells: list[str], body: list[list[str]]) -> bool:
    """Whether the first row counts the columns from 0 over columns that are no numbers, as pandas writes."""
    named = [index for index, cell in enumerate(cells) if cell]
    if len(named) < 2 or [cells[index] for index in named] != [str(n) for n in range(len(named))]:
        return False
    return any(
        index < len(row) and row[index].strip() and not is_number(row[index])
        for row in body
        for index in named
    )


def vote_on_column(first: str, values: list[str]) -> int:
    """Above zero where the first cell differs in kind from those below, under zero where it does not."""
    filled = [value for value in values if value]
    if not filled:
        return 0
    if sum(map(is_number, filled)) >= 0.9 * len(filled):
        return 2 if any(map(str.isdigit, first)) else 3
    votes = 0
    counts = Counter(value.casefold() for value in filled)
    if first.casefold() in counts:
        votes -= 3
    elif len(filled) >= 4 and len(counts) <= len(filled) / 2:
        votes += 1
    usual = median(map(len, filled))
    if usual >= 15:
        votes += 1 if len(first) < usual / 3 and looks_like_name(first) else 0
        votes -= 2 if len(first) > usual / 2 else 0
    return votes


def looks_like_name(cell: str) -> bool:
    """Whether a cell could be the name of a column: short, at most three words, no sentence.

    >>> looks_like_name("Topic of mail"), looks_like_name("I did not like it."), looks_like_name("")
    (True, False, True)
    """
    return len(cell) <= LONGEST_NAME and len(cell.split()) <= 3 and not cell.endswith((".", "!", "?", "。"))


def name_columns(cells: list[str] | None, width: int) -> Columns:
    """Make one unique, trimmed name for each of ``width`` columns; without a header they are column_1, ...

    Hidden characters and what is longer than 200 characters are left out, for names are shown everywhere.

    >>> name_columns([" text ", "label", "label", ""], 4).names
    ['text', 'label', 'label_2', 'column_4']
    """
    raw = list(cells or [])[:width]
    raw += [""] * (width - len(raw))
    columns = Columns([], padded=[], duplicated=[], unnamed=[])
    taken: set[str] = set()
    given = {cell.strip() for cell in raw}
    for index, cell in enumerate(raw):
        name = show_name(cell, LONGEST_COLUMN_NAME)
        if cells is not None and cell.strip() != cell and name:
            columns.padded.append(name)
        if not name:
            columns.unnamed.append(index)
            name = f"column_{index + 1}"
        elif name in taken:
            columns.duplicated.append(name)
        columns.names.append(make_unique(name, taken, given))
        taken.add(columns.names[-1])
    return columns


def make_unique(name: str, taken: set[str], given: set[str]) -> str:
    """The name, or the name with the first number after it that is neither taken nor given to another."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken or f"{name}_{number}" in given:
        number += 1
    return f"{name}_{number}"


def join_header(rows: list[list[str]]) -> list[str]:
    """One name per column from several header rows; a cell merged over columns counts for each of them.

    >>> join_header([["Review", "", "Label"], ["Title", "Body", "Label"]])
    ['Review Title', 'Review Body', 'Label']
    """
    if len(rows) == 1:
        return rows[0]
    width = max(map(len, rows))
    filled = [fill_right(row + [""] * (width - len(row))) for row in rows[:-1]]
    filled.append(rows[-1] + [""] * (width - len(rows[-1])))
    return [
        " ".join(dict.fromkeys(part for part in map(str.strip, parts) if part))
        for parts in zip(*filled, strict=True)
    ]


def fill_right(row: list[str]) -> list[str]:
    """The row with each empty cell filled by what stands left of it."""
    filled = []
    last = ""
    for cell in row:
        last = cell if cell.strip() else last
        filled.append(last)
    return filled


def count_header_rows(rows: list[list[str]]) -> int:
    """How many rows name the columns: two where the first has merged cells over a row full of names."""
    if len(rows) < 3 or len(rows[0]) != len(rows[1]) or len(rows[0]) < 3:
        return 1
    groups = [cell for cell in rows[0] if cell.strip()]
    merged = 0 < len(groups) < len(rows[0])
    named = all(cell.strip() and not is_number(cell) and looks_like_name(cell) for cell in rows[1])
    return 2 if merged and named and guess_header(rows[1:]) else 1
