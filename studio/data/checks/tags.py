"""What is worth knowing about entities, and about the tags they were read from."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
from studio.data.checks.label_sets import find_few, find_untrained
from studio.data.columns import TAGS, TEXT
from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers import Table
from studio.data.tagging import read_tag_list, scheme_of
from studio.data.texts import count_words
from studio.tasks.tagging.schemes import invalid_tags

# Of so many rows such a share of single words: an honest table of sentences has fewer.
FEWEST_ROWS_OF_WORDS, SHARE_OF_WORDS = 20, 0.95
WITHOUT = Words(
    "rows_without_entities",
    "note",
    "row has no entity",
    "rows have no entity",
    "The model learns from them where there is none.",
    "Nothing to do, unless their entities were forgotten.",
)


def check_tags(rows: pd.DataFrame, labels: pd.Series, column: str) -> list[Finding]:
    """Findings about the entities of usable rows (columns tags, line, file, split), by their labels."""
    if labels.empty:
        return [about_all(no_entity(rows, column))]
    found = [*find_few(rows, labels, column), *find_untrained(rows, labels, column)]
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


def tell_tags(
    tables: Mapping[str, Table], cells: Mapping[str, pd.DataFrame], roles: Mapping[str, str]
) -> list[Problem]:
    """How tags were read, and which cannot be: of tables whose format has not said so already.

    ``cells`` has the tags as the tables have them, and line and file, by split.
    """
    found: list[Problem] = []
    for split, table in tables.items():
        rows = cells[split]
        lists = [read_tag_list(cell) or [] for cell in rows[TAGS]]
        scheme = scheme_of(rows[TAGS])
        if scheme is None or TEXT in table.roles:
            continue
        words = sum(map(len, lists))
        found.append(
            Problem(
                "note",
                "tag_scheme",
                f"The tags are {scheme}: {count_of(len(rows), 'row')} with {count_of(words, 'word')}.",
                "It says where an entity begins and ends.",
                "Nothing to do.",
                table.file,
                roles[TAGS],
            )
        )
        wrong = [len(invalid_tags(tags, scheme)) for tags in lists]
        lines = rows["line"].to_numpy()[[bool(count) for count in wrong]]
        if len(lines):
            found.append(
                Problem(
                    "warning",
                    "tag_sequence",
                    f"{count_of(sum(wrong), 'tag')} cannot follow the one before it: {name_rows(lines)}.",
                    f"In {scheme} it is unclear where such an entity begins or ends: it counts as none.",
                    "Mend these tags in the file, where they matter.",
                    table.file,
                    roles[TAGS],
                    count=len(lines),
                    rows=first_rows(lines),
                )
            )
    return found
