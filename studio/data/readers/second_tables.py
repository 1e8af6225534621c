"""A second table below the first one: seen after an empty line, set apart, never mixed in."""

from __future__ import annotations

from array import array

import numpy as np
import pandas as pd

from studio.data.readers.accounts import Account
from studio.data.readers.headers import KNOWN_NAMES, NUMBER, looks_like_name
from studio.data.readers.layout import Layout
from studio.data.readers.repairs import ColumnKinds

# A file with more gaps than this is spaced out with empty lines; they say nothing.
MOST_GAPS = 50
FEWEST_ROWS = 2
CODE = "second_table"
WIDTH_CODES = ("too_few_fields", "too_many_fields", "broken_quotes")


def cut_second_table(
    frame: pd.DataFrame, lines: np.ndarray, account: Account, layout: Layout, kinds: ColumnKinds
) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows above a second table; those from it on count as dropped, under a code of their own."""
    start = find_second_table(frame, lines, account, layout, kinds)
    if start is None:
        return frame, lines
    kept = lines < start
    for line, cells in zip(
        lines[~kept].tolist(), frame[~kept].itertuples(index=False, name=None), strict=True
    ):
        account.drop(CODE, line, layout.dialect.delimiter.join(cells))
    for code in [*account.dropped]:
        if code != CODE:
            move(account, code, start)
    for code, repaired in account.repaired.items():
        account.repaired[code] = array("q", (line for line in repaired if line < start))
    account.sort_left_out(CODE, start)
    return frame[kept].reset_index(drop=True), lines[kept]


def move(account: Account, code: str, start: int) -> None:
    """Count the rows dropped from a line on under the code of a second table."""
    dropped = account.dropped.pop(code)
    above = array("q", (line for line in dropped if line < start))
    if above:
        account.dropped[code] = above
    if len(above) < len(dropped):
        account.dropped.setdefault(CODE, array("q")).extend(line for line in dropped if line >= start)


def find_second_table(
    frame: pd.DataFrame, lines: np.ndarray, account: Account, layout: Layout, kinds: ColumnKinds
) -> int | None:
    """The line of the empty line above a second table; None where there is none."""
    gaps = gap_ends(np.array(account.blank, dtype=np.int64))
    if layout.width < 2 or not 0 < len(gaps) <= MOST_GAPS:
        return None
    odd = np.sort(np.concatenate([account.lines_of(code) for code in WIDTH_CODES]))
    for gap, end in zip(gaps, [*gaps[1:], np.iinfo(np.int64).max], strict=True):
        good = int(np.searchsorted(lines, end) - np.searchsorted(lines, gap))
        bad = int(np.searchsorted(odd, end) - np.searchsorted(odd, gap))
        if not np.searchsorted(lines, gap):
            continue
        if not good and bad >= FEWEST_ROWS:
            return int(gap)
        first = int(np.searchsorted(lines, gap))
        if good + bad >= FEWEST_ROWS and good and names_columns(frame.iloc[first].tolist(), layout, kinds):
            return int(gap)
    return None


def gap_ends(blank: np.ndarray) -> list[int]:
    """The last line of each run of empty lines."""
    if not len(blank):
        return []
    last = np.append(np.diff(blank) > 1, True)
    return [int(line) for line in blank[last]]


def names_columns(cells: list[str], layout: Layout, kinds: ColumnKinds) -> bool:
    """Whether a row under an empty line is the header of another table of the same width."""
    names = [cell.strip() for cell in cells]
    if layout.header is None or not all(names) or not all(map(looks_like_name, names)):
        return False
    if any(NUMBER.fullmatch(name) for name in names):
        return False
    return bool(kinds.numbers) or all(name.casefold() in KNOWN_NAMES for name in names)
