"""A story that is told again and again: what people do, and what must come of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jobs.audit import Expected
from jobs.faults import POINTS
from studio.bootstrap import Studio
from studio.settings import Settings

PATIENCE_SECONDS = 240.0
Command = Callable[[Studio], None]


@dataclass(frozen=True)
class Story:
    """What people do in one home.

    ``prepare`` makes the home that every telling begins with. ``commands`` follow each other; one that was
    killed is given again, so each must be one that a person may give twice. ``judge`` says what went wrong
    that no general check knows of, and ``expected`` the steps of each job, by the key it was submitted with.
    Of its ``points`` each passing is tried, or only ``every`` so many.
    A worker runs from the command ``worker_from`` on; after ``relieved_after`` another one takes its place.
    """

    name: str
    prepare: Callable[[Path], None]
    commands: Mapping[str, Command] = field(default_factory=dict)
    judge: Callable[[Studio], list[str]] = lambda _studio: []
    expected: Callable[[Studio], Mapping[str, Expected]] = lambda _studio: {}
    worker_from: str | None = None
    relieved_after: str | None = None
    points: tuple[str, ...] = POINTS
    every: int = 1


def settings_of(home: Path) -> Settings:
    """The settings of every story: two trainings at a time.

    A worker that was killed is gone for certain, so its lease need not be short; and what a worker renews
    twice a second would only be the same commit again and again.
    """
    return Settings(home=home, offline=True, lease_seconds=6.0, trainings_per_device=2, min_free_bytes=0)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; TimeoutError where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what the story waits for does not come")
        time.sleep(0.02)
