"""What the values of columns look like, and which columns look like labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from studio.data.columns import TEXT, all_columns_of
from studio.data.number_cells import is_number
from studio.data.readers import Table

SAMPLE_ROWS = 20_000
LABEL_NAMES = frozenset({"label", "labels", "category", "class", "target", "sentiment", "intent", "topic"})
LABEL_NAMES_ZH = frozenset({"标签", "类别", "分类", "情感"})
LONGEST_LABEL = 80
# A column whose values hardly repeat is an id, a number or a text, not a label.
MOST_DISTINCT_SHARE = 0.5


@dataclass(frozen=True)
class ColumnFacts:
    """What the values of a column look like; lengths in characters.

    ``numbers`` are the cells that are some, ``objects`` those that hold objects of JSON, as no text does.
    """

    name: str
    mean_length: float
    distinct: int
    filled: int
    numbers: int = 0
    objects: int = 0

    @property
    def distinct_share(self) -> float:
        """Distinct values per filled cell, 0 to 1."""
        return self.distinct / self.filled if self.filled else 1.0


def describe_columns(table: Table) -> list[ColumnFacts]:
    """Facts about each column, from the first 20,000 rows."""
    frame = table.frame.head(SAMPLE_ROWS)
    return [describe_column(str(name), frame[name]) for name in frame.columns]


def describe_column(name: str, values: pd.Series) -> ColumnFacts:
    """Facts about one column of text cells."""
    filled = values[values.str.strip() != ""]
    mean_length = float(filled.str.len().mean()) if len(filled) else 0.0
    numbers = sum(map(is_number, filled))
    objects = int(filled.str.lstrip().str.startswith(('{"', '[{"')).sum())
    return ColumnFacts(name, mean_length, int(filled.str.strip().nunique()), len(filled), numbers, objects)


def looks_like_label(fact: ColumnFacts) -> bool:
    """Whether the values of a column are short and repeat."""
    return (
        fact.mean_length <= LONGEST_LABEL and fact.distinct_share <= MOST_DISTINCT_SHARE and fact.distinct > 1
    )


def has_label_beside(table: Table, roles: Mapping[str, str]) -> bool:
    """Whether a column without a role is named as a label, or looks like one."""
    names = [str(name) for name in table.frame.columns]
    taken = all_columns_of(roles, names)
    others = (name for name in names if name not in taken)
    return any(
        is_label_name(name) or looks_like_label(describe_column(name, table.frame[name].head(SAMPLE_ROWS)))
        for name in others
    )


def best_label(facts: list[ColumnFacts], given: Mapping[str, str]) -> str | None:
    """The column most like a label: few distinct short values, or named so.

    The longest column is never one, as long as no text is given: it is the text.
    """
    longest = max(facts, key=lambda fact: fact.mean_length, default=None)
    others = [fact for fact in facts if fact is not longest or TEXT in given]
    short = [fact for fact in others if fact.mean_length <= LONGEST_LABEL]
    repeating = [fact for fact in short if looks_like_label(fact)]
    named = [fact for fact in short if is_label_name(fact.name)]
    for candidates in (
        [fact for fact in named if fact in repeating],
        repeating,
        named,
        short if len(short) == 1 else [],
    ):
        if candidates:
            return min(candidates, key=lambda fact: (fact.distinct_share, fact.mean_length)).name
    return None


def is_label_name(name: str) -> bool:
    """Whether a column's name says that it holds labels."""
    plain = name.strip().casefold()
    return plain in LABEL_NAMES_ZH or plain.split("_")[0] in LABEL_NAMES or plain in LABEL_NAMES
