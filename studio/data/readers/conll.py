"""CoNLL columns (a token and its tags on each line, a blank line after a sentence) to a row per sentence.

The tag is the last column, and the token the first; where all first columns are tags, the other way round.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import PREVIEW_ROWS, CellColumns
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.encodings import decode_bytes
from studio.data.readers.sources import read_bytes
from studio.data.readers.table import LeftOut, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

FIRST, LAST = 0, -1  # columns
TAG = re.compile(r"O|[BIESMLUW][-_]\S+")
LINE_ENDS = re.compile(r"\r\n|\r|\n")
FIELDS = re.compile(r"[ \t]+")
DOCUMENT_START = "-DOCSTART-"
PROBED_LINES = 400
TAGGED_SHARE = 0.98
TASK = "token-classification"
ROLES = {"text": "tokens", "tags": "tags"}
MOST_LEFT_OUT = 1_000


@dataclass
class Sentence:
    """Tokens, their tags, the line of each, and the first line that has not the usual columns."""

    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    broken: int | None = None


def looks_like_conll(text: str, cut: bool) -> bool:
    """Whether the lines are tokens with tags in the last column, or the first, in groups between blank lines.

    >>> looks_like_conll("John B-PER\\nslept O\\n\\nShe O\\n", False)
    True
    >>> looks_like_conll("B-PER John\\nO slept\\n\\nO She\\n", False)
    True
    >>> looks_like_conll("text\\tlabel\\nso good\\tO\\nnot for me\\tO\\n", False)
    False
    """
    lines = LINE_ENDS.split(text)
    if cut:
        lines.pop()
    lines = lines[:PROBED_LINES]
    rows = [split_fields(line) for line in lines if line.strip() and not is_between(line)]
    if len(rows) < 2:
        return False
    widths = Counter(map(len, rows))
    width, fitting = widths.most_common(1)[0]
    if width < 2 or fitting < TAGGED_SHARE * len(rows):
        return False
    grouped = any(not line.strip() for line in lines[:-1])
    last, first = ([row[place] for row in rows] for place in (LAST, FIRST))
    # Ids such as S-0001 look like tags, and often stand first.
    turned = grouped and "O" in first and is_of_tags(first)
    return turned or ((grouped or not cut) and is_of_tags(last))


def is_of_tags(column: Sequence[str]) -> bool:
    """Whether the cells of a column are tags, and not all of them O."""
    return share_of_tags(column) >= TAGGED_SHARE and set(column) != {"O"}


def share_of_tags(column: Sequence[str]) -> float:
    """How many of the cells of a column are tags."""
    return sum(bool(TAG.fullmatch(cell)) for cell in column) / max(1, len(column))


def split_fields(line: str) -> list[str]:
    """The columns of a line, separated by blanks or tabs."""
    return FIELDS.split(line.strip(" \t\r\n"))


def is_between(line: str) -> bool:
    """Whether a line separates documents or says something about a sentence."""
    return line.startswith((DOCUMENT_START, "# "))


def read_conll(path: Path, options: ReadOptions, name: str) -> Table:
    """One row per sentence: ``tokens`` and ``tags`` as JSON lists, tags as they are written.

    ``lines`` are those on which the sentences start, ``word_lines`` those of their tokens. Raises
    InvalidInput where there is no sentence.
    """
    decoded = decode_bytes(read_bytes(path, name), options.encoding)
    lines = LINE_ENDS.split(decoded.text)
    rows = [split_fields(line) for line in lines if line.strip() and not is_between(line)]
    usual = Counter(map(len, rows)).most_common(1)[0][0]
    last, first = (share_of_tags([row[place] for row in rows]) for place in (LAST, FIRST))
    found = list(read_sentences(lines, usual, FIRST if first > last else LAST))
    sentences = [sentence for sentence in found if sentence.broken is None]
    broken = [sentence.broken for sentence in found if sentence.broken is not None]
    complete = not options.preview or len(sentences) <= PREVIEW_ROWS
    if not complete:
        sentences = sentences[:PREVIEW_ROWS]
    if not sentences:
        raise InvalidInput(f"{name} holds no sentence that can be read.", "Check that it is the right file.")
    cells = CellColumns(name)
    columns = {
        "tokens": [json.dumps(sentence.tokens, ensure_ascii=False) for sentence in sentences],
        "tags": [json.dumps(sentence.tags, ensure_ascii=False) for sentence in sentences],
    }
    cells.add(columns, [sentence.lines[0] for sentence in sentences])
    report = ReaderReport(
        "conll", decoded.encoding, "\t" if "\t" in decoded.text[:10_000] else " ", None, False,
        len(sentences), len(broken), complete=complete,
    )  # fmt: skip
    left_out = tuple(LeftOut(line, "broken_sentence", lines[line - 1]) for line in broken[:MOST_LEFT_OUT])
    word_lines = tuple(tuple(sentence.lines) for sentence in sentences)
    table = Table(
        cells.frame(), cells.lines(), report, (), name, left_out, dict(ROLES), TASK, word_lines=word_lines
    )
    problems = (
        *find_broken(broken, usual, name),
        *find_text_problems(cells, table, Origin.of(path, name, decoded)),
    )
    return replace(table, problems=problems)


def read_sentences(lines: list[str], width: int, tagged: int) -> Iterator[Sentence]:
    """The sentences of a file; one with a line of another number of columns is marked broken there.

    Of the first column and the last, ``tagged`` is that of the tags, the other that of the tokens.
    """
    named = FIRST if tagged == LAST else LAST
    sentence = Sentence()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(DOCUMENT_START):
            if sentence.tokens:
                yield sentence
            sentence = Sentence()
            continue
        fields = split_fields(line)
        if line.startswith("# ") and (len(fields) != width or not TAG.fullmatch(fields[tagged])):
            continue
        sentence.tokens.append(fields[named])
        sentence.tags.append(fields[tagged])
        sentence.lines.append(number)
        if sentence.broken is None and len(fields) != width:
            sentence.broken = number
    if sentence.tokens:
        yield sentence


def find_broken(lines: list[int], width: int, file: str) -> Iterator[Problem]:
    """Sentences with a line that has another number of columns, by the first such line of each."""
    if lines:
        yield Problem(
            "error",
            "broken_sentence",
            f"{count_of(len(lines), 'sentence has', 'sentences have')} a line with more than "
            f"{count_of(width, 'column')}, or fewer: {name_rows(lines)}.",
            "It is unclear which tag belongs to which token, so these sentences cannot be used as they are.",
            "Mend the line, or drop these sentences.",
            file,
            count=len(lines),
            rows=first_rows(lines),
            fixes=("drop_rows",),
        )
