"""Which column plays which role, guessed by content, and whether a choice of roles can work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from studio.data.label_sets import BETWEEN_COLUMNS, columns_of, is_mark
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.tasks.regression import read_number

TEXT = "text"
TEXT_B = "text_b"
LABEL = "label"
NUMBER = "number"
LABELS = "labels"
ANSWERS = (LABEL, NUMBER, LABELS)
SAMPLE_ROWS = 20_000
LABEL_NAMES = frozenset({"label", "labels", "category", "class", "target", "sentiment", "intent", "topic"})
LABEL_NAMES_ZH = frozenset({"标签", "类别", "分类", "情感"})
NUMBER_NAMES = frozenset(
    {"number", "score", "scores", "similarity", "rating", "stars", "value", "label", "target", "grade"}
    | {"分数", "评分", "得分", "相似度"}
)
TEXT_NAMES = frozenset({"text", "text_a", "message", "review", "sentence", "content", "文本", "内容", "评论"})
# A column called "text" is the text beside somewhat longer addresses or file names.
NAMED_TEXT_SHARE = 0.3
LONGEST_LABEL = 80
NUMERIC_SHARE = 0.9
# A column whose values hardly repeat is an id, a number or a text, not a label.
MOST_DISTINCT_SHARE = 0.5


class RoleShape(Protocol):
    """What this room needs to know of a role of a task."""

    @property
    def key(self) -> str:
        """The role's word, such as "text"."""

    @property
    def required(self) -> bool:
        """Whether the task cannot do without it."""


class TaskShape(Protocol):
    """What this room needs to know of a task."""

    @property
    def key(self) -> str:
        """The task's word, such as "classification"."""

    @property
    def roles(self) -> Sequence[RoleShape]:
        """Its roles, in the order they are asked for."""


@dataclass(frozen=True)
class PlainRole:
    """A role by its key alone."""

    key: str
    required: bool = True


@dataclass(frozen=True)
class PlainTask:
    """A task by its roles alone."""

    key: str
    roles: tuple[PlainRole, ...]


CLASSIFICATION = PlainTask("classification", (PlainRole(TEXT), PlainRole(TEXT_B, False), PlainRole(LABEL)))
# How tables of pairs call their two texts.
PAIRS = (
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("premise", "hypothesis"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("text", "text_b"),
    ("#1 string", "#2 string"),
    ("句子1", "句子2"),
)


@dataclass(frozen=True)
class ColumnFacts:
    """What the values of a column look like; lengths in characters, ``numbers`` the cells that are some."""

    name: str
    mean_length: float
    distinct: int
    filled: int
    numbers: int = 0

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
    numbers = sum(not math.isnan(read_number(cell)) for cell in filled)
    return ColumnFacts(name, mean_length, int(filled.str.strip().nunique()), len(filled), numbers)


def guess_roles(
    table: Table, task: TaskShape = CLASSIFICATION, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A column for each required role that has a plausible one, as role -> column; ``given`` ones are kept.

    What the format itself says of its columns comes first. A label has few distinct short values; a text has
    the longest average, or nearly so and the name of one.
    """
    wanted = [role.key for role in task.roles if role.required]
    names = [str(name) for name in table.frame.columns]
    known = {role: column for role, column in table.roles.items() if role in wanted}
    roles = {**known, **(given or {})}
    if TEXT not in roles and TEXT_B in (role.key for role in task.roles):
        roles |= find_pair(names)
    facts = [fact for fact in describe_columns(table) if fact.filled and fact.name != table.split_column]
    if LABEL in wanted and LABEL not in roles:
        label = best_label([fact for fact in facts if fact.name not in roles.values()], roles)
        if label:
            roles[LABEL] = label
    if LABELS in wanted and LABELS not in roles:
        roles |= best_labels(table, [fact for fact in facts if fact.name not in roles.values()], roles)
    if NUMBER in wanted and NUMBER not in roles:
        number = best_number([fact for fact in facts if fact.name not in roles.values()])
        if number:
            roles[NUMBER] = number
    taken = {name for role, chosen in roles.items() for name in columns_of(role, chosen, names)}
    left = [fact for fact in facts if fact.name not in taken]
    longest = max((fact.mean_length for fact in left), default=0.0)
    left.sort(key=lambda fact: (not is_text_name(fact, longest), -fact.mean_length))
    texts = [key for key in wanted if key not in ANSWERS and key not in roles]
    for key, fact in zip(texts, left, strict=False):
        roles[key] = fact.name
    return {role.key: roles[role.key] for role in task.roles if role.key in roles}


def find_pair(names: Sequence[str]) -> dict[str, str]:
    """The columns of both texts where a table of pairs calls them as such tables do; else nothing.

    >>> find_pair(["Quality", "Sentence1", "Sentence2"]), find_pair(["text", "label"])
    ({'text': 'Sentence1', 'text_b': 'Sentence2'}, {})
    """
    known = {name.strip().casefold(): name for name in reversed(names)}
    found = (pair for pair in PAIRS if all(name in known for name in pair))
    return {role: known[name] for role, name in zip((TEXT, TEXT_B), next(found, ()), strict=False)}


def best_label(facts: list[ColumnFacts], given: Mapping[str, str]) -> str | None:
    """The column most like a label: few distinct short values, or named so.

    The longest column is never one, as long as no text is given: it is the text.
    """
    longest = max(facts, key=lambda fact: fact.mean_length, default=None)
    others = [fact for fact in facts if fact is not longest or TEXT in given]
    short = [fact for fact in others if fact.mean_length <= LONGEST_LABEL]
    repeating = [fact for fact in short if fact.distinct_share <= MOST_DISTINCT_SHARE and fact.distinct > 1]
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


def best_labels(table: Table, facts: list[ColumnFacts], given: Mapping[str, str]) -> dict[str, str]:
    """The columns that hold marks, where there are several; else the one most like labels. By its role."""
    longest = max(facts, key=lambda fact: fact.mean_length, default=None)
    others = [fact for fact in facts if fact is not longest or TEXT in given]
    marked = [fact.name for fact in others if table.frame[fact.name].head(SAMPLE_ROWS).map(is_mark).all()]
    if len(marked) > 1:
        return {LABELS: BETWEEN_COLUMNS.join(marked)}
    named = [fact for fact in others if is_label_name(fact.name)]
    chosen = named[0].name if named else best_label(facts, given)
    return {LABELS: chosen} if chosen else {}


def best_number(facts: list[ColumnFacts]) -> str | None:
    """The column most like a number to be learnt: nearly all cells are some, it is named so, or has most."""
    numeric = [fact for fact in facts if fact.numbers >= NUMERIC_SHARE * fact.filled]
    named = [fact for fact in numeric if fact.name.strip().casefold() in NUMBER_NAMES]
    # A column in which every row has another number is most often an id.
    repeating = [fact for fact in numeric if fact.distinct < fact.filled]
    for candidates in (named, repeating, numeric):
        if candidates:
            return candidates[-1].name
    return None


def is_text_name(fact: ColumnFacts, longest: float) -> bool:
    """Whether a column is named as a text and is long enough to be one."""
    return fact.name.strip().casefold() in TEXT_NAMES and fact.mean_length >= NAMED_TEXT_SHARE * longest


def is_label_name(name: str) -> bool:
    """Whether a column's name says that it holds labels."""
    plain = name.strip().casefold()
    return plain in LABEL_NAMES_ZH or plain.split("_")[0] in LABEL_NAMES or plain in LABEL_NAMES


def match_columns(roles: Mapping[str, str], table: Table) -> dict[str, str]:
    """The roles with columns spelled as in the table: blanks around a name and its case are forgiven."""
    names = [str(name) for name in table.frame.columns]
    by_plain = {name.strip().casefold(): name for name in reversed(names)}

    def spell(column: str) -> str:
        return column if column in names else by_plain.get(column.strip().casefold(), column)

    return {
        role: BETWEEN_COLUMNS.join(map(spell, columns_of(role, spell(column), names)))
        for role, column in roles.items()
    }


def check_roles(roles: Mapping[str, str], table: Table, task: TaskShape = CLASSIFICATION) -> list[Problem]:
    """Roles without a column, columns that are not there, and one column in two roles."""
    names = [str(name) for name in table.frame.columns]
    listed = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    known = {role.key for role in task.roles}
    found = []
    for role in task.roles:
        if role.required and not roles.get(role.key):
            found.append(
                Problem(
                    "error",
                    "missing_role",
                    f"No column is chosen for the {role.key}.",
                    f"A {task.key} dataset needs one.",
                    f"Choose one of: {listed}." if len(names) > 1 else ONE_COLUMN_HINT,
                    table.file,
                )
            )
    for role_key, column in roles.items():
        if role_key not in known:
            found.append(
                Problem(
                    "error",
                    "unknown_role",
                    f"'{role_key}' is not a role of {task.key}.",
                    "Each column of the dataset plays one of the task's roles.",
                    f"Use one of: {', '.join(role.key for role in task.roles)}.",
                    table.file,
                )
            )
        unknown = [name for name in columns_of(role_key, column, names) if name not in names]
        if role_key in known and column and unknown:
            found.append(
                Problem(
                    "error",
                    "unknown_column",
                    f"{table.file} has no column '{unknown[0]}', chosen for the {role_key}.",
                    "The column is found by its name.",
                    f"Choose one of: {listed}.",
                    table.file,
                    column=unknown[0],
                )
            )
    chosen = [name for role, column in roles.items() if column for name in columns_of(role, column, names)]
    for column in dict.fromkeys(column for column in chosen if chosen.count(column) > 1):
        found.append(
            Problem(
                "error",
                "column_in_two_roles",
                f"'{column}' is chosen for more than one role.",
                "A model that is given the answer learns nothing.",
                "Choose a different column for each role.",
                table.file,
                column=column,
            )
        )
    return found


ONE_COLUMN_HINT = "The table was read as one column. If it has more, choose the separator by hand."
