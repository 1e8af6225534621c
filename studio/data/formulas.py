"""Cells that a spreadsheet would take for a formula, and run."""

from __future__ import annotations

import re

FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
BEGINS_FORMULA = re.compile(FORMULA)
NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


def disarm(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay what they are.

    >>> disarm("=1+1"), disarm("-12.5"), disarm("-1e-05"), disarm("- not so good"), disarm("fine")
    ("'=1+1", '-12.5', '-1e-05', "'- not so good", 'fine')
    """
    return cell if not BEGINS_FORMULA.match(cell) or NUMBER.fullmatch(cell) else f"'{cell}"
