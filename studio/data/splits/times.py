"""How old each row is: dates, times and numbers in the ways people write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

NUMBER = r"[+-]?\d+(?:\.\d+)?"
# 03/04/2025, 3.4.25 10:15 or 2025/4/3 6:30 PM: three numbers, and perhaps a time of day.
NUMBERED = (
    r"^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp])?\.?[Mm]?\.?)?$"
)
FORMATS = (
    "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y%m%d %H:%M:%S",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M %p",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %z %Y",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S UTC %Y",
    "%d/%b/%Y:%H:%M:%S %z",
)
SAMPLE = 2_000
SHORT_YEARS_UNTIL = 69  # 68 is 2068 and 69 is 1969, as in POSIX


@dataclass(frozen=True)
class Times:
    """Seconds since 1970 (or the numbers as they are), NaN where a cell is none.

    ``choice`` says in a sentence what was assumed where cells may be read in two ways, else "".
    """

    seconds: np.ndarray
    choice: str = ""


def read_times(values: pd.Series) -> Times:
    """Read dates, times or numbers; times without a zone count as UTC.

    >>> cells = pd.Series(["2025-04-03", "2025-04-03T06:00:00+02:00", "soon"], dtype="str")
    >>> read_times(cells).seconds.tolist()
    [1743638400.0, 1743652800.0, nan]
    """
    codes, distinct = pd.factorize(values.str.strip())
    cells = pd.Series(distinct, dtype="str")
    numeric = cells.str.fullmatch(NUMBER).to_numpy(dtype=bool)
    filled = (cells != "").to_numpy(dtype=bool)
    if 2 * numeric.sum() > filled.sum():  # a column of numbers, with some cells that are none
        return Times(read_numbers(cells)[codes])
    seconds = read_iso(cells)
    choice = read_numbered(cells, seconds)
    read_formats(cells, seconds)
    return Times(seconds[codes], choice)


def read_numbers(cells: pd.Series) -> np.ndarray:
    """Numbers as they are; where some count milliseconds or finer since 1970, all become seconds."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    if np.nanmin(np.abs(numbers)) >= 1e8:
        for limit in (1e17, 1e14, 1e11):  # nanoseconds, microseconds, milliseconds
            numbers = np.where(np.abs(numbers) >= limit, numbers / (limit / 1e8), numbers)
    return numbers


def read_iso(cells: pd.Series) -> np.ndarray:
    """Seconds of ISO 8601 cells, NaN elsewhere."""
    return to_seconds(pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce"))


def to_seconds(moments: pd.Series) -> np.ndarray:
    """Seconds since 1970 as float64, NaN where there is no moment."""
    numbers = moments.astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    return np.where(moments.isna().to_numpy(), np.nan, numbers)


def read_numbered(cells: pd.Series, seconds: np.ndarray) -> str:
    """Fill in the cells of three numbers; day or month first is decided once for the whole column."""
    left = np.isnan(seconds)
    parts = cells[left].str.extract(NUMBERED)
    parts = parts[parts[0].notna()]
    if parts.empty:
        return ""
    numbers = parts[[0, 2, 3, 4, 5, 6]].astype("float64").to_numpy(copy=True)
    year_first = numbers[:, 0] > 31
    rest = numbers[~year_first]
    day_first, choice = choose_order(rest[:, 0], rest[:, 1], parts)
    first, second, third = numbers[:, 0], numbers[:, 1], numbers[:, 2]
    year = np.where(year_first, first, third)
    month = np.where(year_first | day_first, second, first)
    day = np.where(year_first, third, np.where(day_first, first, second))
    year = np.where(year < SHORT_YEARS_UNTIL, year + 2000, np.where(year < 100, year + 1900, year))
    hour, minute, second_of = (np.nan_to_num(numbers[:, at]) for at in (3, 4, 5))
    half = parts[7].str.lower().fillna("").to_numpy()
    hour = np.where((half == "p") & (hour < 12), hour + 12, np.where((half == "a") & (hour == 12), 0, hour))
    fields = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute, "second": second_of}
    moments = pd.to_datetime(pd.DataFrame(fields, index=parts.index), errors="coerce", utc=True)
    seconds[parts.index.to_numpy()] = to_seconds(moments)
    return choice


def choose_order(first: np.ndarray, second: np.ndarray, parts: pd.DataFrame) -> tuple[bool, str]:
    """Whether the day comes first, and the sentence that says so where it is a guess.

    A number over 12 is a day; dots mean day first; AM and PM mean month first; else day first is assumed.
    """
    if (first > 12).any() or not len(first):
        return True, ""
    if (second > 12).any():
        return False, ""
    if parts[1].eq(".").all():
        return True, ""
    if parts[7].notna().any():
        return False, "Dates such as 03/04/2025 were read as month/day/year, since times say AM or PM."
    return True, "Dates such as 03/04/2025 were read as day/month/year: no number tells which comes first."


def read_formats(cells: pd.Series, seconds: np.ndarray) -> None:
    """Fill in cells of the other common formats."""
    for written in FORMATS:
        left = np.flatnonzero(np.isnan(seconds))
        if not len(left):
            return
        sample = cells.iloc[left[:: max(1, len(left) // SAMPLE)]]
        if pd.to_datetime(sample, format=written, errors="coerce", utc=True).notna().any():
            found = pd.to_datetime(cells.iloc[left], format=written, errors="coerce", utc=True)
            seconds[left] = to_seconds(found)


def cut_by_time(units_time: np.ndarray, sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A side (0, 1, 2) per unit: the oldest to 0, the newest to 2; equal times stay on one side.

    Borders lie at the change of time nearest to the shares; each side with a share gets some rows where
    there are enough distinct times.

    >>> times, sizes, shares = np.array([3.0, 1.0, 2.0, 2.0]), np.ones(4), np.array([0.7, 0.0, 0.3])
    >>> cut_by_time(times, sizes, shares).tolist()
    [2, 0, 0, 0]
    """
    _, block = np.unique(units_time, return_inverse=True)
    ends = np.cumsum(np.bincount(block, weights=sizes))
    open_sides = np.flatnonzero(shares > 0)
    side_of_block = np.zeros(len(ends), dtype=np.int64)
    last = 0
    for turn, side in enumerate(open_sides[:-1], start=1):
        later = len(open_sides) - turn
        goal = shares[open_sides[:turn]].sum() * ends[-1]
        candidates = np.arange(last + 1, max(last + 2, len(ends) - later + 1)).clip(max=len(ends))
        border = int(candidates[np.argmin(np.abs(ends[candidates - 1] - goal))])
        side_of_block[last:border] = side
        last = border
    side_of_block[last:] = open_sides[-1]
    return side_of_block[block]
