"""What a dataset or model may be called."""

from __future__ import annotations

import re

from studio.errors import InvalidInput

LENGTH_AT_MOST = 80
NAME_PATTERN = re.compile(rf"[^\W_][\w .\-]{{0,{LENGTH_AT_MOST - 1}}}")

# Of files that can be imported, packed ones too.
ENDINGS = re.compile(
    r"(\.(csv|tsv|txt|jsonl?|ndjson|parquet|xlsx?|ods|conll|bio))?(\.(gz|bz2|xz|zip))?$", re.IGNORECASE
)


def check_name(name: str, noun: str) -> str:
    """Return the name, or raise InvalidInput; letters of any script, digits, blank, . - _.

    >>> check_name("客服-2026", "dataset")
    '客服-2026'
    """
    if NAME_PATTERN.fullmatch(name) and not name.endswith((" ", ".")):
        return name
    raise InvalidInput(
        f"'{name}' cannot be the name of a {noun}.",
        f"Use up to {LENGTH_AT_MOST} letters, digits, blanks, dots, hyphens or underscores; "
        "start with a letter or digit.",
    )


def free_name(wanted: str, taken: set[str]) -> str:
    """The wanted name, or the first of wanted-2, wanted-3 ... that is free; a long one is cut for the number.

    >>> free_name("tickets", {"tickets", "tickets-2"})
    'tickets-3'
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted[: LENGTH_AT_MOST - len(f'-{number}')].rstrip(' .')}-{number}"
    return name


def name_from(file_name: str) -> str:
    """A valid name made of a file's.

    >>> name_from("BBC News Train.csv"), name_from("notes.jsonl.gz"), name_from("v1.2")
    ('BBC News Train', 'notes', 'v1.2')
    """
    stem = ENDINGS.sub("", file_name.rsplit("/", 1)[-1])
    return clean_name(stem) or "dataset"


def clean_name(text: str) -> str:
    """Any text with what no name may hold left out; empty where nothing is left.

    >>> clean_name("tickets-enc,o#d!")
    'tickets-enc-o-d'
    """
    return re.sub(r"[^\w .\-]+", "-", text).strip(" .-_")[:LENGTH_AT_MOST].rstrip(" .-_")
