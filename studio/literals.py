"""Values that were written down in a cell, as JSON or as Python writes them."""

from __future__ import annotations

import ast
import json
from typing import Any


def read_literal(text: str) -> Any:
    """What JSON or Python wrote; None where it was neither.

    >>> read_literal('["a", null]'), read_literal("('a', None)"), read_literal("a | b")
    (['a', None], ('a', None), None)
    """
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def read_json_list(cell: str) -> list[Any] | None:
    """The list of a cell that holds one as datasets keep it, in JSON; None for any other.

    >>> read_json_list('["a", 1]'), read_json_list("['a']"), read_json_list('{"a": 1}')
    (['a', 1], None, None)
    """
    try:
        found = json.loads(cell) if cell.startswith("[") else None
    except ValueError:
        return None
    return found if isinstance(found, list) else None
