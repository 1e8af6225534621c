"""How the learning rate goes over a training: a function of the step alone, so that nothing need be saved."""

from __future__ import annotations

import math
from dataclasses import dataclass

from studio.training.recipe import Recipe


@dataclass(frozen=True)
class Schedule:
    """Rises over ``warmup`` steps, then follows ``shape`` (linear, cosine, constant) until ``steps``."""

    shape: str
    warmup: int
    steps: int

    @classmethod
    def of(cls, recipe: Recipe, steps: int) -> Schedule:
        """The recipe's, over so many steps."""
        return cls(recipe.schedule, round(recipe.warmup_share * steps), steps)

    def share(self, step: int) -> float:
        """Share of the full learning rate after so many steps; the same as in transformers.

        >>> schedule = Schedule("linear", warmup=2, steps=6)
        >>> [schedule.share(step) for step in range(7)]
        [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
        """
        if step < self.warmup:
            return step / self.warmup
        if self.shape == "constant":
            return 1.0
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return max(0.0, 1.0 - done if self.shape == "linear" else 0.5 * (1.0 + math.cos(math.pi * done)))
