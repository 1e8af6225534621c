"""JSON as it is written: numbers keep their digits, and each record knows the line on which it starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.errors import InvalidInput

TOO_DEEP = "A value nests objects or lists too deeply to be a cell."
BLANKS = re.compile(r"[ \t\r\n]*")


class Digits(str):
    """A number as it is written in the file."""

    __slots__ = ()


class Decoder(json.JSONDecoder):
    """Decodes numbers as text and counts objects that name a key twice (the last one counts)."""

    def __init__(self) -> None:
        super().__init__(
            parse_float=Digits,
            parse_int=Digits,
            parse_constant=Digits,
            object_pairs_hook=self.build,
            strict=False,
        )
        self.doubled = 0

    def build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object from its keys and values."""
        made = dict(pairs)
        if len(made) != len(pairs):
            self.doubled += 1
        return made


def to_cell(value: Any) -> str:
    """The text of a value: null is empty, objects and lists are compact JSON.

    >>> to_cell({"a": [Digits("1e5"), None, True, "é"]}), to_cell(None), to_cell(False)
    ('{"a":[1e5,null,true,"é"]}', '', 'false')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return to_json(value)
    except RecursionError as error:
        raise InvalidInput(TOO_DEEP, "Write one object per row, with plain values.") from error


def to_json(value: Any) -> str:
    """Compact JSON with numbers as they were written."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(key)}:{to_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Listed:
    """The values of a list inside an object, each with the line on which it starts."""

    items: list[tuple[int, Any]]


class Scanner:
    """Walks through a JSON text value by value; ``position`` is the next character, from 0."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.position = 0
        self._decoder = Decoder()
        self._name = name
        self._counted = 0
        self._line = 1
        self._single_line = "\n" not in text.strip()

    @property
    def doubled(self) -> int:
        """How many objects so far name a key twice."""
        return self._decoder.doubled

    def line(self) -> int:
        """The line of the position."""
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        match = BLANKS.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.text[self.position : self.position + 1]

    def take(self, mark: str, what: str) -> None:
        """Pass a mark; InvalidInput where something else stands there."""
        if self.peek() != mark:
            raise self.broken(self.position, what)
        self.position += 1

    def value(self) -> Any:
        """The next value, whole; InvalidInput where there is none."""
        self.peek()
        try:
            value, self.position = self._decoder.raw_decode(self.text, self.position)
        except json.JSONDecodeError as error:
            raise self.broken(error.pos, error.msg) from error
        except RecursionError as error:
            raise InvalidInput(
                f"{self._name} nests objects or lists too deeply to be a table.",
                "Write one object per row, with plain values.",
            ) from error
        return value

    def items(self) -> Iterator[tuple[int, Any]]:
        """The values of the list that starts here, each with its line, or its number in one line of text."""
        self.take("[", "Expecting '['")
        number = 0
        while self.peek() != "]":
            number += 1
            line = number if self._single_line else self.line()
            yield line, self.value()
            self._pass_comma("]")
        self.position += 1

    def members(self) -> Iterator[tuple[str, Any]]:
        """Keys and values of the object that starts here; a list comes as Listed."""
        self.take("{", "Expecting '{'")
        while self.peek() != "}":
            if self.peek() != '"':
                raise self.broken(self.position, "Expecting a name in double quotes")
            key = self.value()
            self.take(":", "Expecting ':' after a name")
            yield key, Listed(list(self.items())) if self.peek() == "[" else self.value()
            self._pass_comma("}")
        self.position += 1

    def _pass_comma(self, closing: str) -> None:
        if self.peek() == closing:
            return
        comma = self.position
        self.take(",", f"Expecting ',' or '{closing}'")
        if self.peek() == closing:
            raise self.broken(comma, "There is a comma with nothing after it")

    def broken(self, position: int, what: str) -> InvalidInput:
        """The sentence for a place where the text is no JSON."""
        line = self.text.count("\n", 0, position) + 1
        column = position - self.text.rfind("\n", 0, position)
        reason = "the file ends too early" if position >= len(self.text.rstrip()) else what
        return InvalidInput(
            f"{self._name} is not valid JSON: line {line}, column {column}: {reason}.",
            "Repair it at this place, or save it again from the program it comes from.",
        )
