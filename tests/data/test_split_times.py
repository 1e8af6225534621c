"""Dates in the ways people write them are put in order, and rows are cut by age."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from studio.data.splits import SplitPlan
from studio.data.splits.times import read_times
from tests.data.test_split_plans import carry_out, codes

BY_TIME = SplitPlan("time", column="date")


def seconds(*cells: str) -> list[float]:
    """What the cells are read as."""
    return read_times(pd.Series(cells, dtype="str")).seconds.tolist()


@pytest.mark.parametrize(
    "cell",
    [
        "2025-04-13", "2025-04-13 00:00:00", "2025-04-13T02:00:00+02:00", "2025-04-13T00:00:00Z", "20250413",
        "2025/4/13", "2025.04.13", "13.4.2025", "13/04/2025", "4/13/2025", "13-04-25", "13.04.2025 00:00",
        "04/13/2025 12:00:00 AM", "13 Apr 2025", "April 13, 2025", "Sun, 13 Apr 2025 00:00:00 +0000",
        "Sun Apr 13 00:00:00 +0000 2025", "2025年4月13日", "2025-04-13 00:00:00.000000", " 2025-04-13 ",
    ],
)  # fmt: skip
def test_a_date_is_read_however_it_is_written(cell: str) -> None:
    assert seconds(cell, "2025-04-14")[0] == 1744502400.0


def test_seconds_and_milliseconds_since_1970_mix_and_other_numbers_stay_as_they_are() -> None:
    assert seconds("1744502400", "1744502400000") == [1744502400.0, 1744502400.0]
    assert seconds("3", "-1.5", "2025") == [3.0, -1.5, 2025.0]


def test_day_and_month_are_told_apart_by_the_whole_column_and_a_guess_is_said() -> None:
    assert seconds("03/04/2025", "25/04/2025") == seconds("2025-04-03", "2025-04-25")
    assert seconds("03/04/2025", "04/25/2025") == seconds("2025-03-04", "2025-04-25")
    guessed = read_times(pd.Series(["03/04/2025", "05/06/2025"], dtype="str"))
    assert guessed.seconds.tolist() == seconds("2025-04-03", "2025-06-05")
    assert "day/month/year" in guessed.choice
    american = read_times(pd.Series(["03/04/2025 6:30 PM"], dtype="str"))
    assert american.seconds.tolist() == seconds("2025-03-04T18:30:00")
    assert "AM or PM" in american.choice


def test_what_is_no_date_is_an_error_with_its_row() -> None:
    dates = [f"2025-01-{day:02d}" for day in range(1, 31)]
    division = carry_out(BY_TIME, [*dates, "soon", "", "2025-02-30"])
    (problem,) = division.problems
    assert (problem.code, problem.rows, problem.fixes) == ("unreadable_time", (32, 33, 34), ("drop_rows",))
    assert "'soon', blank, '2025-02-30'" in problem.message
    assert Counter(division.sides) == {"train": 24, "validation": 3, "test": 3, "": 3}


def test_the_oldest_rows_train_and_the_newest_test() -> None:
    order = np.random.default_rng(1).permutation(1000)
    division = carry_out(BY_TIME, [str(1_700_000_000 + 60 * int(number)) for number in order])
    assert Counter(division.sides) == {"train": 800, "validation": 100, "test": 100}
    assert (division.sides[order >= 900] == "test").all()
    assert (division.sides[order < 800] == "train").all()


def test_rows_of_the_same_time_stay_on_one_side() -> None:
    days = [f"2025-01-{1 + number // 30:02d}" for number in range(300)]
    sides = carry_out(BY_TIME, days).sides
    assert pd.Series(sides).groupby(days).nunique().max() == 1
    assert Counter(sides) == {"train": 240, "validation": 30, "test": 30}


def test_a_text_that_comes_again_goes_with_its_oldest_row() -> None:
    texts = [f"text {number}" for number in range(100)]
    texts[99] = texts[3]
    sides = carry_out(BY_TIME, [str(number) for number in range(100)], texts).sides
    assert sides[99] == "train"
    assert set(pd.Series(sides).groupby(texts).nunique()) == {1}


def test_too_few_times_are_an_error_and_ambiguous_dates_a_warning() -> None:
    assert "few_times" in codes(carry_out(BY_TIME, ["2025-01-01"] * 50))
    division = carry_out(
        BY_TIME, [f"{1 + number % 9:02d}/{1 + number % 7:02d}/2025" for number in range(200)]
    )
    assert codes(division) == ["ambiguous_dates"]
    assert "day/month/year" in division.notes[0]
