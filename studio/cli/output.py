"""What commands print: one JSON value, or a plain table; everything else goes to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.bootstrap import Studio, open_studio
from studio.errors import NotFound, StudioError
from studio.keeping.opening import command_for
from studio.settings import Settings, usual_home

PROBLEM_ROWS_SHOWN = 8
UNLIMITED_WIDTH = 1_000_000
SECONDS_BETWEEN_LINES = 2.0
COPIED = {"id", "name", "model", "dataset", "checkpoint"}


@dataclass(frozen=True)
class Context:
    """The options that hold for every command."""

    home: str | None
    as_json: bool

    def settings(self, **changes: object) -> Settings:
        """Settings of the chosen home."""
        return Settings.from_environment(self.home, **changes)

    def studio(self) -> closing[Studio]:
        """The services, closed at the end of a with block; NotFound where a home was named that is not there.

        The usual home is made where it is missing: nobody can have mistyped it.
        """
        settings = self.settings()
        if settings.home != usual_home() and is_absent(settings.home):
            raise NotFound(
                f"There is no studio in {settings.home}.",
                "Look whether --home, or STUDIO_HOME, names the folder that is meant.",
                shell_hint=f"Make a studio there with: {command_for(settings, 'serve')}",
            )
        return closing(open_studio(settings))

    def new_studio(self) -> closing[Studio]:
        """As ``studio``; a home that is not there is made."""
        return closing(open_studio(self.settings()))

    def show(self, value: Any, text: str) -> None:
        """Print the JSON value or its text."""
        print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) if self.as_json else text)

    def show_table(self, values: Sequence[dict[str, Any]], columns: Sequence[str], empty: str) -> None:
        """Print a JSON list, or a table of some of its keys; ``empty`` names the next step."""
        if self.as_json:
            self.show(list(values), "")
        elif not values:
            print(empty)
        else:
            print_table(values, columns, sys.stdout, None if sys.stdout.isatty() else UNLIMITED_WIDTH)


def is_absent(folder: Path) -> bool:
    """Whether nothing is there; not where that cannot be seen, as below a file."""
    try:
        folder.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


def print_table(
    values: Sequence[dict[str, Any]], columns: Sequence[str], stream: TextIO, width: int | None
) -> None:
    """Print a table as wide as the terminal, or as ``width``; where it is narrow, cells go on in a new line.

    Ids and names stay in one piece, since they are copied into the next command.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        title = column.replace("_", " ")
        whole = [cell_text(value.get(column)) for value in values] if column in COPIED else []
        table.add_column(
            title,
            justify=justify_of(values[0].get(column)),
            overflow="fold",
            min_width=max(map(cell_len, [title, *whole])),
        )
    for value in values:
        table.add_row(*(escape(cell_text(value.get(column))) for column in columns))
    shown = Console(file=stream, width=width, soft_wrap=True)
    with shown.capture() as captured:
        shown.print(table)
    stream.write("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))


def justify_of(value: Any) -> Any:
    """Numbers stand on the right."""
    return "right" if isinstance(value, int | float) else "left"


def cell_text(value: Any) -> str:
    """One cell: '' for nothing, four significant digits for fractions.

    >>> cell_text(0.973154), cell_text(None), cell_text(["a", "b"])
    ('0.9732', '', 'a, b')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def say(text: str) -> None:
    """Print progress or advice, which never mixes with the answer."""
    print(text, file=sys.stderr)


def say_now_and_then(
    words: Callable[[int, int], str], seconds: float = SECONDS_BETWEEN_LINES
) -> Callable[[int, int], None]:
    """A progress that says how far it is, in ``words`` of what is done and all, every few seconds.

    Once it has said anything it says the end too.
    """
    said_at, begun = time.monotonic(), False

    def tell(done: int, total: int) -> None:
        nonlocal said_at, begun
        if time.monotonic() - said_at >= seconds or (begun and done == total):
            said_at, begun = time.monotonic(), True
            say(words(done, total))

    return tell


def print_error(error: StudioError) -> None:
    """Message, findings with rows, and hints on stderr."""
    say(error.message)
    for problem in error.problems:
        rows = ", ".join(str(row) for row in problem.rows[:PROBLEM_ROWS_SHOWN])
        more = " ..." if problem.count > PROBLEM_ROWS_SHOWN else ""
        where = f" (line {rows}{more})" if rows else ""
        say(f"  {problem.severity}: {problem.message}{where} {problem.hint}".rstrip())
        for example in problem.examples:
            say(f"    {example}")
    for hint in filter(None, (error.hint, error.shell_hint)):
        say(hint)
