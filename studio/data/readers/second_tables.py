"""A second table below the first one: seen after an empty line, set apart, never mixed in."""

from __future__ import annotations

from array import array

from studio.data.number_cells import is_number
from studio.data.readers.accounts import MOST_GAPS, Account
from studio.data.readers.headers import KNOWN_NAMES, looks_like_name
from studio.data.readers.layout import Layout
from studio.data.readers.repairs import ColumnKinds

FEWEST_ROWS = 2
CODE = "second_table"


def cut_second_table(account: Account, layout: Layout, kinds: ColumnKinds) -> int | None:
    """The empty line above a second table; None where there is none.

    What was dropped from it on counts under a code of its own. The rows that were taken from it on are still
    to be dropped.
    """
    start = find_second_table(account, layout, kinds)
    if start is None:
        return None
    for code in [*account.dropped]:
        move(account, code, start)
    for code, repaired in account.repaired.items():
        account.repaired[code] = array("q", (line for line in repaired if line < start))
    return start


def move(account: Account, code: str, start: int) -> None:
    """Count the rows dropped from a line on under the code of a second table."""
    dropped = account.dropped.pop(code)
    above = array("q", (line for line in dropped if line < start))
    if above:
        account.dropped[code] = above
    if len(above) < len(dropped):
        account.dropped.setdefault(CODE, array("q")).extend(line for line in dropped if line >= start)


def find_second_table(account: Account, layout: Layout, kinds: ColumnKinds) -> int | None:
    """The line of the empty line above a second table; None where there is none."""
    first, *others = account.sections
    if layout.width < 2 or not 0 < len(others) <= MOST_GAPS:
        return None
    above = first.good
    for section in others:
        enough = section.good + section.odd >= FEWEST_ROWS
        is_other = section.first is None or names_columns(section.first, layout, kinds)
        if above and enough and is_other:
            return section.gap
        above += section.good
    return None


def names_columns(cells: list[str], layout: Layout, kinds: ColumnKinds) -> bool:
    """Whether a row under an empty line is the header of another table of the same width."""
    names = [cell.strip() for cell in cells]
    if layout.header is None or not all(names) or not all(map(looks_like_name, names)):
        return False
    if any(map(is_number, names)):
        return False
    return bool(kinds.numbers) or all(name.casefold() in KNOWN_NAMES for name in names)
