"""What the values of columns look like, and which columns look like labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from studio.data.columns import TEXT, all_columns_of
from studio.data.number_cells import is_number
from studio.data.readers import Table

SAMPLE_ROWS = 20_000
TEXT_NAMES = frozenset({"text", "text_a", "message", "review", "sentence", "content", "文本", "内容", "评论"})
LABEL_NAMES = frozenset(
    {"label", "labels", "category", "class", "target", "sentiment", "intent", "topic", "tag", "tags"}
    | {"kategorie", "klasse", "catégorie", "étiquette", "categoría", "etiqueta"}
)
LABEL_NAMES_ZH = frozenset({"标签", "类别", "分类", "情感", "主题", "意图"})
# What is learnt in many tables, and stands beside it in others.
USUAL_NAMES = frozenset(
    {"queue", "type", "kind", "status", "department", "group", "team", "priority", "reason", "genre"}
    | {"typ", "abteilung", "gruppe", "priorität", "grund", "statut", "raison", "priorité"}
    | {"队列", "类型", "状态", "部门", "组别", "小组", "团队", "优先级", "原因"}
)
# What people wrote beside a text is hardly ever what is to be learnt of it.
NOTE_NAMES = frozenset(
    {"note", "notes", "comment", "comments", "remark", "remarks", "bemerkung", "bemerkungen", "notiz"}
    | {"remarque", "remarques", "commentaire", "备注", "注释", "评论", "说明"}
)
DATE = r"\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T\s].*)?"
LIST = r"""(?s)\s*\[\s*(?:\]|["'].*\]\s*)"""
# Of the cells of a column: so many dates make it one of dates, so many empty ones no likely answer.
DATES_FROM, EMPTY_FROM = 0.9, 0.2
LONGEST_LABEL = 80
# A column whose values hardly repeat is an id, a number or a text, not a label.
MOST_DISTINCT_SHARE = 0.5


@dataclass(frozen=True)
class ColumnFacts:
    """What the values of a column look like; lengths in characters.

    ``numbers`` and ``dates`` are the cells that are some, ``objects`` those that hold objects of JSON and
    ``lists`` those that hold lists of texts, as no text does, ``empty`` those that hold nothing.
    """

    name: str
    mean_length: float
    distinct: int
    filled: int
    numbers: int = 0
    objects: int = 0
    dates: int = 0
    lists: int = 0
    empty: int = 0

    @property
    def holds_dates(self) -> bool:
        """Whether nearly all filled cells are dates."""
        return self.dates >= DATES_FROM * max(1, self.filled)

    @property
    def is_structured(self) -> bool:
        """Whether most cells hold objects or lists, as no text does."""
        return 2 * (self.objects + self.lists) > self.filled

    @property
    def often_empty(self) -> bool:
        """Whether many cells hold nothing."""
        return self.empty >= EMPTY_FROM * (self.filled + self.empty)

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
    lists = int(filled.str.fullmatch(LIST).sum())
    dates = int(filled.str.fullmatch(DATE).sum())
    distinct, empty = int(filled.str.strip().nunique()), len(values) - len(filled)
    return ColumnFacts(name, mean_length, distinct, len(filled), numbers, objects, dates, lists, empty)


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

    The text is never one, as long as none is given: columns that are named so beside one that is named as a
    label, else the longest column. Nor are dates, and notes only where nothing else is.
    """
    longest = max(facts, key=lambda fact: fact.mean_length, default=None)
    texts = [fact for fact in facts if fact.name.strip().casefold() in TEXT_NAMES]
    if not texts or not any(is_label_name(fact.name) for fact in facts):
        texts = [fact for fact in facts if fact is longest]
    others = [fact for fact in facts if (fact not in texts or TEXT in given) and not fact.holds_dates]
    plain = [fact for fact in others if fact.name.strip().casefold() not in NOTE_NAMES]
    return likeliest_label(plain) or likeliest_label(others)


def likeliest_label(others: list[ColumnFacts]) -> str | None:
    """Of columns that may be labels the likeliest; those that are often empty last among their like."""
    short = [fact for fact in others if fact.mean_length <= LONGEST_LABEL]
    repeating = [fact for fact in short if looks_like_label(fact)]
    named = [fact for fact in short if is_label_name(fact.name)]
    usual = [fact for fact in repeating if fact.name.strip().casefold() in USUAL_NAMES]
    for candidates in (
        [fact for fact in named if fact in repeating],
        usual,
        repeating,
        named,
        short if len(short) == 1 else [],
    ):
        if candidates:
            return min(
                candidates, key=lambda fact: (fact.often_empty, fact.distinct_share, fact.mean_length)
            ).name
    return None


def is_label_name(name: str) -> bool:
    """Whether a column's name says that it holds labels."""
    plain = name.strip().casefold()
    return plain in LABEL_NAMES_ZH or plain.split("_")[0] in LABEL_NAMES or plain in LABEL_NAMES
