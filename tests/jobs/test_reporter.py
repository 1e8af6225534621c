"""The buffer between the work and the database."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from jobs.errors import CannotWrite
from jobs.reporter import CANCEL, FLUSH_POINTS, PAUSE, RELEASE, Reporter
from jobs.states import JobState
from jobs.telemetry import Batch, NewPoint
from jobs.views import Standing
from tests.jobs.bench import wait_until


class Receiver:
    """Takes batches, or is busy."""

    def __init__(self) -> None:
        self.batches: list[tuple[dict[str, Any], list[int]]] = []
        self.state: JobState | None = JobState.RUNNING
        self.busy = False
        self.stop_asked = False
        self.lost = 0

    def send(self, batch: Batch) -> Standing | None:
        if self.busy:
            raise CannotWrite("The database is busy.")
        self.batches.append((batch.progress, [point.step for point in batch.points]))
        return self.look()

    def look(self) -> Standing | None:
        return None if self.state is None else Standing(self.state, self.stop_asked)

    def lose(self) -> None:
        self.lost += 1


def make_reporter(receiver: Receiver) -> Reporter:
    return Reporter(receiver.send, receiver.look, receiver.lose)


def point(step: int) -> NewPoint:
    return NewPoint("loss", 0.5, "train", step, None, 0.0)


def test_many_points_go_as_one_batch_and_progress_keeps_the_newest() -> None:
    receiver = Receiver()
    reporter = make_reporter(receiver)
    reporter.start()
    for step in range(FLUSH_POINTS - 1):
        reporter.add_point(point(step))
        reporter.set_progress({"step": step})
    reporter.close()
    assert receiver.batches == [({"step": FLUSH_POINTS - 2}, list(range(FLUSH_POINTS - 1)))]


def test_a_full_buffer_goes_before_its_second_is_over() -> None:
    receiver = Receiver()
    reporter = make_reporter(receiver)
    reporter.start()
    for step in range(FLUSH_POINTS):
        reporter.add_point(point(step))
    wait_until(lambda: len(receiver.batches) == 1, seconds=0.8)
    reporter.close()


def test_nothing_is_lost_or_doubled_while_the_database_is_busy() -> None:
    receiver = Receiver()
    reporter = make_reporter(receiver)
    receiver.busy = True
    reporter.set_progress({"step": 1, "message": "a"})
    reporter.add_point(point(1))
    try:
        reporter.flush()
    except CannotWrite:
        reporter.set_progress({"step": 2})
        reporter.add_point(point(2))
    receiver.busy = False
    reporter.close()
    assert receiver.batches == [({"step": 2, "message": "a"}, [1, 2])]


def test_the_last_points_wait_for_a_database_that_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    receiver = Receiver()
    reporter = make_reporter(receiver)
    receiver.busy = True
    reporter.add_point(point(1))
    closing = threading.Thread(target=reporter.close)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    receiver.busy = False
    closing.join(10)
    assert receiver.batches == [({}, [1])]
    assert "busy. It is tried again." in capsys.readouterr().out


class Disconnected(Receiver):
    """Meets an error that nobody has thought of, as often as it is told."""

    errors = 2

    def look(self) -> Standing | None:
        if self.errors:
            self.errors -= 1
            raise OperationalError("SELECT", {}, Exception("server closed the connection"))
        return super().look()

    def send(self, batch: Batch) -> Standing | None:
        self.look()
        return super().send(batch)


def test_an_error_of_any_kind_neither_ends_the_carrying_nor_loses_a_point() -> None:
    receiver = Disconnected()
    reporter = make_reporter(receiver)
    reporter.add_point(point(1))
    reporter.start()
    wait_until(lambda: not receiver.errors, seconds=10)
    reporter.add_point(point(2))
    receiver.state = JobState.CANCELLING
    wait_until(lambda: reporter.ending == CANCEL, seconds=10)
    reporter.close()
    assert [step for _, steps in receiver.batches for step in steps] == [1, 2]


def test_a_cancel_is_heard_with_nothing_to_write() -> None:
    receiver = Receiver()
    receiver.state = JobState.CANCELLING
    reporter = make_reporter(receiver)
    reporter.flush()
    assert reporter.ending == CANCEL
    assert receiver.lost == 0


def test_why_to_end_is_heard_and_the_plainest_reason_counts() -> None:
    receiver = Receiver()
    reporter = make_reporter(receiver)
    reporter.release()
    assert reporter.ending == RELEASE
    receiver.state, receiver.stop_asked = JobState.PAUSING, True
    reporter.flush()
    reporter.release()
    assert (reporter.ending, reporter.stop_early) == (PAUSE, True)


def test_a_lost_fence_is_told() -> None:
    receiver = Receiver()
    receiver.state = None
    reporter = make_reporter(receiver)
    reporter.add_point(point(1))
    reporter.flush()
    assert receiver.lost == 1


def test_being_asked_to_end_by_a_signal_never_stops_the_work_for_good() -> None:
    reporter = make_reporter(Receiver())
    reporter.start()
    handled = 0

    def hear(*_: Any) -> None:
        nonlocal handled
        reporter.release()
        handled += 1

    earlier = signal.signal(signal.SIGALRM, hear)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            for step in range(FLUSH_POINTS):
                reporter.add_point(point(step))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
        reporter.close()
    assert handled > 10 and reporter.ending == RELEASE
