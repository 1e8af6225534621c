"""What can be done about a finding, and what was done: choices, and steps of a dataset's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studio.errors import InvalidInput


@dataclass(frozen=True)
class FixChoice:
    """A finding, by its code, and the action chosen for it."""

    code: str
    action: str

    def __str__(self) -> str:
        return f"{self.code}={self.action}"

    @classmethod
    def parse(cls, text: str) -> FixChoice:
        """Read 'duplicate_text=drop_repeats'; InvalidInput where there is no '='.

        >>> FixChoice.parse("duplicate_text=drop_repeats").action
        'drop_repeats'
        """
        code, equals, action = text.strip().partition("=")
        if not (code and equals and action):
            raise InvalidInput(
                f"'{text}' does not say what to do about which finding.",
                "Write the finding's code, '=' and the action, such as duplicate_text=drop_repeats.",
            )
        return cls(code, action)


@dataclass(frozen=True)
class Step:
    """One change of a version against what it was made from.

    ``rows`` is how many rows changed, moved or left; ``lines`` are the first 20 of them, as in a Problem;
    ``message`` is one sentence for a person.
    """

    code: str
    action: str
    rows: int
    message: str
    lines: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "lines": list(self.lines)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Step:
        """Read what to_json wrote."""
        return cls(**{**value, "lines": tuple(value["lines"])})
