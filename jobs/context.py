"""What a handler is given while it works on a job, and what it gives back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jobs.reporter import Reporter
from jobs.telemetry import NewPoint
from jobs.views import Assignment


class JobCancelled(Exception):
    """The job was asked to stop, and its handler does so."""


@dataclass(frozen=True)
class Outcome:
    """What a successful job leaves.

    ``publish`` runs in the transaction that records the success: both happen or neither. It may run
    again where the database was busy, so it must change nothing outside the connection.
    """

    result: dict[str, Any] = field(default_factory=dict)
    publish: Callable[[Connection], None] | None = None


class JobContext:
    """One job in the hands of its handler; ``workdir`` is the job's own folder and survives attempts."""

    def __init__(self, assignment: Assignment, workdir: Path, reporter: Reporter) -> None:
        self.job_id = assignment.job_id
        self.attempt = assignment.attempt
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
        """Add one line, with the time, to the job's log."""
        print(time.strftime("%H:%M:%S"), text, flush=True)

    @property
    def cancelled(self) -> bool:
        """Whether the job should stop as soon as it can."""
        return self.reporter.stop_asked.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise JobCancelled where the job should stop."""
        if self.cancelled:
            raise JobCancelled
