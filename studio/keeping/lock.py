"""The lock of a home: held by the one studio that serves it, and by a restore."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from filelock import FileLock, Timeout

from studio.errors import Conflict
from studio.settings import Settings


@contextlib.contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """One studio per home: Conflict where another one runs already."""
    settings.make_folders()
    lock = FileLock(settings.lock_path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Conflict(
            f"A studio is already running for {settings.home}.",
            "Use the one that runs, stop it first, or choose another --home.",
        ) from error
    try:
        yield
    finally:
        lock.release()
