"""How a training went, epoch by epoch: which was best, when to stop, and the sentence that says it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MeasuredPoint = dict[str, Any]


@dataclass
class Course:
    """Validation scores of the epochs so far; ``patience`` epochs without a better one end the training.

    ``stopped_after`` are the epochs done (such as 2.4) when a person asked for the end; 0 where nobody did.
    An epoch that was not finished is judged and counted like the others.
    """

    metric: str
    title: str
    patience: int = 0
    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    train: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    history: list[MeasuredPoint] = field(default_factory=list)
    stopped_after: float = 0.0

    def note(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Keep one measured number for the history."""
        self.history.append({"epoch": epoch, "step": step, "split": split, "name": name, "value": value})

    def end_epoch(self, train: Mapping[str, float]) -> None:
        """Count an epoch by its training scores alone, where there are no validation rows."""
        self.train.append(dict(train))

    def add_epoch(self, validation: Mapping[str, float], train: Mapping[str, float]) -> bool:
        """Add the next epoch's scores and tell whether it is the best so far; ties go to the lower loss."""
        score, loss = validation[self.metric], validation["loss"]
        better = self.best_epoch == 0 or (score, -loss) > (
            self.scores[self.best_epoch - 1],
            -self.losses[self.best_epoch - 1],
        )
        self.scores.append(score)
        self.losses.append(loss)
        self.end_epoch(train)
        if better:
            self.best_epoch = len(self.scores)
        return better

    @property
    def epochs(self) -> int:
        """Epochs done so far."""
        return len(self.train)

    @property
    def kept_epoch(self) -> int:
        """The epoch whose weights are kept: the best, or the last where none could be judged."""
        return self.best_epoch or self.epochs

    def validation_of(self, epoch: int) -> dict[str, float]:
        """Validation numbers after an epoch, by name; empty where there are none."""
        return {
            point["name"]: point["value"]
            for point in self.history
            if point["split"] == "validation" and math.ceil(point["epoch"]) == epoch
        }

    def is_over(self, planned_epochs: int) -> bool:
        """Tell whether nothing is left to be learnt: all epochs done, no patience left, or stopped."""
        return self.epochs >= planned_epochs or self.ran_out_of_patience or self.stopped_after > 0

    @property
    def ran_out_of_patience(self) -> bool:
        """Tell whether the last epochs brought nothing better for as long as the recipe allows."""
        return 0 < self.patience <= self.epochs - self.best_epoch and self.best_epoch > 0

    def sentence(self, planned_epochs: int) -> str:
        """Say which epoch was kept and why, for a person.

        >>> course = Course("accuracy", "accuracy")
        >>> _ = [course.add_epoch({"accuracy": a, "loss": 1.0}, {"loss": 0.5}) for a in (0.8, 0.9, 0.9)]
        >>> course.sentence(3)
        'Best at epoch 2 of 3; later epochs did not improve validation accuracy.'
        """
        if self.stopped_after:
            return self._sentence_of_stop(planned_epochs)
        if not self.best_epoch:
            return "There were no validation rows, so the last epoch was kept."
        if self.ran_out_of_patience and self.epochs < planned_epochs:
            return (
                f"Stopped after epoch {self.epochs} of {planned_epochs}: "
                f"validation {self.title} was best at epoch {self.best_epoch} and did not improve after it."
            )
        if self.epochs == 1:
            return "There was one epoch, and it was kept."
        if self.best_epoch == self.epochs:
            perfect = self.scores[-1] >= 1.0
            outlook = "" if perfect else "; more epochs may improve it further"
            return f"Best at the last epoch ({self.epochs}){outlook}."
        if self.scores[self.best_epoch - 1] >= 1.0:
            where = f"where validation {self.title} was perfect"
            return f"Best at epoch {self.best_epoch} of {self.epochs}, {where}."
        if self.overfits:
            return (
                f"Best at epoch {self.best_epoch} of {self.epochs}; later epochs overfit: "
                f"training loss kept falling while validation {self.title} did not improve."
            )
        return (
            f"Best at epoch {self.best_epoch} of {self.epochs}; "
            f"later epochs did not improve validation {self.title}."
        )

    def _sentence_of_stop(self, planned_epochs: int) -> str:
        stopped = f"Stopped on request after {self.stopped_after:.3g} of {planned_epochs} epochs"
        if not self.best_epoch:
            return f"{stopped}; there were no validation rows, so the last weights were kept."
        if self.best_epoch == self.epochs:
            return f"{stopped}; the last weights were the best so far and were kept."
        return f"{stopped}; those of epoch {self.best_epoch}, the best so far, were kept."

    @property
    def overfits(self) -> bool:
        """Tell whether training loss fell after the best epoch while validation loss rose clearly."""
        best = self.best_epoch - 1
        fell = self.train[-1]["loss"] < self.train[best]["loss"]
        return fell and self.losses[-1] > 1.05 * self.losses[best]

    def to_json(self) -> dict[str, Any]:
        """Write it into a snapshot."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Course:
        """Read it from a snapshot."""
        return cls(**data)
