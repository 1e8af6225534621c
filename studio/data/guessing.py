"""What a table is for, and which column plays which role, guessed by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from studio.data.answers.option import find_options
from studio.data.answers.registry import KINDS, kind_of
from studio.data.column_facts import TEXT_NAMES, ColumnFacts, describe_columns
from studio.data.columns import (
    ANSWERS,
    BETWEEN_COLUMNS,
    CLASSIFICATION,
    LABEL,
    TEXT,
    TEXT_B,
    TaskShape,
    all_columns_of,
)
from studio.data.readers import Table

# A column called "text" is the text beside somewhat longer addresses or file names.
NAMED_TEXT_SHARE = 0.3
# Where so many texts have several labels it is not they alone that decide; with both texts hardly one has.
MOSTLY, HARDLY, ROWS_LOOKED_AT = 0.5, 0.1, 5000
# Two words with letters, or some Chinese, Japanese or Korean characters: no numbers, dates or ids.
WORDS = "[^\\W\\d_]{2,}\\s+[^\\W\\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{4,}"
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


def guess_roles(
    table: Table,
    task: TaskShape = CLASSIFICATION,
    given: Mapping[str, str] | None = None,
    facts: Sequence[ColumnFacts] | None = None,
) -> dict[str, str]:
    """A column for each required role that has a plausible one, as role -> column; ``given`` ones are kept.

    What the format itself says of its columns comes first. A label has few distinct short values; a text has
    the longest average, or nearly so and the name of one. ``facts`` are those of the columns, where known.
    """
    wanted = [role.key for role in task.roles if role.required]
    names = [str(name) for name in table.frame.columns]
    known = {role: column for role, column in table.roles.items() if role in wanted}
    roles = {**known, **(given or {})}
    if TEXT not in roles and TEXT_B in (role.key for role in task.roles):
        roles |= find_pair(names)
    described = describe_columns(table) if facts is None else facts
    facts = [fact for fact in described if fact.filled and fact.name != table.split_column]
    kind = kind_of(wanted)
    if not set(kind.roles) <= set(roles):
        untaken = [fact for fact in facts if fact.name not in roles.values()]
        roles = {**kind.guess(table, untaken, roles), **roles}
    taken = all_columns_of(roles, names)
    left = [fact for fact in facts if fact.name not in taken]
    plain = [fact for fact in left if not fact.is_structured] or left
    longest = max((fact.mean_length for fact in plain), default=0.0)
    plain.sort(key=lambda fact: (not is_text_name(fact, longest), -fact.mean_length))
    texts = [key for key in wanted if key not in ANSWERS and key not in roles]
    for key, fact in zip(texts, plain, strict=False):
        roles[key] = fact.name
    if TEXT_B in (role.key for role in task.roles) and TEXT not in known and TEXT not in (given or {}):
        roles |= find_second_text(table.frame, left, roles)
    return {role.key: roles[role.key] for role in task.roles if role.key in roles}


def find_second_text(
    frame: pd.DataFrame, facts: Sequence[ColumnFacts], roles: Mapping[str, str]
) -> dict[str, str]:
    """Both texts, as their columns stand, where the label of most texts depends on another text; or nothing.

    Of answers to questions, say, each may be right for one question and wrong for others.
    """
    text, label = roles.get(TEXT), roles.get(LABEL)
    if text is None or label is None or TEXT_B in roles:
        return {}
    rows = frame.head(ROWS_LOOKED_AT)
    if contradicted(rows, [text], label) < MOSTLY:
        return {}
    plain = [fact for fact in facts if not fact.is_structured]
    for fact in sorted(plain, key=lambda fact: -fact.mean_length):
        if fact.name in (text, label) or rows[fact.name].str.contains(WORDS, na=False).mean() < MOSTLY:
            continue
        if contradicted(rows, [text, fact.name], label) <= HARDLY:
            first, second = sorted((text, fact.name), key=list(frame.columns).index)
            return {TEXT: first, TEXT_B: second}
    return {}


def contradicted(rows: pd.DataFrame, texts: Sequence[str], label: str) -> float:
    """The share of rows whose texts occur with another label too.

    >>> rows = pd.DataFrame({"a": ["x", "x", "y"], "label": ["1", "2", "1"]})
    >>> round(contradicted(rows, ["a"], "label"), 2)
    0.67
    """
    labels = rows.groupby(list(texts), dropna=False)[label].transform("nunique")
    return float((labels > 1).mean()) if len(rows) else 0.0


def guess_task(table: Table, tasks: Sequence[TaskShape]) -> str | None:
    """The task of which the format, or what stands in the columns, plainly tells; None where nothing does."""
    if table.task:
        return table.task
    facts = describe_columns(table)
    needs = {task.key: [role.key for role in task.roles if role.required] for task in tasks}
    for task in sorted(tasks, key=lambda task: KINDS.index(kind_of(needs[task.key]))):
        roles = guess_roles(table, task, facts=facts)
        if set(needs[task.key]) <= set(roles) and kind_of(needs[task.key]).tells(table, roles):
            return task.key
    return None


def guess_several(frame: pd.DataFrame) -> str:
    """The columns of a table that most likely hold a row's options, with commas between; or nothing."""
    return BETWEEN_COLUMNS.join(find_options(frame))


def find_pair(names: Sequence[str]) -> dict[str, str]:
    """The columns of both texts where a table of pairs calls them as such tables do; else nothing.

    >>> find_pair(["Quality", "Sentence1", "Sentence2"]), find_pair(["text", "label"])
    ({'text': 'Sentence1', 'text_b': 'Sentence2'}, {})
    """
    known = {name.strip().casefold(): name for name in reversed(names)}
    found = (pair for pair in PAIRS if all(name in known for name in pair))
    return {role: known[name] for role, name in zip((TEXT, TEXT_B), next(found, ()), strict=False)}


def is_text_name(fact: ColumnFacts, longest: float) -> bool:
    """Whether a column is named as a text and is long enough to be one."""
    return fact.name.strip().casefold() in TEXT_NAMES and fact.mean_length >= NAMED_TEXT_SHARE * longest
