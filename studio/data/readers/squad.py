"""SQuAD and CMRC 2018: passages, questions and answers as nested JSON, to one row per question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from studio.data.readers.cells import CellColumns, transpose
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.jsontext import Listed, to_cell
from studio.data.readers.table import ReaderReport, Table
from studio.errors import InvalidInput

COLUMNS = ("id", "title", "context", "question", "answers", "is_impossible")
ROLES = {"context": "context", "question": "question", "answers": "answers"}
TASK = "question-answering"
ANSWER: dict[str, type] = {"text": str, "answer_start": int}
QUESTION_KEY = re.compile(r'(?<!\\)"(?:question|query_text)"\s*:')


def is_squad(members: Mapping[str, Any]) -> bool:
    """Whether an object has a list "data" of articles with paragraphs, as SQuAD does."""
    data = members.get("data")
    if not isinstance(data, Listed) or not data.items:
        return False
    first = data.items[0][1]
    return isinstance(first, dict) and isinstance(first.get("paragraphs"), list)


def is_cmrc(passage: Any) -> bool:
    """Whether the first object of a list is a passage with questions in the keys of CMRC 2018.

    >>> is_cmrc({"context_text": "", "qas": []}), is_cmrc({"context": "", "question": ""})
    (True, False)
    """
    return isinstance(passage, dict) and "context_text" in passage and isinstance(passage.get("qas"), list)


def articles_of(passages: Iterable[tuple[int, Any]], name: str) -> list[tuple[int, Any]]:
    """Passages of CMRC 2018 as articles of SQuAD; InvalidInput where a part is missing."""
    articles = []
    for number, (line, passage) in enumerate(passages, start=1):
        try:
            questions = [
                {
                    "id": asked.get("query_id"),
                    "question": asked["query_text"],
                    "answers": [{"text": answer} for answer in asked.get("answers") or ()],
                }
                for asked in passage["qas"]
            ]
            paragraph = {"context": passage["context_text"], "qas": questions}
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"{name} looks like CMRC 2018, but in passage {number} on line {line} {say_fault(error)}.",
                "Each passage needs a context_text and qas, each question a query_text and answers.",
            ) from error
        articles.append((line, {"title": passage.get("title"), "paragraphs": [paragraph]}))
    return articles


def read_squad(articles: list[tuple[int, Any]], report: ReaderReport, origin: Origin, text: str) -> Table:
    """One row per question of SQuAD 1.1 or 2.0; ``answers`` is a JSON list of {text, answer_start}.

    Where the file does not say where an answer starts, nor does the list.

    ``lines`` are those on which the questions start; where all stand on one, as in the published files,
    questions are counted from 1. Raises InvalidInput where a part is missing.
    """
    name = origin.name
    rows: list[list[str]] = []
    article_lines: list[int] = []
    for line, article in articles:
        found = list(read_article(line, article, name))
        rows += found
        article_lines += [line] * len(found)
    if not rows:
        raise InvalidInput(f"{name} has articles and no questions.", "Check that it is the right file.")
    lines = question_lines(text, len(rows)) or article_lines
    if len(set(lines)) == 1:
        lines = list(range(1, len(rows) + 1))
    cells = CellColumns(name)
    cells.add(transpose(rows, COLUMNS), lines)
    report = replace(report, format="squad", rows_read=len(rows))
    table = Table(cells.frame(), cells.lines(), report, (), name, roles=dict(ROLES), task=TASK)
    return replace(table, problems=tuple(find_text_problems(cells, table, origin)))


def question_lines(text: str, questions: int) -> list[int]:
    """The line of each question, by the keys called "question"; empty where these do not add up."""
    lines: list[int] = []
    line, counted = 1, 0
    for match in QUESTION_KEY.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        lines.append(line)
    return lines if len(lines) == questions else []


def read_article(line: int, article: Any, name: str) -> Iterator[list[str]]:
    """The row of each question of an article."""
    where = f"in the article that starts on line {line}"
    try:
        title = to_cell(article.get("title"))
        for number, paragraph in enumerate(article["paragraphs"], start=1):
            where = f"in paragraph {number} of the article '{title}' on line {line}"
            context = str(paragraph["context"])
            for asked in paragraph["qas"]:
                yield read_question(title, context, asked)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidInput(
            f"{name} looks like SQuAD, but {where} {say_fault(error)}.",
            "Each paragraph needs a context and qas, each question an id, a question and answers.",
        ) from error


def say_fault(error: Exception) -> str:
    """What is wrong with a part that could not be read, after where it stands.

    >>> say_fault(KeyError("qas")), say_fault(TypeError("no list"))
    ("'qas' is missing", 'something is wrong (no list)')
    """
    return f"{error} is missing" if isinstance(error, KeyError) else f"something is wrong ({error})"


def read_question(title: str, context: str, asked: Mapping[str, Any]) -> list[str]:
    """The row of a question."""
    answers = [
        {key: kind(answer[key]) for key, kind in ANSWER.items() if key in answer or key == "text"}
        for answer in asked.get("answers") or ()
    ]
    impossible = to_cell(asked.get("is_impossible")).lower() == "true"
    return [
        to_cell(asked.get("id")),
        title,
        context,
        str(asked["question"]),
        json.dumps(answers, ensure_ascii=False),
        "true" if impossible else "false",
    ]
