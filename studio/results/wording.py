"""How numbers are written in sentences: shares, ranges and counts."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share in three significant digits.

    >>> percent(0.97315), percent(0.23), percent(1.0), percent(0.0667)
    ('97.3 %', '23 %', '100 %', '6.67 %')
    """
    return f"{share * 100:.3g} %"


def percent_range(interval: Sequence[float]) -> str:
    """An interval of shares, one decimal each.

    >>> percent_range([0.93477, 0.98959])
    '93.5-99.0'
    """
    return "-".join(f"{edge * 100:.1f}" for edge in interval)


def count_words(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count_words(1, "row"), count_words(1200, "row"), count_words(2, "loss", "losses")
    ('1 row', '1,200 rows', '2 losses')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
