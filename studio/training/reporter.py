"""Counts along with the trainer, and tells loss, accuracy, learning rate, speed and time left."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from studio.errors import WorkFailed
from studio.training.course import Course
from studio.training.progress import Progress

POINTS_PER_RUN = 240
SECONDS_BETWEEN_CALLS = 0.25


class Reporter(TrainerCallback):
    """Sums up losses and right answers on the device, and reads them seldom, because reading waits for it."""

    def __init__(self, report: Progress, course: Course, epochs: int) -> None:
        self.report = report
        self.course = course
        self.epochs = epochs
        self.seconds_judging = 0.0
        self.judged_epochs = 0
        self.steps_seen = 0
        self.rows_seen = 0
        self._spoke_at = 0.0
        self._training_seconds = 0.0
        self._step_started = time.monotonic()
        self._forget_epoch()
        self._forget_window()

    def _forget_epoch(self) -> None:
        self.epoch_loss: Any = 0.0
        self.epoch_right: Any = 0
        self.epoch_rows = 0

    def _forget_window(self) -> None:
        self.window_loss: Any = 0.0
        self.window_steps = 0
        self.window_rows = 0
        self.window_seconds = 0.0

    def count(self, loss: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Add one batch; called by the trainer between forward and backward pass."""
        rows = len(labels)
        loss = loss.detach()
        self.epoch_loss = self.epoch_loss + loss * rows
        self.epoch_right = self.epoch_right + (logits.detach().argmax(dim=-1) == labels).sum()
        self.epoch_rows += rows
        self.window_loss = self.window_loss + loss
        self.window_rows += rows

    @property
    def train_scores(self) -> dict[str, float]:
        """Mean loss and share of right answers over the rows of the running epoch, as they were met."""
        rows = max(1, self.epoch_rows)
        return {"loss": float(self.epoch_loss) / rows, "accuracy": float(self.epoch_right) / rows}

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start counting anew."""
        self._forget_epoch()
        self._forget_window()

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop where someone asked for it, and start the clock."""
        self.report.raise_if_cancelled()
        self._step_started = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell how far it is, and from time to time the numbers."""
        seconds = time.monotonic() - self._step_started
        self._training_seconds += seconds
        self.window_seconds += seconds
        self.window_steps += 1
        self.steps_seen += 1
        every = max(1, state.max_steps // POINTS_PER_RUN)
        steps_per_epoch = max(1, state.max_steps // self.epochs)
        if state.global_step % every == 0 or state.global_step % steps_per_epoch == 0:
            self._tell_numbers(state, kwargs["lr_scheduler"].get_last_lr()[0])
        if time.monotonic() - self._spoke_at > SECONDS_BETWEEN_CALLS or state.global_step == state.max_steps:
            self._tell_progress(state, steps_per_epoch)

    def _tell_numbers(self, state: TrainerState, learning_rate: float) -> None:
        scores = self.train_scores
        loss = float(self.window_loss) / self.window_steps
        if not math.isfinite(loss):
            raise WorkFailed(
                f"The training loss is no longer a number at step {state.global_step}.",
                "Lower the learning rate, or choose the precision fp32, and start again.",
            )
        self.note("loss", loss, "train", state)
        self.note("accuracy", scores["accuracy"], "train", state)
        self.note("learning_rate", learning_rate, "train", state)
        self.note("rows_per_second", self.window_rows / max(1e-9, self.window_seconds), "train", state)
        self.rows_seen += self.window_rows
        self._forget_window()

    def note(self, name: str, value: float, split: str, state: TrainerState) -> None:
        """Tell one number and keep it for the history."""
        epoch = round(float(state.epoch or 0.0), 4)
        self.course.note(name, value, split=split, step=state.global_step, epoch=epoch)
        self.report.metric(name, value, split=split, step=state.global_step, epoch=epoch)

    def _tell_progress(self, state: TrainerState, steps_per_epoch: int) -> None:
        self._spoke_at = time.monotonic()
        epoch = min(self.epochs, (state.global_step - 1) // steps_per_epoch + 1)
        self.report.progress(
            step=state.global_step,
            steps=state.max_steps,
            message=f"Training, epoch {epoch} of {self.epochs}",
            eta_seconds=self.seconds_left(state),
        )

    def seconds_left(self, state: TrainerState) -> float:
        """Steps to come at the speed so far, and the evaluations to come."""
        per_step = self._training_seconds / max(1, self.steps_seen)
        per_judging = self.seconds_judging / self.judged_epochs if self.judged_epochs else 0.0
        epochs_left = self.epochs - self.course.epochs
        return per_step * (state.max_steps - state.global_step) + per_judging * epochs_left

    @property
    def rows_per_second(self) -> float:
        """Rows learnt from per second of training, evaluations not counted."""
        return self.rows_seen / self._training_seconds if self._training_seconds else 0.0
