"""Texts that may hold personal data: addresses of mail, telephone numbers, numbers of people and accounts.

Only rows are named; what was found in them is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, View, Words
from studio.data.checks.matching import contains, matches, report_cells_with

EMAIL = r"(?i)[a-z0-9][a-z0-9._%+-]*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
# Digits that may belong together, as a first sieve: numbers of any kind have at least nine.
DIGITS = r"[0-9](?:[ ().\-]{0,2}[0-9]){8}"
PHONE = (
    r"(?:^|[^0-9A-Za-z.,+\-])(?:"
    r"\+[1-9][0-9]{0,2}(?:[ .\-]?\(?[0-9]{1,5}\)?){2,6}"  # +44 20 7946 0958
    r"|1[3-9][0-9]{9}|1[3-9][0-9][ \-][0-9]{4}[ \-][0-9]{4}"  # mobile in China
    r"|0[0-9]{2,3}-[0-9]{7,8}"  # landline in China
    r"|\(?[2-9][0-9]{2}\)?[ .\-][0-9]{3}[ .\-][0-9]{4}"  # North America
    r"|0[1-9][0-9]{8,9}|0[0-9]{3,4} [0-9]{3} ?[0-9]{3,4}"  # trunk 0, as in Europe
    r")(?:[^0-9A-Za-z]|$)"
)
RESIDENT = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])", re.ASCII)
CARD = re.compile(r"(?<![0-9A-Za-z.])[3-6][0-9]{3}(?:[ -]?[0-9]{2,6}){2,4}(?![0-9A-Za-z])", re.ASCII)
SOCIAL = re.compile(  # US
    r"(?<![0-9A-Za-z-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z-])", re.ASCII
)
IBAN = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z])"
)
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

WHY = "A model and its predictions may give away what they were trained on, and copies of the table spread."
HINT = "Check that you may use them; where they are not needed, leave them out of the file."
MAIL = Words(
    "email_addresses",
    "warning",
    "row may hold an e-mail address",
    "rows may hold e-mail addresses",
    WHY,
    HINT,
)
TELEPHONE = Words(
    "phone_numbers",
    "warning",
    "row may hold a telephone number",
    "rows may hold telephone numbers",
    WHY,
    HINT,
)
NUMBERS = Words(
    "id_numbers",
    "warning",
    "row may hold the number of a person, a card or an account",
    "rows may hold numbers of people, cards or accounts",
    WHY,
    HINT,
)


def check_personal(view: View) -> list[Finding]:
    """Findings about personal data, in the texts."""
    return [
        *report_cells_with(view, view.texts, find_emails, MAIL),
        *report_cells_with(view, view.texts, find_phones, TELEPHONE),
        *report_cells_with(view, view.texts, find_numbers, NUMBERS),
    ]


def is_personal(text: str) -> bool:
    """Whether a text may hold personal data.

    >>> is_personal("write to ann@example.org"), is_personal("write to us")
    (True, False)
    """
    cells = pd.Series([text], dtype="str")
    return any(bool(find(cells)[0]) for find in (find_emails, find_phones, find_numbers))


def find_emails(cells: pd.Series) -> np.ndarray:
    """Which cells hold an e-mail address."""
    return matches(cells, EMAIL, among=contains(cells, "@"))


def find_phones(cells: pd.Series) -> np.ndarray:
    """Which cells hold a telephone number, as it is written in many countries."""
    return matches(cells, PHONE, among=matches(cells, DIGITS))


def find_numbers(cells: pd.Series) -> np.ndarray:
    """Which cells hold a number that only people, cards or accounts have; check digits are tried."""
    likely = matches(cells, NUMBER_SIEVE)
    found = np.zeros(len(cells), dtype=bool)
    places = np.flatnonzero(likely)
    found[places] = [holds_number(cell) for cell in cells[likely]]
    return found


# One pattern for all of them in RE2; the exact ones run on what is left.
NUMBER_SIEVE = r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9](?:[ \-]?[0-9]){12}|\b[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}"


def holds_number(text: str) -> bool:
    """Whether a text holds a resident identity number of China, a card number, a US social security number or
    an account number (IBAN), with the right check digit where it has one.

    >>> holds_number("card 4111 1111 1111 1111"), holds_number("card 4111 1111 1111 1112")
    (True, False)
    """
    return bool(SOCIAL.search(text)) or any(
        is_right(found.group()) for pattern, is_right in CHECKED for found in pattern.finditer(text)
    )


def is_resident(number: str) -> bool:
    """Whether the check digit of an identity number of China fits (GB 11643-1999).

    >>> is_resident("11010519491231002X"), is_resident("110105194912310021")
    (True, False)
    """
    month, day = int(number[10:12]), int(number[12:14])
    total = sum(weight * int(digit) for weight, digit in zip(RESIDENT_WEIGHTS, number[:17], strict=True))
    return 1 <= month <= 12 and 1 <= day <= 31 and "10X98765432"[total % 11] == number[17].upper()


def is_card(number: str) -> bool:
    """Whether the check digit of a card number fits (ISO/IEC 7812, Luhn).

    >>> is_card("5500-0000-0000-0004"), is_card("5500 0000 0000 0005")
    (True, False)
    """
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(number: str) -> bool:
    """Whether the check digits of an account number fit (ISO 13616, remainder by 97).

    >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB82 WEST 1234 5698 7654 33")
    (True, False)
    """
    plain = number.replace(" ", "")
    return (
        15 <= len(plain) <= 34
        and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1
    )


CHECKED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (RESIDENT, is_resident),
    (CARD, is_card),
    (IBAN, is_iban),
)
