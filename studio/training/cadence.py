"""When a snapshot is worth its time: at the ends of epochs, and inside long ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SECONDS_BETWEEN_SNAPSHOTS = 300.0
# Snapshots may take a twentieth of the time of training; one as quick as this is always worth it.
SHARE_OF_TIME = 0.05
QUICK_SECONDS = 0.25


@dataclass
class Cadence:
    """Keeps the time since the last snapshot, and what it cost, in seconds.

    ``between`` may pass inside an epoch; ``quick`` ones are worth it however short that is.
    """

    between: float = SECONDS_BETWEEN_SNAPSHOTS
    quick: float = QUICK_SECONDS
    clock: Callable[[], float] = time.monotonic
    cost: float = 0.0
    ended: float = field(init=False)

    def __post_init__(self) -> None:
        self.ended = self.clock()

    @property
    def is_worth_it(self) -> bool:
        """Whether another one would keep to its share of the time."""
        return self.cost < self.quick or self.clock() - self.ended >= self.cost / SHARE_OF_TIME

    def is_due_inside_epoch(self) -> bool:
        """Whether the last one is so old that losing what came after it would hurt."""
        return self.is_worth_it and self.clock() - self.ended >= self.between

    def note(self, started: float) -> None:
        """A snapshot that was begun at ``started`` is written."""
        self.ended = self.clock()
        self.cost = self.ended - started
