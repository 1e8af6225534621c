"""What a handler is given while it works on a job, and what it gives back."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jobs.logs import format_line
from jobs.reporter import Reporter
from jobs.telemetry import NewPoint
from jobs.views import Assignment


class JobCancelled(Exception):
    """The handler was asked to end, and does so."""


@dataclass(frozen=True)
class Outcome:
    """What a successful job leaves.

    ``publish`` runs in the transaction that records the success: both happen or neither. It may run
    again where the database was busy, so it must change nothing outside the connection.
    """

    result: dict[str, Any] = field(default_factory=dict)
    publish: Callable[[Connection], None] | None = None


class JobContext:
    """One job in the hands of its handler.

    ``workdir`` is the job's own folder and survives attempts, and ``killed_attempts`` tells how many of the
    earlier ones ended by SIGKILL, as happens when memory runs out.
    """

    def __init__(self, assignment: Assignment, workdir: Path, reporter: Reporter) -> None:
        self.job_id = assignment.job_id
        self.attempt = assignment.attempt
        self.killed_attempts = assignment.kills
        self.payload = assignment.payload
        self.workdir = workdir
        self.reporter = reporter
        self.unshown: set[tuple[str, str]] = set()

    def progress(
        self,
        *,
        fraction: float | None = None,
        step: int | None = None,
        steps: int | None = None,
        message: str | None = None,
        eta_seconds: float | None = None,
    ) -> None:
        """Say how far the work is; what is left out stays as it was. Returns at once."""
        if fraction is not None:
            fraction = min(max(float(fraction), 0.0), 1.0)
        given = {
            "fraction": fraction,
            "step": step,
            "steps": steps,
            "message": message,
            "eta_seconds": eta_seconds,
        }
        self.reporter.set_progress({name: value for name, value in given.items() if value is not None})

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float | None = None) -> None:
        """Add one point to the series (split, name). Returns at once.

        A handler that goes on from a snapshot tells the points before it again: what an earlier attempt had
        told at the same or later steps gives way, so that nothing is lost or doubled.
        A value that is not finite is named in the log, once a series, and left out.
        """
        value = float(value)
        if math.isfinite(value):
            self.reporter.add_point(
                NewPoint(name, value, split, int(step), None if epoch is None else float(epoch), time.time())
            )
        elif (split, name) not in self.unshown:
            self.unshown.add((split, name))
            self.log(f"{name} ({split}) is {value} at step {step}; such values are left out of the charts.")

    def log(self, text: str) -> None:
        """Add one line, with the time, to the job's log; nothing happens where its disk is full."""
        with contextlib.suppress(OSError):
            print(format_line(text, attempt=self.attempt), flush=True)

    def note(self, sentence: str) -> None:
        """Write a sentence into the job's history, for the person whose job it is, and into the log."""
        self.reporter.add_note(sentence)
        self.log(sentence)

    @property
    def ending(self) -> str | None:
        """Why the handler should end as soon as it can: "cancel", "pause", or "release" where the worker
        ends and another goes on; None while it may work. All but "cancel" make a last snapshot worthwhile.
        """
        return self.reporter.ending

    @property
    def should_stop_early(self) -> bool:
        """Whether the handler should end as a success, with the best it has so far."""
        return self.reporter.stop_early

    def raise_if_cancelled(self) -> None:
        """Raise JobCancelled where the handler should end, whyever that is."""
        if self.ending is not None:
            raise JobCancelled
