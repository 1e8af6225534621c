"""Waiting for what the handler of a signal says.

A ``threading.Event`` is not for that: a handler that sets one runs in the main thread, and where it
interrupts that thread inside the event's own ``wait`` or ``set``, it waits for itself for ever.
"""

from __future__ import annotations

import contextlib
from queue import Empty, SimpleQueue


class Bell:
    """May be rung from anywhere, the handler of a signal too."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake whoever waits, or the next to wait."""
        self._rings.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until it is rung, at most so long; rings before this and together count as one."""
        with contextlib.suppress(Empty):
            self._rings.get(timeout=seconds)
            while True:
                self._rings.get_nowait()


class Stop:
    """Asked once, from anywhere, for good."""

    def __init__(self) -> None:
        self._asked = False
        self._bell = Bell()

    def set(self) -> None:
        """Ask for the end."""
        self._asked = True
        self._bell.ring()

    def is_set(self) -> bool:
        """Whether it was asked for."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait until it is asked for, at most so long; whether it is."""
        if not self._asked:
            self._bell.wait(seconds)
        if self._asked:
            self._bell.ring()  # for others who wait
        return self._asked
