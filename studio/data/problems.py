"""A finding about a table: what is wrong, on which rows, why it matters and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from studio.files import read_json, write_json

Severity = Literal["error", "warning", "note"]
SHOWN_ROWS = 20
NAMED_ROWS = 5
SHOWN_EXAMPLES = 3
PROBLEMS_FILE = "problems.json"
SEVERITY_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Problem:
    """One finding of a check.

    ``rows`` are the first 20 physical lines concerned (the first line of the file is 1), ``count`` is how
    many there are in all. ``fixes`` are the actions of ``studio.data.fixes`` that mend it, the advised first.
    ``examples`` say of the first of these lines what stands there, where that cannot be seen in the row.
    """

    severity: Severity
    code: str
    message: str
    why: str
    hint: str
    file: str = ""
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()
    fixes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The shape of CONTRACT section 1."""
        lists = {name: list(getattr(self, name)) for name in ("rows", "fixes", "examples")}
        return {**asdict(self), **lists}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Problem:
        """Read what to_json wrote."""
        fixes = value.get("fixes") or filter(None, [value.get("fix")])  # "fix" is of the first release
        plain = {key: item for key, item in value.items() if key != "fix"}
        examples = tuple(value.get("examples", ()))
        return cls(**{**plain, "rows": tuple(value["rows"]), "fixes": tuple(fixes), "examples": examples})


def first_rows(lines: Sequence[int] | np.ndarray) -> tuple[int, ...]:
    """The first 20 line numbers, in order, as plain integers."""
    return tuple(sorted(int(line) for line in lines)[:SHOWN_ROWS])


def name_rows(lines: Sequence[int] | np.ndarray) -> str:
    """Say on which lines something stands, each once.

    >>> name_rows([214]), name_rows([1, 1, 1])
    ('line 214', 'line 1')
    >>> name_rows([9, 3, 5])
    'lines 3, 5 and 9'
    >>> name_rows(range(1, 13))
    'lines 1, 2, 3, 4, 5 and 7 more'
    """
    ordered = sorted({int(line) for line in lines})
    if len(ordered) == 1:
        return f"line {ordered[0]}"
    if len(ordered) <= NAMED_ROWS:
        return f"lines {', '.join(map(str, ordered[:-1]))} and {ordered[-1]}"
    return f"lines {', '.join(map(str, ordered[:NAMED_ROWS]))} and {len(ordered) - NAMED_ROWS:,} more"


def first_place(rows: pd.DataFrame) -> tuple[str, np.ndarray]:
    """The first file that has some of the rows (columns file, line), and on which of its lines."""
    file = str(rows["file"].iloc[0])
    return file, rows.loc[rows["file"] == file, "line"].to_numpy()


def count_of(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun.

    >>> count_of(1, "row"), count_of(1200, "row"), count_of(2, "class", "classes")
    ('1 row', '1,200 rows', '2 classes')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def by_severity(problems: Sequence[Problem]) -> list[Problem]:
    """Errors first, then warnings, then notes; otherwise in the order found."""
    return sorted(problems, key=lambda problem: SEVERITY_ORDER[problem.severity])


def write_problems(folder: Path, problems: Sequence[Problem]) -> None:
    """Leave the findings in a folder."""
    write_json(folder / PROBLEMS_FILE, [problem.to_json() for problem in problems])


def read_problems(folder: Path) -> tuple[Problem, ...]:
    """The findings that were left in a folder; empty where there are none."""
    path = folder / PROBLEMS_FILE
    if not path.is_file():
        return ()
    return tuple(Problem.from_json(one) for one in read_json(path, "What was found in the table"))
