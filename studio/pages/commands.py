"""Commands to copy: what a page does, for a shell that was just opened."""

from __future__ import annotations

import shlex
from pathlib import Path

from markupsafe import Markup

from studio.pages import layout
from studio.settings import usual_home

PROGRAM = "python -m studio"
START_WORKER = f"{PROGRAM} worker"


def command_piece(command: str, label: str, home: Path) -> Markup:
    """A command with a button that copies it, naming the home that the page belongs to."""
    return layout.code(naming_home(command, home), label)


def naming_home(command: str, home: Path) -> str:
    """The command as it finds this home in a new terminal; as it is where that is the usual home.

    >>> naming_home("python -m studio worker", Path("/srv/my texts"))
    "python -m studio --home '/srv/my texts' worker"
    >>> naming_home("python -m studio worker", usual_home())
    'python -m studio worker'
    """
    if home == usual_home():
        return command
    return command.replace(PROGRAM, f"{PROGRAM} --home {shlex.quote(str(home))}", 1)
