"""Notices a training that goes wrong: a loss that is no number, or one that grows without end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio.errors import Diverged
from studio.numbers import format_number
from studio.training.recipe import Recipe

# A single hard batch, or wrong labels that a sure model meets, may cost ten times the loss of guessing; an
# average over some twenty steps that is five times as bad as guessing is never met but by steps too large.
GROWN_TIMES = 5.0
AVERAGED_STEPS = 20
LOWER_RATE = 5.0


@dataclass
class LossWatch:
    """Follows the losses of all steps; ``guessing`` is the loss of one who knows nothing.

    The first loss counts as guessing too where it is higher: it was met before any weight moved.
    """

    guessing: float
    seen: int = 0
    average: float = 0.0

    def find_fault(self, losses: Sequence[float]) -> tuple[int, str] | None:
        """Take the losses of the next steps; return the place (0: the first) and fault of the first bad one.

        >>> LossWatch(guessing=0.69).find_fault([0.7, float("nan")])
        (1, 'The training loss is no longer a number')
        """
        for place, loss in enumerate(losses):
            if not math.isfinite(loss):
                return place, "The training loss is no longer a number"
            if not self.seen:
                self.guessing = max(self.guessing, loss)
            self.seen += 1
            self.average += (loss - self.average) / min(self.seen, AVERAGED_STEPS)
            if self.seen >= AVERAGED_STEPS and self.average > GROWN_TIMES * self.guessing:
                return place, (
                    f"The training loss has grown to {self.average:.3g}, where guessing costs "
                    f"{self.guessing:.3g},"
                )
        return None

    def to_json(self) -> dict[str, Any]:
        """Write it into a snapshot."""
        return asdict(self)


def lower_rate(rate: float) -> float:
    """The learning rate to try after one that was too high, to two digits.

    >>> lower_rate(1e-4)
    2e-05
    """
    return float(f"{rate / LOWER_RATE:.2g}")


def went_wrong(what: str, step: int, recipe: Recipe, last_good: str) -> Diverged:
    """The error that names the step and what to do; ``last_good`` is the last snapshot, or empty."""
    until = f" All was well until {last_good}." if last_good else ""
    rates = (recipe.learning_rate, lower_rate(recipe.learning_rate))
    lower = "Lower the learning rate from {} to {}".format(*map(format_number, rates))
    format_too = "" if recipe.precision == "fp32" else ", or choose the precision fp32"
    return Diverged(f"{what} at step {step}.{until}", f"{lower}{format_too}, and start it anew.")
