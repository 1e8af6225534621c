"""Look through a dataset of any size: filters, a search, and one page of rows at a time."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.registry import kind_of
from studio.data.columns import ANSWERS, TEXT
from studio.data.dataset import Dataset, Profile
from studio.data.library import Library
from studio.data.splits import SPLITS
from studio.data.storing import StoredRows
from studio.errors import InvalidInput

REMEMBERED_QUERIES = 8
REMEMBERED_PROFILES = 2
GROUPS_AT_ONCE = 8
THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class RowQuery:
    """Which rows are wanted; None and "" mean any.

    ``finding`` is the code of one, ``shortest`` and ``longest`` are characters of the text, both included;
    ``search`` is plain text, in capitals or not, that stands somewhere in one of the texts of the row;
    ``line`` is that of the imported file on which the row starts, in any of its files.
    """

    split: str | None = None
    label: str | None = None
    finding: str | None = None
    shortest: int | None = None
    longest: int | None = None
    search: str = ""
    line: int | None = None

    @property
    def is_filter(self) -> bool:
        """Whether it asks for more than a split."""
        return self != RowQuery(split=self.split)


@dataclass(frozen=True)
class RowPage:
    """Some of the rows asked for, and how many there are in all.

    A row is a dict: split, index (from 0, within its split), line, file, a text per role, length
    (characters), findings (codes).
    """

    rows: tuple[dict[str, Any], ...]
    total: int


class Browser:
    """Pages of rows; remembers which rows the last few questions found."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._found: OrderedDict[Any, dict[str, np.ndarray]] = OrderedDict()
        self._profiles: OrderedDict[Any, Profile | None] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, dataset: Dataset, query: RowQuery, offset: int = 0, limit: int = 50) -> RowPage:
        """Rows by train, validation, test and then by index; InvalidInput for what the dataset has not.

        Reads the groups of rows that hold the page; a filter also reads the columns it asks about, once.
        """
        profile = self._profile(dataset.id)
        check_query(dataset, query, profile)
        first, last = max(0, offset), max(0, offset) + max(0, limit)
        if not query.is_filter:
            sizes = {split: dataset.rows.get(split, 0) for split in splits_of(query)}
            chosen = {split: np.arange(start, end) for split, start, end in cut(sizes, first, last)}
        else:
            found = self._find(dataset, query, profile)
            sizes = {split: len(indices) for split, indices in found.items()}
            chosen = {split: found[split][start:end] for split, start, end in cut(sizes, first, last)}
        rows = [
            row
            for split, indices in chosen.items()
            for row in take_rows(self._library.stored(dataset.id, split), split, indices, dataset, profile)
        ]
        return RowPage(tuple(rows), sum(sizes.values()))

    def _profile(self, dataset_id: str) -> Profile | None:
        key = (dataset_id, self._library.profile_stamp(dataset_id))
        return self._remember(
            self._profiles, key, REMEMBERED_PROFILES, lambda: self._library.profile(dataset_id)
        )

    def _find(self, dataset: Dataset, query: RowQuery, profile: Profile | None) -> dict[str, np.ndarray]:
        key = (dataset.id, self._library.profile_stamp(dataset.id) if query.finding else 0, query)
        return self._remember(
            self._found,
            key,
            REMEMBERED_QUERIES,
            lambda: {
                split: find_rows(self._library.stored(dataset.id, split), split, dataset, query, profile)
                for split in splits_of(query)
            },
        )

    def _remember(self, memory: OrderedDict[Any, Any], key: Any, most: int, make: Any) -> Any:
        with self._lock:
            if key in memory:
                memory.move_to_end(key)
                return memory[key]
        value = make()
        with self._lock:
            memory[key] = value
            while len(memory) > most:
                memory.popitem(last=False)
        return value


def splits_of(query: RowQuery) -> tuple[str, ...]:
    """The splits a question is about."""
    return (query.split,) if query.split else SPLITS


def check_query(dataset: Dataset, query: RowQuery, profile: Profile | None) -> None:
    """Raise InvalidInput for a split, label or finding that the dataset has not."""
    known = known_findings(dataset, profile)
    for value, values, noun in (
        (query.split, SPLITS, "split"),
        (query.label, dataset.labels, "label"),
        (query.finding, known, "finding"),
    ):
        if value is not None and value not in values:
            shown = ", ".join(values[:10]) if values else "none"
            raise InvalidInput(f"'{dataset.name}' has no {noun} '{value[:100]}'.", f"It has: {shown}.")


def known_findings(dataset: Dataset, profile: Profile | None) -> tuple[str, ...]:
    """The codes of all findings."""
    problems = [*dataset.problems, *(profile.problems if profile else ())]
    later = profile.mark_codes if profile else ()
    return tuple(dict.fromkeys([*(problem.code for problem in problems), *dataset.mark_codes, *later]))


def cut(sizes: Mapping[str, int], first: int, last: int) -> Iterable[tuple[str, int, int]]:
    """Which part of each split the rows first to last are, of all splits in turn.

    >>> list(cut({"train": 3, "validation": 0, "test": 4}, 2, 5))
    [('train', 2, 3), ('test', 0, 2)]
    """
    start = 0
    for split, size in sizes.items():
        begin, end = max(first - start, 0), min(last - start, size)
        if begin < end:
            yield split, begin, end
        start += size


def take_rows(
    stored: StoredRows, split: str, indices: np.ndarray, dataset: Dataset, profile: Profile | None
) -> list[dict[str, Any]]:
    """The rows at these indices, in ascending order, as dicts."""
    table = stored.take(indices, stored.columns)
    marks = table["marks"].to_numpy() if "marks" in stored.columns else np.zeros(len(indices), np.int64)
    later = profile.marks.get(split) if profile else None
    rows = table.select(stored.table_columns).to_pylist()
    lengths = table["length"].to_pylist() if "length" in stored.columns else [len(row[TEXT]) for row in rows]
    listed = listed_findings(dataset)
    answer = []
    for place, (index, row) in enumerate(zip(indices.tolist(), rows, strict=True)):
        codes = name_marks(int(marks[place]), dataset.mark_codes)
        codes += name_marks(int(later[index]), profile.mark_codes) if profile and later is not None else []
        codes += [code for code, places in listed.items() if (row["file"], row["line"]) in places]
        answer.append(
            {"split": split, "index": index, **row, "length": lengths[place], "findings": unique(codes)}
        )
    return answer


def name_marks(marks: int, codes: tuple[str, ...]) -> list[str]:
    """The findings that a row has.

    >>> name_marks(5, ("duplicate_text", "long_text", "rare_label"))
    ['duplicate_text', 'rare_label']
    """
    return [code for bit, code in enumerate(codes) if marks >> bit & 1]


def unique(codes: list[str]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(codes))


def listed_findings(dataset: Dataset) -> dict[str, set[tuple[str, int]]]:
    """Places (file, line) of findings that have no mark: only the first 20 of each are known."""
    places: dict[str, set[tuple[str, int]]] = {}
    for problem in dataset.problems:
        if problem.code not in dataset.mark_codes and problem.rows:
            places.setdefault(problem.code, set()).update((problem.file, line) for line in problem.rows)
    return places


def find_rows(
    stored: StoredRows, split: str, dataset: Dataset, query: RowQuery, profile: Profile | None
) -> np.ndarray:
    """The indices (int64, ascending) of the rows of a split that a question asks for."""
    search = RowSearch(stored, dataset, query, profile.marks.get(split) if profile else None, profile)
    batches = [
        list(range(start, min(start + GROUPS_AT_ONCE, stored.groups)))
        for start in range(0, stored.groups, GROUPS_AT_ONCE)
    ]
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(search.find, batches))
    return np.concatenate([np.empty(0, np.int64), *found])


@dataclass(frozen=True)
class RowSearch:
    """One question to one split; ``later`` are the marks of its rows in the profile."""

    stored: StoredRows
    dataset: Dataset
    query: RowQuery
    later: np.ndarray | None
    profile: Profile | None

    def find(self, groups: list[int]) -> np.ndarray:
        """The indices of the rows of some neighbouring groups that are asked for.

        What is cheap to ask is asked first, so that texts are read only where rows are left.
        """
        start = self.stored.start_of(groups[0])
        keep = np.ones(self.stored.start_of(groups[-1] + 1) - start, dtype=bool)
        if self.query.line is not None:
            keep &= self.stored.read_groups(groups, ["line"])["line"].to_numpy() == self.query.line
        if self.query.label is not None and keep.any():
            keep &= self._has_label(groups, self.query.label)
        if self.query.finding is not None and keep.any():
            keep &= self._has_finding(groups, start, len(keep))
        if (self.query.shortest is not None or self.query.longest is not None) and keep.any():
            lengths = self._lengths(groups)
            keep &= lengths >= (self.query.shortest or 0)
            keep &= lengths <= self.query.longest if self.query.longest is not None else keep
        if self.query.search and keep.any():
            keep[keep] = self._matches(groups, keep)
        return np.flatnonzero(keep) + start

    def _has_label(self, groups: list[int], label: str) -> np.ndarray:
        kind = kind_of(self.dataset.roles)
        return kind.holds(self.stored.read_groups(groups, [kind.role])[kind.role], label)

    def _has_finding(self, groups: list[int], start: int, rows: int) -> np.ndarray:
        code, has = str(self.query.finding), np.zeros(rows, dtype=bool)
        if code in self.dataset.mark_codes and "marks" in self.stored.columns:
            marks = self.stored.read_groups(groups, ["marks"])["marks"].to_numpy()
            has |= (marks >> self.dataset.mark_codes.index(code) & 1).astype(bool)
        if self.profile and self.later is not None and code in self.profile.mark_codes:
            marks = self.later[start : start + rows]
            has |= (marks >> self.profile.mark_codes.index(code) & 1).astype(bool)
        places = listed_findings(self.dataset).get(code)
        if places:
            table = self.stored.read_groups(groups, ["line", "file"])
            lines = table["line"].to_numpy()
            for file in {file for file, _ in places}:
                wanted = [line for of, line in places if of == file]
                has |= np.isin(lines, wanted) & equal(table["file"], file)
        return has

    def _lengths(self, groups: list[int]) -> np.ndarray:
        if "length" in self.stored.columns:
            return self.stored.read_groups(groups, ["length"])["length"].to_numpy()
        return pc.utf8_length(self.stored.read_groups(groups, [TEXT])[TEXT]).to_numpy()

    def _matches(self, groups: list[int], keep: np.ndarray) -> np.ndarray:
        """Which of the kept rows have the searched text in one of their texts."""
        texts = set(self.dataset.roles).difference(ANSWERS)
        roles = [role for role in self.stored.table_columns if role in texts]
        table = self.stored.read_groups(groups, roles)
        table = table if keep.all() else table.filter(pa.array(keep))
        has = np.zeros(len(table), dtype=bool)
        for role in roles:
            has |= pc.match_substring(table[role], self.query.search, ignore_case=True).to_numpy()
        return has


def equal(cells: pa.ChunkedArray, value: str) -> np.ndarray:
    """Which cells are exactly this text."""
    return pc.equal(cells, value).to_numpy(zero_copy_only=False)
