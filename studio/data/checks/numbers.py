"""What is worth knowing about numbers to be learnt: how they were read, which are far, or all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
from studio.data.number_cells import BLANKS, PERCENT, SAME_UNIT, NumberCell, are_points_contradicted
from studio.data.problems import Problem, count_of
from studio.numbers import format_number
from studio.tasks.regression import read_number

# Of the distance between the quarters of the numbers: in a bell curve one of a trillion is so far away.
FAR_TIMES = 5.0
FEWEST_FOR_FAR = 20
FAR = Words(
    "far_number",
    "warning",
    "row has a number far from all others",
    "rows have numbers far from all others",
    "One such row can weigh more than hundreds of others, in learning and in the errors that are measured.",
    "Check them for a slipped point or another unit, and leave out those that are wrong.",
)
COMMAS = Words(
    "comma_numbers",
    "warning",
    "row has a number with a comma before three digits, read as a decimal point",
    "rows have numbers with a comma before three digits, read as a decimal point",
    "Nothing in the column tells which is meant: '1,200' may be 1.2, or one thousand two hundred.",
    "Where the commas part thousands, say so before the import. Ignored, they are decimal points.",
)
POINTS = Words(
    "point_numbers",
    "warning",
    "row has a number with a point before three digits, read as a decimal point",
    "rows have numbers with a point before three digits, read as a decimal point",
    "Too little in the column tells which is meant: '1.200' may be 1.2, or one thousand two hundred.",
    "Where the points part thousands, say so before the import. Ignored, they are decimal points.",
)
COMMAS_READ = Words(
    "commas_read",
    "note",
    "row has a number in which commas part thousands",
    "rows have numbers in which commas part thousands",
    "A dataset keeps the plain number, which every model reads in the same way.",
    "Nothing to do where that is right. Else write the column without commas.",
)
POINTS_READ = Words(
    "points_read",
    "note",
    "row has a number in which points part thousands",
    "rows have numbers in which points part thousands",
    "A dataset keeps the plain number, which every model reads in the same way.",
    "Nothing to do where that is right. Else write the column without points.",
)
NUMBERS_READ = Words(
    "numbers_read",
    "note",
    "row has a number that was written in another way",
    "rows have numbers that were written in another way",
    "Signs beside a number and blanks between its thousands are left out; the decimal mark becomes a point.",
    "Nothing to do where that is right. Else correct these cells.",
)
UNITS = Words(
    "mixed_units",
    "warning",
    "row has a number in another unit than most",
    "rows have numbers in another unit than most",
    "Only the numbers are learnt: 10 of one unit counts as much as 10 of another.",
    "Bring them to one unit in the table, or leave these rows out.",
)
# A whole number so many times as large as those with a point tells that the point parts thousands.
LARGER_TIMES = 10
SHOWN_UNITS = 5


@dataclass(frozen=True)
class ReadNumbers:
    """The numbers of rows as they were read; ``decimal`` and ``parting`` are as of ``NumberCell.plain``."""

    cells: Sequence[NumberCell | None]
    decimal: str
    parting: str

    def plain(self, given: pd.Series) -> pd.Series:
        """The cells as a dataset keeps them; those that are plain numbers, or none, stay as they stand."""
        found = [self.write(*pair) for pair in zip(given, self.cells, strict=True)]
        return pd.Series(found, index=given.index, dtype="str")

    def write(self, cell: str, read: NumberCell | None) -> str:
        """A cell as a dataset keeps it."""
        plain = cell if read is None else read.plain(self.decimal, self.parting)
        return cell if "," not in cell and read_number(cell) == read_number(plain) else plain


def tell_writing(rows: pd.DataFrame, numbers: ReadNumbers, column: str) -> list[Finding]:
    """How the numbers of rows were read, whose cells are as they stand in the table, and what is open."""
    given, plain = rows["number"].str.strip(), numbers.plain(rows["number"])
    parted = np.array([mark_of(cell, numbers) for cell in numbers.cells], dtype=object)
    other = (given != plain.str.strip()).to_numpy(dtype=bool) & (parted == "")
    found: list[Finding] = []
    for mask, words in ((parted == ",", COMMAS_READ), (parted == ".", POINTS_READ), (other, NUMBERS_READ)):
        if mask.any():
            place = given[mask].str.len().idxmax()
            found += report_rows(rows, mask, words, column, f" '{given[place]}' is read as {plain[place]}.")
    found += tell_units(rows, numbers.cells, column)
    if numbers.decimal:
        return found
    unsure = find_unsure(numbers.cells) & (parted == "")
    commas = np.array([bool(cell and cell.unsure == ",") for cell in numbers.cells], dtype=bool)
    found += report_rows(rows, unsure & commas, COMMAS, column)
    return found + report_rows(rows, unsure & ~commas, POINTS, column)


def mark_of(cell: NumberCell | None, numbers: ReadNumbers) -> str:
    """The comma or point that parts the thousands of a number."""
    if cell is None:
        return ""
    parts = cell.is_parted(numbers.decimal, numbers.parting)
    return cell.unsure if parts else cell.parting.strip(f"'’{BLANKS}")


def find_unsure(read: Sequence[NumberCell | None]) -> np.ndarray:
    """Which cells of a column that settles no decimal mark have a comma or an odd point that may be one."""
    odd = ",." if are_points_contradicted(read) or are_points_odd(read) else ","
    return np.array([bool(cell and cell.unsure and cell.unsure in odd) for cell in read], dtype=bool)


def are_points_odd(read: Sequence[NumberCell | None]) -> bool:
    """Whether points before three digits are hardly decimal ones, by the numbers without.

    These are whole and below a thousand, and are far larger, or most of the column is money.

    >>> from studio.data.number_cells import read_cell
    >>> are_points_odd([read_cell(cell) for cell in ("1.126", "2.970", "785")])
    True
    >>> are_points_odd([read_cell(cell) for cell in ("1.333", "2.667", "3")])
    False
    >>> are_points_odd([read_cell(cell) for cell in ("11.469 €", "2.970 €", "45")])
    True
    """
    cells = [cell for cell in read if cell is not None]
    points = [float(f"{cell.whole}.{cell.fraction}") for cell in cells if cell.unsure == "."]
    whole = [float(cell.whole or 0) for cell in cells if not cell.unsure and not cell.fraction]
    if not points or max(whole, default=0) >= 1000:
        return False
    money = sum(cell.unit not in ("", PERCENT) for cell in cells)
    if len(points) + len(whole) == len(cells) and money > len(cells) / 2:
        return True
    return bool(whole) and float(np.median(whole)) > LARGER_TIMES * float(np.median(points))


def tell_units(rows: pd.DataFrame, read: Sequence[NumberCell | None], column: str) -> list[Finding]:
    """Rows whose unit is not that of most; a number without one has that of the others, unless it is %."""
    units = [None if cell is None else SAME_UNIT.get(cell.unit, cell.unit) for cell in read]
    counts = Counter(unit for unit in units if unit is not None)
    if PERCENT not in counts:
        del counts[""]
    if len(counts) < 2:
        return []
    usual = counts.most_common(1)[0][0]
    named = ", ".join(
        f"{unit or 'none'} in {count_of(rows_of, 'row')}" for unit, rows_of in counts.most_common(SHOWN_UNITS)
    )
    other = [unit in counts and unit != usual for unit in units]
    return report_rows(rows, np.array(other, dtype=bool), UNITS, column, f" Units: {named}.")


def check_numbers(rows: pd.DataFrame, column: str, told: Sequence[Finding]) -> list[Finding]:
    """Everything about the column of numbers, of which each row has one, and what reading them has told."""
    numbers = np.array([read_number(cell) for cell in rows["number"]])
    if np.ptp(numbers) == 0:
        return [about_all(all_the_same(rows, numbers, column))]
    low, high = np.quantile(numbers, [0.25, 0.75])
    if len(numbers) < FEWEST_FOR_FAR or high == low:
        return []
    reach = FAR_TIMES * (high - low)
    far = (numbers < low - reach) | (numbers > high + reach)
    if not far.any():
        return []
    usual = numbers[~far]
    more = f" The others lie between {format_number(usual.min())} and {format_number(usual.max())}."
    places = [finding.places for finding in told if finding.code in (COMMAS.code, POINTS.code)]
    unsure = rows.index.isin(np.concatenate(places)) if places else np.zeros(len(rows), dtype=bool)
    # While it is open what a comma or point means, numbers without one may be as right as they.
    return report_rows(rows, far & unsure if unsure.any() else far, FAR, column, more)


def all_the_same(rows: pd.DataFrame, numbers: np.ndarray, column: str) -> Problem:
    """The error where there is nothing to learn."""
    return Problem(
        "error",
        "one_number",
        f"All {count_of(len(rows), 'row')} have the number {format_number(float(numbers[0]))} in '{column}'.",
        "There is nothing to tell apart, so nothing can be learnt.",
        "Choose another column for the number.",
        files_of(rows),
        column,
        count=len(rows),
    )
