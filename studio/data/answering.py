"""Answers of a table: as SQuAD has them, as lists or as plain texts, and where they stand in the passage."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from studio.data.tagging import move_spans
from studio.literals import read_json_list, read_literal
from studio.numbers import read_whole
from studio.tasks.question_answering import read_answers, write_answers
from studio.tasks.tagging.schemes import Span

STARTS = ("answer_start", "answer_starts", "start", "start_index", "start_char")
TEXTS = ("text", "texts", "answer", "answers")
# How numpy writes its arrays, as in tables that were saved from datasets of the Hugging Face Hub.
ARRAY = re.compile(r"array\((\[.*?\])(?:, dtype=\w+)?\)", re.DOTALL)

Fault = Literal["unreadable", "moved", "not_there"]


class Given(NamedTuple):
    """A right answer as a table has it: its text, and where it is said to start, None where that is not."""

    text: str
    start: int | None = None


def read_given(cell: str) -> list[Given] | None:
    """The answers of a cell in any of the shapes that tables have; None where it holds none.

    >>> read_given('[{"text": "Rome", "answer_start": 3}]'), read_given("")
    ([Given(text='Rome', start=3)], [])
    >>> read_given("{'text': array(['Rome'], dtype=object), 'answer_start': array([3], dtype=int32)}")
    [Given(text='Rome', start=3)]
    >>> read_given('["Rome", "in Rome"]'), read_given("Rome"), read_given('[[3, "Rome"]]')
    ([Given(text='Rome', start=None), Given(text='in Rome', start=None)], [Given(text='Rome', start=None)], \
[Given(text='Rome', start=3)])
    >>> read_given('[{"text": 5}]')
    """
    plain = cell.strip()
    if not plain.startswith(("[", "{")):
        return [Given(plain)] if plain else []
    found = read_literal(ARRAY.sub(r"\1", plain))
    if found is None:
        return [Given(plain)]
    listed = columns_in(found) if isinstance(found, dict) else found
    answers = [name_answer(one) for one in listed] if isinstance(listed, list | tuple) else [None]
    known = [answer for answer in answers if answer is not None]
    return [answer for answer in known if answer.text.strip()] if len(known) == len(answers) else None


def columns_in(found: Mapping[str, Any]) -> list[Any] | None:
    """The answers of an object: one, or a list of texts beside a list of starts; None where it has none."""
    texts = next((found[name] for name in TEXTS if name in found), None)
    starts = next((found[name] for name in STARTS if name in found), None)
    if isinstance(texts, str):
        return [{"text": texts, "answer_start": starts}]
    if not isinstance(texts, list):
        return None
    if starts is None:
        return texts
    if not isinstance(starts, list) or len(starts) != len(texts):
        return None
    return [{"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)]


def name_answer(given: Any) -> Given | None:
    """One answer, of a text, of an object, or of a start and a text; None for any other."""
    if isinstance(given, str):
        return Given(given)
    if isinstance(given, list | tuple) and len(given) == 2:
        start, text = given
    elif isinstance(given, dict):
        text = next((given[name] for name in TEXTS if name in given), None)
        start = next((given[name] for name in STARTS if name in given), None)
    else:
        return None
    place = read_whole(start)
    return Given(text, place) if isinstance(text, str) and (start is None or place is not None) else None


def place(given: Given, context: str, nearest: bool = False) -> tuple[int, str] | Fault:
    """Where an answer stands in its passage, without blanks around it; what is wrong where it does not.

    Without a start it is found where it stands first; ``nearest``: one that does not stand at its start is
    taken where it stands nearest to it.

    >>> place(Given("Rome"), "in Rome, not in Rome"), place(Given(" Rome", 2), "in Rome")
    ((3, 'Rome'), (3, 'Rome'))
    >>> place(Given("Rome", 2), "in Rome"), place(Given("Rome", 2), "in Rome", nearest=True)
    ('moved', (3, 'Rome'))
    >>> place(Given("Paris"), "in Rome"), place(Given("Paris", 3), "in Rome")
    ('not_there', 'not_there')
    """
    text = given.text.strip()
    before = len(given.text) - len(given.text.lstrip())
    wanted = 0 if given.start is None else given.start + before
    start = find_nearest(text, context, wanted)
    if start is None:
        return "not_there"
    return (start, text) if given.start is None or start == wanted or nearest else "moved"


def find_nearest(text: str, context: str, wanted: int) -> int | None:
    """Where a text stands nearest to a place, the first of two as near; None where it does not stand.

    >>> [find_nearest("a", "a b a b a", place) for place in (-3, 1, 2, 3, 90)], find_nearest("c", "a b", 0)
    ([0, 0, 0, 4, 8], None)
    """
    since = max(0, wanted)
    found = (context.rfind(text, 0, since + len(text)), context.find(text, since))
    return min((start for start in found if start >= 0), key=lambda start: abs(start - wanted), default=None)


def read_answer(cell: str, context: str, nearest: bool = False) -> str | Fault:
    """The right answers of a row as a dataset keeps them, or what stands in the way of reading them.

    >>> read_answer("Rome", "in Rome"), read_answer("", "in Rome"), read_answer("Paris", "in Rome")
    ('[[3, "Rome"]]', '[]', 'not_there')
    """
    given = read_given(cell)
    if given is None:
        return "unreadable"
    placed = [place(answer, context, nearest) for answer in given]
    faults = {one for one in placed if isinstance(one, str)}
    if faults:
        return "not_there" if "not_there" in faults else "moved"
    return write_answers(one for one in placed if not isinstance(one, str))


def is_kept(cell: str) -> bool:
    """Whether a cell holds answers as a dataset keeps them.

    >>> is_kept('[[3, "Rome"]]'), is_kept("[]"), is_kept("Rome"), is_kept('["Rome"]')
    (True, True, False, False)
    """
    found = read_json_list(cell)
    return found is not None and all(
        isinstance(one, list) and list(map(type, one)) == [int, str] for one in found
    )


def find_fault(cell: str, context: str) -> Fault | None:
    """What is wrong with the answers of a row.

    >>> find_fault('[[3, "Rome"]]', "in Rome"), find_fault('[[4, "Rome"]]', "in Rome")
    (None, 'moved')
    """
    found = read_answer(cell, context)
    return None if found.startswith("[") else found  # type: ignore[return-value]


def join_columns(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """One cell of several columns for each row: of texts with as many starts, or of texts alone.

    What is no whole number in a column of starts is kept as it is, so that it is found to be unreadable.

    >>> join_columns({"answer": ["1990", ""], "answer_start": ["3", "-1"]})
    ['[{"text": "1990", "answer_start": 3}]', '[]']
    >>> join_columns({"a": ["Rome"], "b": ["in Rome"]})
    ['[{"text": "Rome"}, {"text": "in Rome"}]']
    """
    starts = find_starts(columns)
    texts = [name for name in columns if name not in starts]
    rows = len(next(iter(columns.values())))
    joined = []
    for number in range(rows):
        answers: list[dict[str, Any]] = []
        for text, start in zip_longest(texts, starts if len(starts) == len(texts) else ()):
            given = columns[start][number].strip() if start is not None else ""
            whole = read_whole(given)
            known = {"answer_start": given if whole is None else whole} if given else {}
            answers += [{"text": columns[text][number], **known}] if columns[text][number].strip() else []
        joined.append(json.dumps(answers, ensure_ascii=False))
    return joined


def find_starts(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of the columns that say where answers start.

    They are known by their names, else by the whole numbers in as many columns as there are others; where
    all are numbers the answers, which are asked for first, are the first half.

    >>> find_starts({"a": ["Rome"], "b": ["3"]}), find_starts({"b": ["3"], "c": ["1990"]})
    (['b'], ['c'])
    >>> find_starts({"a": ["Rome"], "b": ["in Rome"], "c": ["1990"]})
    []
    """
    named = [name for name in columns if name.strip().casefold() in STARTS]
    if named and len(named) < len(columns):
        return named
    numbers = [
        name
        for name, cells in columns.items()
        if any(cells) and all(not cell.strip() or read_whole(cell) is not None for cell in cells)
    ]
    if len(numbers) == len(columns):
        numbers = numbers[len(numbers) // 2 :]
    return numbers if 2 * len(numbers) == len(columns) else []


def move_along(before: str, after: str, cell: str) -> str | None:
    """The answers in a passage in one that was made of it; None where one of them has no place there.

    >>> move_along("<b>in Rome</b>", "in Rome", '[[6, "Rome"]]')
    '[[3, "Rome"]]'
    """
    answers = read_answers(cell)
    moved = move_spans(before, after, [Span(answer.start, answer.end, "") for answer in answers])
    return None if moved is None else write_answers((start, after[start:end]) for start, end, _ in moved)


def open_answers(cell: str) -> dict[str, list[Any]]:
    """The answers of a row as datasets of the Hugging Face Hub have them.

    >>> open_answers('[[3, "Rome"]]')
    {'text': ['Rome'], 'answer_start': [3]}
    """
    answers = read_answers(cell)
    return {
        "text": [answer.text for answer in answers],
        "answer_start": [answer.start for answer in answers],
    }
