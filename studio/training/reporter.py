"""Counts along with the trainer, and tells loss, accuracy, learning rate, speed and time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from studio.training.course import Course
from studio.training.progress import Progress

POINTS_PER_RUN = 240
SECONDS_BETWEEN_CALLS = 0.25


@dataclass(frozen=True)
class Extent:
    """How long a training is: optimizer steps in an epoch, and epochs."""

    steps_per_epoch: int
    epochs: int

    @property
    def steps(self) -> int:
        """All steps."""
        return self.steps_per_epoch * self.epochs

    @property
    def steps_between_points(self) -> int:
        """Steps that one point of a curve stands for."""
        return max(1, self.steps // POINTS_PER_RUN)

    def epochs_at(self, step: int) -> float:
        """Epochs done after a step, such as 1.25."""
        return round(step / self.steps_per_epoch, 4)


@dataclass
class Sums:
    """Sums over some rows: ``loss`` over steps of their mean loss, ``row_loss`` over rows.

    The numbers may be tensors on the device, which are read seldom, because reading waits for it.
    """

    loss: Any = 0.0
    row_loss: Any = 0.0
    right: Any = 0
    rows: int = 0
    steps: int = 0
    seconds: float = 0.0

    def add(self, loss: Any, right: Any, rows: int, seconds: float) -> None:
        """Add one step."""
        self.loss = self.loss + loss
        self.row_loss = self.row_loss + loss * rows
        self.right = self.right + right
        self.rows += rows
        self.steps += 1
        self.seconds += seconds

    def to_json(self) -> dict[str, Any]:
        """Write them into a snapshot."""
        return {
            "loss": float(self.loss),
            "row_loss": float(self.row_loss),
            "right": int(self.right),
            "rows": self.rows,
            "steps": self.steps,
            "seconds": self.seconds,
        }


@dataclass
class Reporter:
    """Sums up losses and right answers over the epoch and since the last point, and tells them.

    ``counts_right`` is False where answers are neither right nor wrong.
    """

    report: Progress
    course: Course
    extent: Extent
    counts_right: bool = True
    epoch: Sums = field(default_factory=Sums)
    window: Sums = field(default_factory=Sums)
    met: Sums = field(default_factory=Sums)
    seconds_judging: float = 0.0
    judged_epochs: int = 0
    spoke_at: float = 0.0

    @property
    def train_scores(self) -> dict[str, float]:
        """Mean loss, and share of right answers, over the rows of the running epoch, as they were met."""
        rows = max(1, self.epoch.rows)
        scores = {"loss": float(self.epoch.row_loss) / rows}
        return scores | ({"accuracy": float(self.epoch.right) / rows} if self.counts_right else {})

    def tell_again(self) -> None:
        """Tell every number of the history once more: what was told before a break may not have arrived."""
        for point in self.course.history:
            self.report.metric(
                point["name"],
                point["value"],
                split=point["split"],
                step=point["step"],
                epoch=point["epoch"],
            )

    def end_step(self, step: int, loss: Any, right: Any, rows: int, seconds: float) -> None:
        """Count a step."""
        for sums in (self.epoch, self.window):
            sums.add(loss, right, rows, seconds)
        self.met.add(0.0, 0, rows, seconds)
        if self.is_quiet or step == self.extent.steps:
            epoch = min(self.extent.epochs, (step - 1) // self.extent.steps_per_epoch + 1)
            self.say(step, f"Training, epoch {epoch} of {self.extent.epochs}")

    def is_due(self, step: int) -> bool:
        """Whether a point of the curves belongs to a step: evenly, and at the end of each epoch."""
        return step % self.extent.steps_between_points == 0 or step % self.extent.steps_per_epoch == 0

    def tell_numbers(self, step: int, learning_rate: float) -> None:
        """Tell what was met since the last point, and begin a new one."""
        window, self.window = self.window, Sums()
        self.note("loss", float(window.loss) / window.steps, "train", step)
        if self.counts_right:
            self.note("accuracy", self.train_scores["accuracy"], "train", step)
        self.note("learning_rate", learning_rate, "train", step)
        self.note("rows_per_second", window.rows / max(1e-9, window.seconds), "train", step)

    def end_epoch(self) -> None:
        """Begin to count anew."""
        self.epoch, self.window = Sums(), Sums()

    def note(self, name: str, value: float, split: str, step: int) -> None:
        """Tell one number and keep it for the history."""
        epoch = self.extent.epochs_at(step)
        self.course.note(name, value, split=split, step=step, epoch=epoch)
        self.report.metric(name, value, split=split, step=step, epoch=epoch)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was said for a while."""
        return time.monotonic() - self.spoke_at > SECONDS_BETWEEN_CALLS

    def say(self, step: int, message: str) -> None:
        """Tell how far it is."""
        self.spoke_at = time.monotonic()
        self.report.progress(
            step=step, steps=self.extent.steps, message=message, eta_seconds=self.seconds_left(step)
        )

    def seconds_left(self, step: int) -> float | None:
        """Steps to come at the speed so far, and the evaluations to come; None before the first step."""
        if not self.met.steps:
            return None
        per_step = self.met.seconds / self.met.steps
        per_judging = self.seconds_judging / self.judged_epochs if self.judged_epochs else 0.0
        epochs_left = self.extent.epochs - self.course.epochs
        return per_step * (self.extent.steps - step) + per_judging * epochs_left

    @property
    def rows_per_second(self) -> float:
        """Rows learnt from per second of training, evaluations not counted."""
        return self.met.rows / self.met.seconds if self.met.seconds else 0.0
