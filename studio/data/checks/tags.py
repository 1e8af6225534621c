"""What is worth knowing about entities, and about the tags they were read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, Words, about_all, by_file, files_of, report_rows
from studio.data.checks.label_sets import find_few, find_untrained
from studio.data.checks.labels import find_similar
from studio.data.columns import TAGS, TEXT
from studio.data.fixes import fixes_of
from studio.data.names import show_name
from studio.data.problems import SHOWN_EXAMPLES, Problem, count_of, first_rows, name_rows
from studio.data.readers import Table
from studio.data.tagging import Text, read_tag_list, read_text
from studio.data.texts import count_words
from studio.tasks.tagging.schemes import Reason, invalid_tags

# Of so many rows such a share of single words: an honest table of sentences has fewer.
FEWEST_ROWS_OF_WORDS, SHARE_OF_WORDS = 20, 0.95
SHOWN_TAGS = 2  # on both sides of one that does not fit
LONGEST_WORD = 30
WITHOUT = Words(
    "rows_without_entities",
    "note",
    "row has no entity",
    "rows have no entity",
    "The model learns from them where there is none.",
    "Nothing to do, unless their entities were forgotten.",
)


SEQUENCE = Words(
    "tag_sequence",
    "warning",
    "tag does not fit those beside it",
    "tags do not fit those beside them",
    "Such a tag goes on with an entity that has not begun, or breaks one off. By the rules it is no entity.",
    "Let these tags begin an entity as the table is imported, which is how most programs read them, or leave "
    "these rows out. Ignored, they stay without an entity.",
)
TAKEN = Words(
    "begun_entities",
    "note",
    "tag that does not fit those beside it was taken as an entity",
    "tags that do not fit those beside them were taken as entities",
    "An entity begins where none was to go on, and ends where it breaks off.",
    "Nothing to do.",
)


def check_tags(rows: pd.DataFrame, labels: pd.Series, column: str) -> list[Finding]:
    """Findings about the entities of usable rows (columns tags, line, file, split), by their labels."""
    if labels.empty:
        return [about_all(no_entity(rows, column))]
    found = find_similar(rows, labels, column)
    found += [*find_few(rows, labels, column), *find_untrained(rows, labels, column)]
    return found + report_rows(rows, ~rows.index.isin(labels.index), WITHOUT, column)


def one_word_each(rows: pd.DataFrame, column: str) -> list[Finding]:
    """The error where nearly all texts are a single word: rows of words are no rows of sentences."""
    words = rows[TEXT].map(count_words)
    alone = int((words <= 1).sum())
    if len(rows) < FEWEST_ROWS_OF_WORDS or alone < SHARE_OF_WORDS * len(rows):
        return []
    problem = Problem(
        "error",
        "one_word_each",
        f"{alone:,} of {len(rows):,} texts are a single word.",
        "What a word stands for is told by the sentence around it, which is not in its row.",
        "Bring a sentence per row, or a file with a word and its tag in each line, the tag last, and an "
        "empty line after each sentence.",
        files_of(rows),
        column,
        count=alone,
    )
    return [about_all(problem)]


def no_entity(rows: pd.DataFrame, column: str) -> Problem:
    """The error where there is nothing to learn."""
    return Problem(
        "error",
        "no_entity",
        f"None of {count_of(len(rows), 'row')} has an entity in '{column}'.",
        "There is nothing to find, so nothing can be learnt.",
        "Choose the column with the tags, or with the entities.",
        files_of(rows),
        column,
        count=len(rows),
    )


@dataclass(frozen=True)
class OddTag:
    """A tag that does not fit those beside it, and where; ``row`` counts through all frames."""

    row: int
    file: str
    line: int
    shown: str
    reason: Reason


def tell_tags(
    tables: Mapping[str, Table], frames: Mapping[str, pd.DataFrame], column: str, scheme: str, lenient: bool
) -> list[Finding]:
    """How the tags of all tables were read by a scheme, and which do not fit those beside them.

    ``frames`` have the cells as they stand in the tables; ``lenient``: such tags were taken as entities.
    """
    rows = pd.concat(list(frames.values()), ignore_index=True)
    lists = [read_tag_list(cell) or [] for cell in rows[TAGS]]
    odd = list(find_odd_tags(tables, frames, lists, scheme))
    taken = [tag for tag in odd if lenient and tag.reason != "unknown"]
    left = [tag for tag in odd if not lenient or tag.reason == "unknown"]
    note = about_all(tell_scheme(rows, sum(map(len, lists)), scheme, column))
    return [note, *report_tags(left, SEQUENCE, column), *report_tags(taken, TAKEN, column)]


def tell_scheme(rows: pd.DataFrame, words: int, scheme: str, column: str) -> Problem:
    """How the tags of so many words say where an entity begins and ends."""
    return Problem(
        "note",
        "tag_scheme",
        f"The tags are {scheme}: {count_of(len(rows), 'row')} with {count_of(words, 'word')}.",
        "It says where an entity begins and ends.",
        "Nothing to do.",
        files_of(rows),
        column,
    )


def find_odd_tags(
    tables: Mapping[str, Table], frames: Mapping[str, pd.DataFrame], lists: Sequence[list[str]], scheme: str
) -> Iterator[OddTag]:
    """Of the tags of all rows those that break the rules of the scheme: strictly read they are no entity."""
    row = 0
    for split, frame in frames.items():
        word_lines = tables[split].word_lines
        for at, (text, file, line) in enumerate(zip(frame[TEXT], frame["file"], frame["line"], strict=True)):
            tags = lists[row]
            odd = [each for each in invalid_tags(tags, scheme) if each.reason != "not_needed"]
            words = read_text(text) if odd else Text("", [])
            for place, reason in odd if len(words.words) == len(tags) else []:
                start, end = words.words[place]
                own = word_lines[at][place] if word_lines else int(line)
                shown = show_tag(own, "" if word_lines else f"word {place + 1}", words.text[start:end])
                yield OddTag(row, str(file), own, f"{shown}: {show_around(tags, place)}", reason)
            row += 1


def show_tag(line: int, place: str, word: str) -> str:
    """Where a tag stands.

    >>> show_tag(182, "", "Anna"), show_tag(5, "word 2", "Anna")
    ('Line 182, “Anna”', 'Line 5, word 2, “Anna”')
    """
    return ", ".join(filter(None, (f"Line {line:,}", place, f"“{show_name(word, LONGEST_WORD)}”")))


def show_around(tags: Sequence[str], place: int) -> str:
    """A tag in marks, with those around it.

    >>> show_around(["O", "O", "O", "I-PER", "O"], 3)
    'O O «I-PER» O'
    """
    first, after = max(0, place - SHOWN_TAGS), place + 1 + SHOWN_TAGS
    around = [*tags[first:place], f"«{tags[place]}»", *tags[place + 1 : after]]
    return " ".join(show_name(tag, LONGEST_WORD) for tag in around)


def report_tags(odd: Sequence[OddTag], words: Words, column: str) -> list[Finding]:
    """A finding about tags, one problem per file; none without such tags."""
    if not odd:
        return []
    part = pd.DataFrame([(tag.file, tag.line, tag.row) for tag in odd], columns=["file", "line", "row"])
    problems = []
    for file, own in by_file(part):
        lines = own["line"].unique()
        problems.append(
            Problem(
                words.severity,
                words.code,
                f"{count_of(len(own), words.one, words.many)} ({name_rows(lines)}).",
                words.why,
                words.hint,
                file,
                column,
                count=own["row"].nunique(),
                rows=first_rows(lines),
                fixes=fixes_of(words.code),
                examples=tuple(odd[index].shown for index in own.index[:SHOWN_EXAMPLES]),
            )
        )
    places = np.unique([tag.row for tag in odd])
    return [Finding(words.code, places, tuple(problems))]
