"""What a worker expects of a place where children run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ChildOrder:
    """All that is needed to start a child; ``environment`` is what its slot adds, such as which device.

    ``handler`` is that of its job.
    """

    database_url: str
    job_id: str
    fence: int
    workdir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    handler: str = ""


class Child(Protocol):
    """A child that was started; all methods return at once and may be called again."""

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal where one ended it."""

    def ask_to_end(self) -> None:
        """Let it stop in good order."""

    def end_now(self) -> None:
        """Stop it and all that it started."""

    def dump_stacks(self) -> None:
        """Have it write into its log what each of its threads is doing."""


class Launcher(Protocol):
    """Starts children."""

    def start(self, order: ChildOrder) -> Child:
        """Start one child, after what is left of an earlier one of the same job here has been ended.

        Raises OSError where that is impossible.
        """

    def prepare(self) -> None:
        """Begin what the first child would otherwise wait for; does not wait for it."""

    def close(self) -> None:
        """Give back what was kept for starting children; those that still run are not waited for."""
