"""What a worker expects of a place where children run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ChildOrder:
    """All that is needed to start a child."""

    database_url: str
    job_id: str
    fence: int
    workdir: Path


class Child(Protocol):
    """A child that was started; all three methods return at once and may be called again."""

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal where one ended it."""

    def ask_to_end(self) -> None:
        """Let it stop in good order."""

    def end_now(self) -> None:
        """Stop it and all that it started."""


class Launcher(Protocol):
    """Starts children."""

    def start(self, order: ChildOrder) -> Child:
        """Start one child. Raises OSError where that is impossible."""
