"""Snapshots come often enough that little is lost, and never take more than a twentieth of the time."""

from __future__ import annotations

from studio.training.cadence import Cadence


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def after(cadence: Cadence, clock: Clock, training: float, writing: float) -> None:
    """Train, then write a snapshot, for so many seconds."""
    clock.now += training
    started = clock()
    clock.now += writing
    cadence.note(started)


def test_inside_an_epoch_one_is_due_after_five_minutes() -> None:
    clock = Clock()
    cadence = Cadence(clock=clock)
    clock.now += 299
    assert not cadence.is_due_inside_epoch()
    clock.now += 1
    assert cadence.is_due_inside_epoch()
    after(cadence, clock, 0, 1)
    assert not cadence.is_due_inside_epoch()


def test_a_slow_one_is_written_less_often() -> None:
    clock = Clock()
    cadence = Cadence(clock=clock)
    after(cadence, clock, 300, 30)
    clock.now += 300
    assert not cadence.is_due_inside_epoch() and not cadence.is_worth_it
    clock.now += 300
    assert cadence.is_due_inside_epoch() and cadence.is_worth_it


def test_each_epoch_ends_with_one_unless_epochs_are_shorter_than_it_is_worth() -> None:
    clock = Clock()
    cadence = Cadence(clock=clock)
    assert cadence.is_worth_it, "the first one always"
    after(cadence, clock, 5, 0.1)
    assert cadence.is_worth_it, "a quick one always"
    after(cadence, clock, 5, 1)
    clock.now += 5
    assert not cadence.is_worth_it
    clock.now += 15
    assert cadence.is_worth_it
