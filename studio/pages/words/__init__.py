"""Every text a person reads, one TOML file per page and language; pages ask for it by name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LANGUAGE = "en"


class MissingWords(AttributeError):
    """A page asked for a text that its file does not have."""


class Text(str):
    """One text. ``{name}`` stands for a value; ' | ' parts the form for one from that for many."""

    def say(self, **values: object) -> str:
        """The text with its values filled in.

        >>> Text("{name} was imported.").say(name="tickets")
        'tickets was imported.'
        """
        return self.format(**values)

    def count(self, number: int, **values: object) -> str:  # type: ignore[override]
        """The form for one or for many, with ``{n}`` filled in.

        >>> Text("{n} row | {n} rows").count(1), Text("{n} row | {n} rows").count(12480)
        ('1 row', '12,480 rows')
        """
        one, _, many = self.partition(" | ")
        form = one if number == 1 or not many else many
        return form.format(n=f"{number:,d}", **values)


class Words:
    """A table of texts, read by attribute or, for keys known only at run time, by item."""

    def __init__(self, name: str, table: dict[str, Any]) -> None:
        self._name = name
        self._table = table

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self[key]

    def __getitem__(self, key: str) -> Any:
        if key not in self._table:
            raise MissingWords(f"The words of {self._name} have no '{key}'.")
        return wrap(f"{self._name}.{key}", self._table[key])

    def __contains__(self, key: object) -> bool:
        return key in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def get(self, key: str, otherwise: str = "") -> Text:
        """The text of a key known only at run time, or another text where it is absent."""
        return Text(self._table.get(key, otherwise))


def wrap(name: str, value: Any) -> Any:
    """Turn what TOML gives into texts, lists of them and tables of them."""
    if isinstance(value, dict):
        return Words(name, value)
    if isinstance(value, list):
        return [wrap(f"{name}[{index}]", item) for index, item in enumerate(value)]
    return Text(value)


@cache
def words_of(page: str, language: str = LANGUAGE) -> Words:
    """The words of one page; MissingWords where its file is absent."""
    path = FOLDER / language / f"{page}.toml"
    if not path.is_file():
        raise MissingWords(f"There is no {path.relative_to(FOLDER)}.")
    return Words(page, tomllib.loads(path.read_text(encoding="utf-8")))
