"""Carrying progress and metrics to the database in batches, without holding up the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy.exc import OperationalError

from jobs.states import JobState
from jobs.telemetry import NewPoint

FLUSH_SECONDS = 1.0
FLUSH_POINTS = 50


class Send(Protocol):
    """Writes a batch under the job's fence; None where the fence is no longer the job's."""

    def __call__(self, progress: dict[str, Any], points: Sequence[NewPoint]) -> JobState | None:
        """Write one batch."""


class Reporter:
    """A buffer with one thread behind it, which also hears of a cancel or a lost fence.

    ``look`` reads the job's state when there is nothing to write; ``on_lost`` is called where the job
    is no longer this process's. ``stop_asked`` is set when the job should stop.
    """

    def __init__(self, send: Send, look: Callable[[], JobState | None], on_lost: Callable[[], None]) -> None:
        self.send = send
        self.look = look
        self.on_lost = on_lost
        self.stop_asked = threading.Event()
        self.closing = threading.Event()
        self.wake = threading.Event()
        self.lock = threading.Lock()
        self.changed: dict[str, Any] = {}
        self.points: list[NewPoint] = []
        self.thread = threading.Thread(target=self.run, name="reporter", daemon=True)

    def start(self) -> None:
        """Start carrying."""
        self.thread.start()

    def set_progress(self, fields: dict[str, Any]) -> None:
        """Keep the newest value of each field for the next batch."""
        with self.lock:
            self.changed.update(fields)

    def add_point(self, point: NewPoint) -> None:
        """Keep a point for the next batch, which goes early when many have gathered."""
        with self.lock:
            self.points.append(point)
            full = len(self.points) >= FLUSH_POINTS
        if full:
            self.wake.set()

    def close(self) -> None:
        """Stop the thread and write what is left. Raises OperationalError where the database stays busy."""
        self.closing.set()
        self.wake.set()
        if self.thread.is_alive():
            self.thread.join()
        self.flush()

    def run(self) -> None:
        """Write a batch about once a second until closed."""
        while not self.closing.is_set():
            self.wake.wait(FLUSH_SECONDS)
            self.wake.clear()
            if self.closing.is_set():
                return
            try:
                self.flush()
            except OperationalError as error:
                print(f"The database cannot be written now; trying again. ({error.orig})", flush=True)
                self.closing.wait(FLUSH_SECONDS)

    def flush(self) -> None:
        """Write what has gathered, and learn where the job stands."""
        with self.lock:
            progress, points = self.changed, self.points
            self.changed, self.points = {}, []
        try:
            state = self.send(progress, points) if progress or points else self.look()
        except OperationalError:
            with self.lock:
                self.changed = progress | self.changed
                self.points = points + self.points
            raise
        if state is None:
            self.on_lost()
        elif state is JobState.CANCELLING:
            self.stop_asked.set()
