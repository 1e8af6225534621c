"""Bring a table here, wherever it is."""

from __future__ import annotations

from pathlib import Path

from studio.data.readers import Progress
from studio.data.sources.folders import PREFIX, open_table
from studio.data.sources.hub import HUB_PREFIX, fetch_dataset
from studio.data.sources.rules import Fetched, SourceRules
from studio.data.sources.web import fetch_web
from studio.errors import InvalidInput

WEB = ("http://", "https://")


def is_address(text: str) -> bool:
    """Whether a text names a source elsewhere rather than a file by its path.

    >>> is_address("hf:owner/name"), is_address("HTTPS://example.org/t.csv"), is_address("data/t.csv")
    (True, True, False)
    """
    return text.strip().lower().startswith((*WEB, HUB_PREFIX, PREFIX)) or "://" in text


def fetch_source(address: str, rules: SourceRules, folder: Path, progress: Progress) -> Fetched:
    """Bring the table at an address into ``folder``; one that is on this machine stays where it is.

    ``address`` is an http(s) address, ``hf:OWNER/NAME`` with an optional ``#CONFIG``, or ``server:PATH`` in a
    folder that the operator opened. Raises InvalidInput, NotFound, TooLarge or Unavailable with a sentence.
    """
    text = address.strip()
    kind = text.lower()
    if kind.startswith(HUB_PREFIX):
        return fetch_dataset(text, rules, folder, progress)
    if kind.startswith(PREFIX):
        path = open_table(text[len(PREFIX) :], rules.folders)
        return Fetched(path, path.name)
    if "://" in text:
        return fetch_web(text, rules, folder, progress)
    raise InvalidInput(
        f"'{text[:200]}' names no source.",
        "Write a web address, hf:OWNER/NAME for a dataset of the hub, or server:PATH for a file here.",
    )
