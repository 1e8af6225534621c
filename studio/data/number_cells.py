"""Numbers as tables have them: what commas and points can mean, and what a column settles."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from studio.tasks.regression import read_number

BLANKS = " \u00a0\u2007\u2009\u202f"
PARTING = f".,'’{BLANKS}"
CODES = (
    "AED|ARS|AUD|BDT|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW|KZT|"
    "MAD|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|QAR|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
UNIT = rf"(?:US|R|A|C|NZ|HK|S)?\$|[€£¥￥₹₩₽₺₴₫₪₱฿元円]|Rs\.?|Fr\.?|kr\.?|zł|Kč|Ft|(?:{CODES})(?![A-Za-z])"
# The same money, written in other ways.
SAME_UNIT = {
    **dict.fromkeys(("$", "US$"), "USD"),
    **dict.fromkeys(("Fr", "Fr."), "CHF"),
    **dict.fromkeys(("₹", "Rs", "Rs."), "INR"),
    **{"€": "EUR", "£": "GBP", "￥": "¥", "元": "CNY", "円": "JPY", "₩": "KRW", "₽": "RUB"},
    **{"zł": "PLN", "Kč": "CZK", "Ft": "HUF", "kr.": "kr", "R$": "BRL", "A$": "AUD", "C$": "CAD"},
    **{"NZ$": "NZD", "HK$": "HKD", "S$": "SGD"},
}
PERCENT = "%"
CELL = re.compile(
    rf"(?P<sign>[+\-−]?)\s*(?P<before>{UNIT})?\s*(?P<inner>[+\-−]?)"
    rf"(?P<body>[0-9.,](?:[0-9{PARTING}]*[0-9.,])?)(?P<exponent>[eE][+-]?[0-9]+)?"
    rf"\s*(?P<after>{UNIT}|[%％])?"
)
LONGEST_CELL = 60
PARTED = re.compile(
    rf"([1-9][0-9]{{0,2}}(?:([{PARTING}])[0-9]{{3}})(?:\2[0-9]{{3}})*)(?:(?!\2)([.,])([0-9]*))?"
)
# Most cells: nothing in them is unsure.
PLAIN_NUMBER = r"([+-]?)([0-9]+)(?:(\.)([0-9]{1,2}|[0-9]{4,}))?"
PLAIN = re.compile(PLAIN_NUMBER)
INDIAN = re.compile(r"([1-9][0-9]?(?:(,)[0-9]{2})+,[0-9]{3})(?:(\.)([0-9]*))?")
LONE = re.compile(r"([0-9]*)(?:([.,])([0-9]*))?")
OTHER = {",": ".", ".": ","}
# So many cells must tell a decimal mark, of those that are read otherwise, to settle or question these.
TELLING_SHARE = 0.05


class NumberCell(NamedTuple):
    """A number as a cell has it.

    ``whole`` and ``fraction`` are its digits, ``parting`` stands between its thousands, ``mark`` is the
    decimal mark of the column as far as this cell tells, ``unsure`` a comma or point that may be either, and
    ``unit`` what stands beside it.
    """

    sign: str
    whole: str
    fraction: str = ""
    exponent: str = ""
    parting: str = ""
    mark: str = ""
    unsure: str = ""
    unit: str = ""

    def is_parted(self, decimal: str, parting: str) -> bool:
        """Whether its comma or point parts thousands; arguments as of ``plain``."""
        if not self.unsure:
            return False
        return self.unsure != decimal if decimal else self.unsure in parting

    def plain(self, decimal: str, parting: str = "") -> str:
        """The number as every reader reads it, where ``decimal`` is the decimal mark of the column.

        Where that is "", a comma or point that may be either is as it stands, or parts thousands if it is
        in ``parting``.
        """
        fraction, mark = self.fraction, "." if self.fraction else ""
        if self.is_parted(decimal, parting):
            mark = ""
        elif self.unsure and not decimal:
            mark = self.unsure
        return f"{self.sign}{self.whole or '0'}{mark}{fraction}{self.exponent}"


def read_cell(cell: str) -> NumberCell | None:
    """The number of a cell; None where there is none.

    >>> read_cell("EUR 1,119.63").plain(""), read_cell("3.682,18 €").plain("")
    ('1119.63', '3682.18')
    >>> read_cell("1,126").plain(""), read_cell("1,126").plain("."), read_cell("1,126").plain(",")
    ('1,126', '1126', '1.126')
    >>> read_cell("on request"), read_cell("12,34.5"), read_cell("11.08.2024"), read_cell("-")
    (None, None, None, None)
    """
    if plain := PLAIN.fullmatch(cell):
        sign, whole, mark, fraction = plain.groups("")
        return NumberCell(sign, whole, fraction, mark=mark)
    found = CELL.fullmatch(cell.strip()) if len(cell) <= LONGEST_CELL else None
    if found is None or (found["sign"] and found["inner"]) or (found["before"] and found["after"]):
        return None
    sign = (found["sign"] + found["inner"]).replace("−", "-")
    unit = (found["before"] or found["after"] or "").replace("％", PERCENT)
    exponent = found["exponent"] or ""
    body = found["body"]
    if parted := PARTED.fullmatch(body) or INDIAN.fullmatch(body):
        return read_parted(parted, NumberCell(sign, "", exponent=exponent, unit=unit))
    lone = LONE.fullmatch(body)
    if lone is None or not (lone[1] or lone[3]):
        return None
    return NumberCell(sign, lone[1], lone[3] or "", exponent, mark=lone[2] or "", unit=unit)


def read_parted(found: re.Match[str], cell: NumberCell) -> NumberCell:
    """A number with a mark before three digits, which alone may be either a comma or a point."""
    groups, parting, mark, fraction = found.groups()
    parts = re.split(f"[{PARTING}]", groups)
    if parting in OTHER and mark is None and len(parts) == 2:
        return NumberCell(cell.sign, parts[0], parts[1], cell.exponent, unsure=parting, unit=cell.unit)
    tells = mark or OTHER.get(parting, "")
    return NumberCell(
        cell.sign, "".join(parts), fraction or "", cell.exponent, parting, tells, unit=cell.unit
    )


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, however it is written.

    >>> [is_number(cell) for cell in ("$1,234.50", "1e3", "12 %", "4 stars", "NaN")]
    [True, True, True, False, False]
    """
    return read_cell(cell) is not None or not math.isnan(read_number(cell))


def find_decimal(cells: Iterable[NumberCell | None]) -> str:
    """The decimal mark of a column that its cells settle; "" where none does, or some contradict others.

    A few cells do not settle what many others mean.

    >>> columns = (["1,126", "12.50"], ["1,126", "785"], ["1,5", "2.5"], ["3.141"] * 50 + ["12,5"])
    >>> [find_decimal(map(read_cell, cells)) for cells in columns]
    ['.', '', '', '']
    """
    told: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for cell in cells:
        if cell is not None:
            told[cell.mark] += 1
            unsure[cell.unsure] += 1
    marks = [mark for mark in told if mark]
    if len(marks) != 1:
        return ""
    return marks[0] if told[marks[0]] >= TELLING_SHARE * unsure[OTHER[marks[0]]] else ""


def are_points_contradicted(cells: Iterable[NumberCell | None]) -> bool:
    """Whether some cells have a decimal comma, and are not just a few beside those with a decimal point.

    >>> columns = (["12.345", "1.234.567"], ["12.345", "450"], ["3.141", "12,5"] + ["12.50"] * 50)
    >>> [are_points_contradicted(map(read_cell, cells)) for cells in columns]
    [True, False, False]
    """
    told = Counter(cell.mark for cell in cells if cell is not None)
    return told[","] > 0 and told[","] >= TELLING_SHARE * told["."]
