"""Which cells of a column hold something, found by Arrow over the whole column at once (RE2 patterns)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.checks.findings import Finding, View, Words, report_rows

Finder = Callable[[pd.Series], np.ndarray]


def report_cells_with(view: View, roles: list[str], find: Finder, words: Words) -> list[Finding]:
    """One finding per role about the rows whose cell has what ``find`` looks for."""
    found: list[Finding] = []
    for role in roles:
        cells = view.kind.read_text(view.rows, role)
        found += report_rows(view.rows, find(cells), words, view.roles[role])
    return found


def matches(cells: pd.Series, pattern: str, among: np.ndarray | None = None) -> np.ndarray:
    """Which cells match an RE2 pattern somewhere; where ``among`` is given, of those alone."""
    values = arrow(cells)
    if among is None:
        return as_mask(pc.match_substring_regex(values, pattern))
    found = np.zeros(len(cells), dtype=bool)
    if among.any():
        found[among] = as_mask(pc.match_substring_regex(values.filter(pa.array(among)), pattern))
    return found


def count_matches(cells: pd.Series, pattern: str) -> np.ndarray:
    """How often each cell matches an RE2 pattern (int64)."""
    return pc.count_substring_regex(arrow(cells), pattern).fill_null(0).to_numpy().astype(np.int64)


def contains(cells: pd.Series, text: str) -> np.ndarray:
    """Which cells hold a text."""
    return as_mask(pc.match_substring(arrow(cells), text))


def is_ascii(cells: pd.Series) -> np.ndarray:
    """Which cells are plain ASCII."""
    return as_mask(pc.string_is_ascii(arrow(cells)))


def arrow(cells: pd.Series) -> pa.ChunkedArray:
    """The cells as Arrow has them, without a copy where they are Arrow's already."""
    values = pa.array(cells, from_pandas=True)
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def as_mask(values: pa.ChunkedArray) -> np.ndarray:
    """A boolean array; missing cells count as no."""
    return values.fill_null(False).to_numpy().astype(bool)
