"""Numbers as a person writes them."""

from __future__ import annotations


def format_number(value: float | None) -> str:
    """Write a number as a person does, without rounding whole ones.

    >>> format_number(1e-07), format_number(512.0), format_number(0.5)
    ('0.0000001', '512', '0.5')
    """
    return str(int(value)) if value is not None and float(value).is_integer() else f"{value:.10f}".rstrip("0")
