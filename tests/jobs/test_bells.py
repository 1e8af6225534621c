"""What a signal says is heard, whatever it interrupts, by all who wait."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jobs.bells import Bell, Stop

SIGNALS_SECONDS = 0.0003


@contextmanager
def signals(handler: Callable[[], None]) -> Iterator[None]:
    """Call the handler from a signal, again and again."""
    earlier = signal.signal(signal.SIGALRM, lambda *_: handler())
    signal.setitimer(signal.ITIMER_REAL, SIGNALS_SECONDS, SIGNALS_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def test_a_signal_at_any_moment_ends_the_wait() -> None:
    stops = [Stop()]
    with signals(lambda: stops[-1].set()):
        until = time.monotonic() + 2
        while time.monotonic() < until:
            while not stops[-1].wait(0.00005):
                pass
            stops.append(Stop())
    assert len(stops) > 100


def test_a_bell_that_is_rung_while_it_is_rung_still_wakes() -> None:
    bell = Bell()
    rung = 0

    def ring() -> None:
        nonlocal rung
        rung += 1
        bell.ring()

    with signals(ring):
        until = time.monotonic() + 1
        while time.monotonic() < until:
            bell.ring()
            bell.wait(10)
    assert rung > 100


def test_rings_before_a_wait_count_as_one_and_without_one_it_ends_in_time() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(10)
    began = time.monotonic()
    bell.wait(0.05)
    assert time.monotonic() - began >= 0.05


def test_all_who_wait_for_the_end_hear_of_it() -> None:
    stop = Stop()
    heard: list[bool] = []
    threads = [threading.Thread(target=lambda: heard.append(stop.wait(30))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert not stop.is_set() and not stop.wait(0.01)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert heard == [True] * 4 and stop.is_set() and stop.wait(10)
