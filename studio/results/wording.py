"""How numbers are written in sentences: shares, ranges and counts."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share in three significant digits; only all are 100 %, only none are 0 %.

    >>> percent(0.97315), percent(0.23), percent(1.0), percent(0.0667), percent(4999 / 5000)
    ('97.3 %', '23 %', '100 %', '6.67 %', 'over 99.9 %')
    """
    return words_near_the_ends(share) or f"{share * 100:.3g} %"


def words_near_the_ends(share: float, digits: int = 3) -> str:
    """Words for a share that, rounded to so many digits, would claim all or none; none for any other.

    >>> words_near_the_ends(0.9996), words_near_the_ends(0.996, digits=2), words_near_the_ends(0.00004)
    ('over 99.9 %', 'over 99 %', 'under 0.01 %')
    >>> words_near_the_ends(0.5)
    ''
    """
    value, step = share * 100, 10.0 ** (2 - digits)
    if 0 < value < 0.01:
        return "under 0.01 %"
    return f"over {100 - step:g} %" if 100 - step / 2 <= value < 100 else ""


def percent_range(interval: Sequence[float]) -> str:
    """An interval of shares, one decimal each but for 100.

    >>> percent_range([0.93477, 0.98959]), percent_range([0.758, 1.0])
    ('93.5-99.0', '75.8-100')
    """
    return "-".join("100" if edge >= 0.9995 else f"{edge * 100:.1f}" for edge in interval)


def count_words(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count_words(1, "row"), count_words(1200, "row"), count_words(2, "loss", "losses")
    ('1 row', '1,200 rows', '2 losses')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
