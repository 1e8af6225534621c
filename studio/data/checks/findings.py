"""What a check sees and gives: the usable rows with their keys, and a finding with all its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from studio.data.answers.base import AnswerKind
from studio.data.columns import CONTEXT, main_text
from studio.data.fixes import fixes_of
from studio.data.problems import SHOWN_EXAMPLES, Problem, Severity, count_of, first_rows, name_rows
from studio.data.texts import text_keys

ALL = "all"
TRAINING = (ALL, "train")
# Above this, one problem speaks of all files: a folder may hold thousands.
FILES_APART = 3


@dataclass(frozen=True)
class View:
    """The rows that checks look at: those without an error.

    ``rows`` keeps the index of the whole (0, 1, 2, ...) and has a column per role, line, file, split;
    ``kind`` is that of their answers; ``keys`` (uint64) are equal for rows with the same content in all text
    roles; ``near`` (int64) is the group of nearly the same texts, -1 for rows without one, None where they
    were not looked for.
    """

    rows: pd.DataFrame
    roles: Mapping[str, str]
    kind: AnswerKind
    keys: np.ndarray
    near: np.ndarray | None = None

    @property
    def texts(self) -> list[str]:
        """The roles of which a model reads what people wrote."""
        return self.kind.read_roles(self.roles)

    @property
    def main(self) -> str:
        """The role of the text that a row is about."""
        role = main_text(self.roles)
        assert role is not None
        return role

    @cached_property
    def shared(self) -> np.ndarray:
        """Keys (uint64) of what must not be on two sides: a passage, whatever is asked about it; else all
        that is asked.
        """
        return text_keys(self.rows[CONTEXT]) if self.main == CONTEXT else self.keys

    @property
    def answer(self) -> str | None:
        """The role that a model learns to give, where the rows have it."""
        return self.kind.role if self.kind.role in self.roles else None

    @cached_property
    def answers(self) -> pd.Series:
        """What a model learns to give for each row, in the form in which answers are compared."""
        assert self.answer is not None
        return self.kind.compared(self.rows[self.answer])

    @cached_property
    def has_files(self) -> bool:
        """Whether the rows are of several files."""
        files = self.rows["file"]
        return bool((files != files.iloc[0]).any())

    @property
    def is_divided(self) -> bool:
        """Whether every row has its final split."""
        return not bool((self.rows["split"] == ALL).any())


@dataclass(frozen=True)
class Finding:
    """What a check found: problems of one code, and the places (int64, in the whole) of all their rows."""

    code: str
    places: np.ndarray
    problems: tuple[Problem, ...]


def about_all(problem: Problem) -> Finding:
    """A finding about the table as a whole, that marks no row."""
    return Finding(problem.code, np.zeros(0, dtype=np.int64), (problem,))


@dataclass(frozen=True)
class Words:
    """The words of a finding: ``one`` and ``many`` go on from the number of rows, as 'row repeats'."""

    code: str
    severity: Severity
    one: str
    many: str
    why: str
    hint: str


def report_rows(
    rows: pd.DataFrame,
    wrong: np.ndarray,
    words: Words,
    column: str | None,
    more: str = "",
    tell: Callable[[int], str] | None = None,
) -> list[Finding]:
    """A finding about the rows where ``wrong`` is true, one problem per file; none without such rows.

    ``more`` is put at the end of the message; ``tell`` says what is to be seen of a row, by its number.
    """
    part = rows.loc[wrong, ["file", "line"]]
    if not len(part):
        return []
    found = []
    for file, own in by_file(part):
        lines = own["line"].to_numpy()
        first = rows.index.get_indexer(own.index[:SHOWN_EXAMPLES]) if tell else ()
        found.append(
            Problem(
                words.severity,
                words.code,
                f"{count_of(len(lines), words.one, words.many)} ({name_rows(lines)}).{more}",
                words.why,
                words.hint,
                file,
                column,
                count=len(lines),
                rows=first_rows(lines),
                fixes=fixes_of(words.code),
                examples=tuple(tell(int(number)) for number in first) if tell else (),
            )
        )
    return [Finding(words.code, part.index.to_numpy(), tuple(found))]


def by_file(part: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows by file; together, under the joined names, where there are many files."""
    codes, names = pd.factorize(part["file"])
    if len(names) > FILES_APART:
        return [(name_files(names), part)]
    return [(str(name), part[codes == code]) for code, name in enumerate(names)]


def name_files(files: Sequence[str] | pd.Index) -> str:
    """Distinct file names joined, at most three of them.

    >>> name_files(["a.csv", "b.csv", "a.csv", "c.csv", "d.csv"])
    'a.csv, b.csv, c.csv and 1 more'
    """
    names = list(dict.fromkeys(files))
    shown = ", ".join(map(str, names[:FILES_APART]))
    return f"{shown} and {len(names) - FILES_APART:,} more" if len(names) > FILES_APART else shown


def files_of(rows: pd.DataFrame) -> str:
    """The names of the files that rows come from."""
    return name_files(rows["file"].unique())


def mark_rows(findings: Sequence[Finding], count: int) -> tuple[tuple[str, ...], np.ndarray]:
    """The codes found, and per row (int64) a bit for each of them: bit i belongs to the i-th code."""
    codes = tuple(dict.fromkeys(finding.code for finding in findings if len(finding.places)))
    marks = np.zeros(count, dtype=np.int64)
    for finding in findings:
        if len(finding.places):
            marks[finding.places] |= np.int64(1 << codes.index(finding.code))
    return codes, marks
