"""Carrying progress and metrics to the database in batches, without holding up the work."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from jobs.bells import Bell
from jobs.errors import CannotWrite
from jobs.states import JobState
from jobs.telemetry import Batch, NewPoint
from jobs.views import Standing

FLUSH_SECONDS = 1.0
FLUSH_POINTS = 50
CANCEL, PAUSE, RELEASE = "cancel", "pause", "release"  # why a handler should end now


class Reporter:
    """A buffer with one thread behind it, which also hears of a wish to end or a lost fence.

    ``send`` writes a batch under the job's fence and ``look`` reads where the job stands when there is
    nothing to write; both give None, and ``on_lost`` is called, where it is no longer this process's.
    ``ending`` says why the handler should end, ``stop_early`` that it should end with what it has so far.
    """

    def __init__(
        self,
        send: Callable[[Batch], Standing | None],
        look: Callable[[], Standing | None],
        on_lost: Callable[[], None],
    ) -> None:
        self.send = send
        self.look = look
        self.on_lost = on_lost
        self.ending: str | None = None
        self.stop_early = False
        self.closing = threading.Event()
        self.bell = Bell()
        self.lock = threading.Lock()
        self.batch = Batch()
        self.thread = threading.Thread(target=self.run, name="reporter", daemon=True)

    def start(self) -> None:
        """Start carrying."""
        self.thread.start()

    def release(self) -> None:
        """Have the handler end because this process was asked to; why may be heard later.

        May be called from the handler of a signal, whatever it interrupts.
        """
        self.ending = self.ending or RELEASE
        self.bell.ring()

    def set_progress(self, fields: dict[str, Any]) -> None:
        """Keep the newest value of each field for the next batch."""
        with self.lock:
            self.batch.progress.update(fields)

    def add_point(self, point: NewPoint) -> None:
        """Keep a point for the next batch, which goes early when many have gathered."""
        with self.lock:
            self.batch.points.append(point)
            full = len(self.batch.points) >= FLUSH_POINTS
        if full:
            self.bell.ring()

    def add_note(self, sentence: str) -> None:
        """Keep a sentence for the job's history."""
        with self.lock:
            self.batch.notes.append(sentence)

    def close(self) -> None:
        """Stop the thread and write what is left, however long the database takes nothing.

        It waits no longer than its worker, which ends it where it cannot renew the lease, or hears nothing.
        """
        self.closing.set()
        self.bell.ring()
        if self.thread.is_alive():
            self.thread.join()
        while not self.try_to_flush():
            time.sleep(FLUSH_SECONDS)

    def run(self) -> None:
        """Write a batch about once a second until closed."""
        while not self.closing.is_set():
            self.bell.wait(FLUSH_SECONDS)
            if self.closing.is_set():
                return
            if not self.try_to_flush():
                self.closing.wait(FLUSH_SECONDS)

    def try_to_flush(self) -> bool:
        """Write what has gathered; False where the database takes nothing now.

        Whatever its error, nothing is lost: the worker ends a process that goes on telling nothing.
        """
        try:
            self.flush()
        except (CannotWrite, SQLAlchemyError) as error:
            with contextlib.suppress(OSError):  # the log's disk may be full
                print(f"{getattr(error, 'message', error)} It is tried again.", flush=True)
            return False
        return True

    def flush(self) -> None:
        """Write what has gathered, and learn where the job stands."""
        with self.lock:
            batch, self.batch = self.batch, Batch()
        try:
            standing = self.send(batch) if batch else self.look()
        except Exception:
            with self.lock:
                self.batch = batch.before(self.batch)
            raise
        if standing is None:
            self.on_lost()
        else:
            self.heed(standing)

    def heed(self, standing: Standing) -> None:
        """Take in what is wished of the job."""
        self.stop_early = standing.stop_asked
        if standing.state is JobState.CANCELLING:
            self.ending = CANCEL
        elif standing.state is JobState.PAUSING:
            self.ending = PAUSE
