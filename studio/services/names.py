"""What a dataset or model may be called."""

from __future__ import annotations

import re

from studio.errors import InvalidInput

NAME_PATTERN = re.compile(r"[^\W_][\w .\-]{0,79}")


def check_name(name: str, noun: str) -> str:
    """Return the name, or raise InvalidInput; letters of any script, digits, blank, . - _.

    >>> check_name("客服-2026", "dataset")
    '客服-2026'
    """
    if NAME_PATTERN.fullmatch(name) and not name.endswith((" ", ".")):
        return name
    raise InvalidInput(
        f"'{name}' cannot be the name of a {noun}.",
        "Use up to 80 letters, digits, blanks, dots, hyphens or underscores; start with a letter or digit.",
    )


def free_name(wanted: str, taken: set[str]) -> str:
    """The wanted name, or the first of wanted-2, wanted-3 ... that is free.

    >>> free_name("tickets", {"tickets", "tickets-2"})
    'tickets-3'
    """
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"


def name_from(text: str) -> str:
    """A valid name made of any text.

    >>> name_from("BBC News Train.csv")
    'BBC News Train'
    """
    stem = re.sub(r"\.(csv|tsv|txt|gz)$", "", text.rsplit("/", 1)[-1], flags=re.IGNORECASE)
    cleaned = re.sub(r"[^\w .\-]+", "-", stem).strip(" .-_")[:80].rstrip(" .")
    return cleaned or "dataset"
