"""What is worth knowing about numbers to be learnt: some far from all others, or hardly any that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
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
    "'1,200' is read as 1.2, and may mean one thousand two hundred.",
    "Where the commas part thousands, leave them out in the table, or store the column as numbers.",
)
THOUSANDS = r"\s*[+-]?[0-9]{1,3},[0-9]{3}\s*"


def check_numbers(rows: pd.DataFrame, column: str) -> list[Finding]:
    """Everything about the column of numbers, of which each row has one."""
    numbers = np.array([read_number(cell) for cell in rows["number"]])
    if np.ptp(numbers) == 0:
        return [about_all(all_the_same(rows, numbers, column))]
    found: list[Finding] = []
    commas = rows["number"].str.fullmatch(THOUSANDS)
    if commas.equals(rows["number"].str.contains(",", regex=False)):
        found += report_rows(rows, commas.to_numpy(dtype=bool), COMMAS, column)
    low, high = np.quantile(numbers, [0.25, 0.75])
    if len(numbers) >= FEWEST_FOR_FAR and high > low:
        reach = FAR_TIMES * (high - low)
        far = (numbers < low - reach) | (numbers > high + reach)
        usual = numbers[~far]
        more = f" The others lie between {format_number(usual.min())} and {format_number(usual.max())}."
        found += report_rows(rows, far, FAR, column, more)
    return found


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
