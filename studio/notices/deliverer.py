"""The thread that tells people of jobs, in one process of all that run for a home."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from studio.notices.outbox import Outbox

LOOK_SECONDS = 1.0
LAST_WORK_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Deliverer:
    """Works an outbox until it is closed; another process takes over by itself where this one dies.

    The lock is the system's own: it goes with the process that holds it, however that ends.
    """

    def __init__(self, outbox: Outbox, lock: Path) -> None:
        outbox.open()  # before anything can end
        self._outbox = outbox
        self._lock = FileLock(lock)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look once more, then end; what cannot be told within seconds is told after the next start."""
        self._stop.set()
        self._thread.join(LAST_WORK_SECONDS)

    def _run(self) -> None:
        ending = False
        while not ending:
            ending = self._stop.wait(LOOK_SECONDS)
            try:
                with self._lock.acquire(timeout=0):
                    self._outbox.work()
            except Timeout:
                continue  # another process does it
            except Exception:
                logger.exception("A turn of the notices failed; it is tried again.")
