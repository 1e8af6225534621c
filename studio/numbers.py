"""Numbers as a person writes them."""

from __future__ import annotations

import re
from typing import Any

WHOLE = re.compile(r"-?[0-9]+(?:\.0*)?")


def format_number(value: float | None) -> str:
    """Write a number as a person does, without rounding whole ones.

    >>> format_number(1e-07), format_number(512.0), format_number(0.5)
    ('0.0000001', '512', '0.5')
    """
    return str(int(value)) if value is not None and float(value).is_integer() else f"{value:.10f}".rstrip("0")


def short_number(value: float, digits: int = 4, sign: str = "") -> str:
    """A number to so many digits as a person writes it: large ones whole, with commas, and no exponents.

    ``sign`` "+" writes that of positive numbers too.

    >>> short_number(2.512345), short_number(249999.7), short_number(-12345.6, 3), short_number(0.000012)
    ('2.512', '250,000', '-12,346', '0.000012')
    >>> short_number(0.5, sign="+"), short_number(1e30)
    ('+0.5', '1e+30')
    """
    if 1000 <= abs(value) < 1e15:
        return f"{value:{sign},.0f}"
    if 0 < abs(value) < 1e-4:
        return f"{value:{sign}.10f}".rstrip("0").rstrip(".") if abs(value) >= 1e-9 else f"{value:{sign}.1e}"
    return f"{value:{sign}.{digits}g}"


def read_whole(given: Any) -> int | None:
    """A whole number as tables have it, which some write with .0 behind it; None for all else.

    >>> read_whole(3), read_whole(3.0), read_whole(" -1 "), read_whole("3.00"), read_whole("³")
    (3, 3, -1, 3, None)
    >>> read_whole(True), read_whole(2.5), read_whole(None)
    (None, None, None)
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    if isinstance(given, float):
        return int(given) if given.is_integer() else None
    plain = str(given).strip()
    return int(plain.partition(".")[0]) if WHOLE.fullmatch(plain) and len(plain) < 20 else None
