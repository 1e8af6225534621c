"""Right answers within a passage: the kind of answer of a question answering."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from studio.data.answering import (
    STARTS,
    find_fault,
    is_kept,
    join_columns,
    move_along,
    open_answers,
    read_answer,
    read_given,
)
from studio.data.answers.base import AnswerKind, CellFault, Fault, Frames, Reading, Roles
from studio.data.answers.places import tell_missing, tell_moved
from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
from studio.data.column_facts import ColumnFacts
from studio.data.columns import BETWEEN_COLUMNS, CONTEXT, QUESTION, SPANS, columns_of
from studio.data.label_sets import is_mark
from studio.data.problems import Problem, count_of
from studio.data.readers import Table
from studio.data.texts import count_words
from studio.tasks.answering.spans import MAX_ANSWER_TOKENS
from studio.tasks.question_answering import read_answers

QUESTION_NAMES = frozenset({"question", "questions", "query", "问题"})
CONTEXT_NAMES = frozenset(
    {"context", "passage", "paragraph", "text", "document", "article", "段落", "文章", "原文"}
)
ANSWER_NAMES = frozenset({"answers", "answer", "answer_text", "gold", "right_answer", "response", "答案"})
SAMPLE_ROWS = 200
STANDING_SHARE = 0.6
# A letter or digit of a script that puts blanks between its words.
LETTER = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
PLACE = "place_answers"  # the repair
NO_PASSAGE = CellFault(
    "question_without_passage",
    "{rows} with a question and no passage: {lines}.",
    "The answer is looked for in the passage.",
    "Fill in the passage, or drop these rows.",
)
NO_QUESTION = CellFault(
    "passage_without_question",
    "{rows} without a question: {lines}.",
    "There is nothing to answer.",
    "Fill in the question, or drop these rows.",
)
UNREADABLE = CellFault(
    "unreadable_answers",
    "{rows} whose answers cannot be read: {lines}.",
    "A cell holds the text of the answer, a list of right ones, or texts with where each starts.",
    "Correct the cells, choose another column, or drop these rows.",
)
MOVED = CellFault(
    "moved_answer",
    "{rows} with an answer that does not stand where it is said to start: {lines}.",
    "The passage was changed after it was annotated, or characters were counted in another way.",
    "Take these answers where they stand in the passage, correct where they start (the first character is "
    "0), or drop these rows.",
    tell_moved,
)
NOT_THERE = CellFault(
    "answer_not_in_passage",
    "{rows} with an answer that does not stand in the passage: {lines}.",
    "A model answers with the very words of the passage, so it could never give this answer.",
    "Write the answer as it stands in the passage, leave the cell empty, or drop these rows.",
    tell_missing,
)
WORDS: dict[str, CellFault] = {"unreadable": UNREADABLE, "moved": MOVED, "not_there": NOT_THERE}
PLACED = Words(
    "placed_answers",
    "note",
    "row has an answer that was taken where it stands",
    "rows have an answer that was taken where it stands",
    "It did not stand where it was said to start; of several places the nearest was taken.",
    "Nothing to do where these answers stand once in their passages. Else look at these rows.",
)
CONFLICT = Words(
    "conflicting_answers",
    "warning",
    "row asks what is also asked with other answers",
    "rows ask what is also asked with other answers",
    "Where the answers do not say the same, no model can give both.",
    "Put all right answers to a question into one row, or leave out those that are wrong.",
)
WITHOUT = Words(
    "questions_without_answer",
    "note",
    "question has no answer in its passage",
    "questions have no answer in their passage",
    "The model learns from them to say that there is none.",
    "Nothing to do, unless their answers were forgotten.",
)
LONG = Words(
    "long_answer",
    "note",
    f"answer is longer than {MAX_ANSWER_TOKENS} words",
    f"answers are longer than {MAX_ANSWER_TOKENS} words",
    f"A model answers with at most {MAX_ANSWER_TOKENS} tokens in a row, so it finds only a part of them.",
    "Shorten these answers to what is asked for, if you can.",
)
CUTS_WORD = Words(
    "answer_cuts_word",
    "note",
    "answer begins or ends within a word",
    "answers begin or end within a word",
    "A model answers with whole tokens, so it may find some characters more than is right.",
    "Nothing to do where that is meant; else move the ends of these answers.",
)


def guess(table: Table, facts: list[ColumnFacts], given: Roles) -> dict[str, str]:
    """The columns of passage, question and answers, by their names, else by what stands in them."""
    by_name = {fact.name.strip().casefold(): fact.name for fact in reversed(facts)}

    def named(names: frozenset[str]) -> str | None:
        return next((name for plain, name in by_name.items() if plain in names), None)

    lengths = sorted(facts, key=lambda fact: -fact.mean_length)
    longest = lengths[0].name if lengths else None
    context = given.get(CONTEXT) or named(CONTEXT_NAMES - {"text"}) or named(CONTEXT_NAMES)
    answers = given.get(SPANS) or named(ANSWER_NAMES) or find_standing(table, facts, context or longest)
    context = context or next((fact.name for fact in lengths if fact.name != answers), None)
    taken = (context, answers)
    left = [fact.name for fact in lengths if fact.name not in taken]
    question = given.get(QUESTION) or named(QUESTION_NAMES) or next(iter(left), None)
    starts = named(frozenset(STARTS))
    if starts and answers and SPANS not in given and starts not in (question, context, answers):
        answers = BETWEEN_COLUMNS.join((answers, starts))
    chosen = {QUESTION: question, CONTEXT: context, SPANS: answers}
    return {role: column for role, column in chosen.items() if column}


def tells(table: Table, roles: Roles) -> bool:
    """Whether there is a question, by its name, and most answers stand in the passages or say where."""
    if roles[QUESTION].strip().casefold() not in QUESTION_NAMES:
        return False
    rows = table.frame.head(SAMPLE_ROWS)
    names = columns_of(SPANS, roles[SPANS], [str(name) for name in rows.columns])
    pairs = zip(rows[names[0]].str.strip(), rows[roles[CONTEXT]], strict=True)
    fitting = [
        stands_in(cell, text) or (cell[0] in ("{", "[") and "start" in cell) for cell, text in pairs if cell
    ]
    return bool(fitting) and bool(np.mean(fitting) >= STANDING_SHARE)


def stands_in(cell: str, text: str) -> bool:
    """Whether a cell stands in a text in whole words, and is more than a letter, a figure, or yes or no.

    >>> [stands_in(cell, "He knows Rome and A.") for cell in ("Rome", "now", "A", "no", "")]
    [True, False, False, False, False]
    """
    if len(cell) < 2 or is_mark(cell):
        return False
    places = (found.span() for found in re.finditer(re.escape(cell), text))
    return any(not cuts_word(text, start) and not cuts_word(text, end) for start, end in places)


def find_standing(table: Table, facts: list[ColumnFacts], context: str | None) -> str | None:
    """The column whose cells most often stand in the passages, of those in which most do."""
    if context is None:
        return None
    rows = table.frame.head(SAMPLE_ROWS)
    shares = {
        fact.name: float(
            np.mean(
                [stands_in(cell, text) for cell, text in zip(rows[fact.name], rows[context], strict=True)]
            )
        )
        for fact in facts
        if fact.name != context and len(rows)
    }
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best and shares[best] >= STANDING_SHARE else None


def join(columns: pd.DataFrame, _role: str) -> pd.Series:
    """Texts and starts of a column each."""
    cells = {str(name): columns[name].tolist() for name in columns}
    return pd.Series(join_columns(cells), index=columns.index, dtype="str")


def parse(_: Mapping[str, Table], frames: Frames, roles: Roles, reading: Reading) -> list[Finding]:
    """Bring the answers of all tables into the form that a dataset keeps; cells that cannot be read stay.

    Gives notes on answers that were found in their passages, or taken from another place there.
    """
    looked_for = 0
    placed: list[bool] = []
    for frame in frames.values():
        cells = list(zip(frame[SPANS], frame[CONTEXT], strict=True))
        looked_for += sum(any(one.start is None for one in read_given(cell) or ()) for cell, _ in cells)
        found = [read_answer(cell, context) for cell, context in cells]
        moved = [PLACE in reading.repairs and fault == "moved" for fault in found]
        found = [
            read_answer(*cell, nearest=True) if mended else answer
            for cell, answer, mended in zip(cells, found, moved, strict=True)
        ]
        placed += moved
        kept = [new if is_kept(new) else old for new, (old, _) in zip(found, cells, strict=True)]
        frame[SPANS] = pd.Series(kept, index=frame.index, dtype="str")
    rows = pd.concat(list(frames.values()), ignore_index=True)
    told = report_rows(rows, np.array(placed, dtype=bool), PLACED, roles[SPANS])
    return told + ([about_all(tell_found(looked_for, rows, roles[SPANS]))] if looked_for else [])


def tell_found(count: int, rows: pd.DataFrame, column: str) -> Problem:
    """A note on answers of which the table does not say where they stand."""
    return Problem(
        "note",
        "answers_looked_for",
        f"{count_of(count, 'row does', 'rows do')} not say where the answer stands: it was taken where it "
        "stands first in the passage.",
        "The model learns from that place, which may not be the one that answers the question.",
        "Nothing to do where answers stand once. Else add a column with where each starts, counted from 0.",
        files_of(rows),
        column,
        count=count,
    )


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows whose answers cannot be read, or do not stand in their passage."""
    found = np.array([find_fault(*cells) for cells in zip(rows[SPANS], rows[CONTEXT], strict=True)], object)
    filled = rows[CONTEXT].str.strip().to_numpy(dtype=object) != ""
    return [Fault((found == name) & filled, words, SPANS) for name, words in WORDS.items()]


def check(rows: pd.DataFrame, roles: Roles, _told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the answers."""
    column = roles[SPANS]
    answers = [read_answers(cell) for cell in rows[SPANS]]
    if not any(answers):
        return [about_all(no_answers(rows, column))]
    contexts = rows[CONTEXT]

    def report(test: Any, words: Words) -> list[Finding]:
        pairs = zip(answers, contexts, strict=True)
        wrong = [any(test(one, context) for one in given) for given, context in pairs]
        return report_rows(rows, np.array(wrong, dtype=bool), words, column)

    none = np.array([not given for given in answers], dtype=bool)
    return [
        *report_rows(rows, none, WITHOUT, column),
        *report(lambda one, _: count_words(one.text) > MAX_ANSWER_TOKENS, LONG),
        *report(lambda one, context: cuts_word(context, one.start) or cuts_word(context, one.end), CUTS_WORD),
    ]


def cuts_word(context: str, edge: int) -> bool:
    """Whether a place between two characters is within a word.

    >>> cuts_word("in Rome", 3), cuts_word("in Rome", 5), cuts_word("在北京", 1)
    (False, True, False)
    """
    return 0 < edge < len(context) and all(map(LETTER.match, context[edge - 1 : edge + 1]))


def no_answers(rows: pd.DataFrame, column: str) -> Problem:
    """The error where there is nothing to learn."""
    return Problem(
        "error",
        "no_answers",
        f"None of {count_of(len(rows), 'question')} has an answer in '{column}'.",
        "There is nothing to find, so nothing can be learnt.",
        "Choose the column with the answers.",
        files_of(rows),
        column,
        count=len(rows),
    )


def compared(cells: pd.Series) -> pd.Series:
    """Answers without their places: in any order, the same texts are the same answers."""
    return cells.map(lambda cell: "\n".join(sorted({one.text for one in read_answers(cell)})))


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """``answered``: how many rows have an answer; ``unanswered``: how many have none."""
    answered = int((rows[SPANS] != "[]").sum())
    return {"answered": answered, "unanswered": len(rows) - answered} if len(rows) else {}


ANSWER_SPANS = AnswerKind(
    roles=(SPANS, CONTEXT, QUESTION),
    guess=guess,
    tells=tells,
    check=check,
    conflict=CONFLICT,
    empty=None,
    join=join,
    parse=parse,
    parsed=(PLACED.code,),
    faults=faults,
    words=(NO_PASSAGE, NO_QUESTION, *WORDS.values()),
    near=False,
    compared=compared,
    summary=summary,
    missing={CONTEXT: NO_PASSAGE, QUESTION: NO_QUESTION},
    opened=open_answers,
    moved=move_along,
)
