"""The training loop: batches in their order, a step for each, epochs judged, snapshots taken."""

from __future__ import annotations

import time

import numpy as np
import torch

from studio.errors import WorkFailed
from studio.metrics.registry import compute_metrics
from studio.training.batches import plan_epoch
from studio.training.cadence import Cadence
from studio.training.learner import Learner
from studio.training.memory import RowsAtOnce
from studio.training.reporter import Reporter, Sums
from studio.training.schedule import Schedule
from studio.training.snapshot_state import (
    chance_from_json,
    chance_to_json,
    save_tensors,
    save_weights,
    snapshot_bytes,
    weights_are_finite,
)
from studio.training.snapshots import Snapshot, Snapshots
from studio.training.soundness import LossWatch, went_wrong
from studio.training.vocabulary import ALL, learning_words

# On a graphics processor losses are looked at so many at once: each look waits for it.
LOSSES_LOOKED_AT = 50


class EncoderTrainer:
    """Trains a classifier by one lesson; ``epoch`` and ``batch`` are those done, all between two steps.

    ``earlier_seconds`` is what the attempts before this one spent on what it goes on from.
    """

    def __init__(
        self, learner: Learner, reporter: Reporter, snapshots: Snapshots, at_once: RowsAtOnce
    ) -> None:
        self.learner = learner
        self.model = learner.model
        self.lesson = learner.lesson
        self.reporter = reporter
        self.snapshots = snapshots
        self.at_once = at_once
        self.cadence = Cadence()
        self.reserve_bytes = 0
        self.schedule = Schedule.of(self.lesson.recipe, self.lesson.extent.steps)
        self.watch = LossWatch(learner.loss_of_guessing)
        self.unseen_losses: list[torch.Tensor] = []
        self.last_good = ""
        self.began = time.monotonic()
        self.earlier_seconds = 0.0
        self.epoch = 0
        self.batch = 0

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return self.epoch * self.lesson.extent.steps_per_epoch + self.batch

    def train(self) -> None:
        """Train until the recipe's end, patience's, or that which a person asked for."""
        while not self.reporter.course.is_over(self.lesson.recipe.epochs):
            self.train_epoch()

    def train_epoch(self) -> None:
        """Take the steps of one epoch that are not yet done, judge it, and keep it where it is the best."""
        recipe, extent = self.lesson.recipe, self.lesson.extent
        stopped_after = 0.0
        batches = plan_epoch(len(self.lesson.train_rows), recipe.batch_size, recipe.seed, self.epoch)
        for numbers in batches[self.batch :]:
            self.heed()
            if self.step and self.reporter.report.should_stop_early:
                stopped_after = extent.epochs_at(self.step)
                break
            self.take_step(numbers)
            if self.batch < len(batches) and self.cadence.is_due_inside_epoch():
                self.take_snapshot(self.reserve_bytes)
        if self.batch:
            self.judge()
            self.epoch, self.batch = self.epoch + 1, 0
            self.reporter.end_epoch()
        # Only now: a snapshot taken while what was begun is judged must not pass it off as done.
        self.reporter.course.stopped_after = stopped_after
        if self.cadence.is_worth_it:
            self.take_snapshot(self.reserve_bytes)

    def heed(self) -> None:
        """End here where that was asked for, after a snapshot where the training is to go on later."""
        if self.reporter.report.ending in {"pause", "release"}:
            # Perhaps because the disk is nearly full: then the reserve is there for this.
            self.take_snapshot(reserve_bytes=0)
        self.reporter.report.raise_if_cancelled()

    def take_step(self, numbers: np.ndarray) -> None:
        """Learn from one batch."""
        started = time.monotonic()
        share = self.schedule.share(self.step)
        loss, right = self.learn_from(numbers, share)
        self.batch += 1
        self.unseen_losses.append(loss)
        self.reporter.end_step(self.step, loss, right, len(numbers), time.monotonic() - started)
        due = self.reporter.is_due(self.step)
        on_processor = self.lesson.placement.device == "cpu"
        if due or on_processor or len(self.unseen_losses) >= LOSSES_LOOKED_AT:
            self.look_at_losses()
        if due:
            rate = self.lesson.recipe.learning_rate * self.schedule.share(self.step)
            self.reporter.tell_numbers(self.step, rate)

    def learn_from(self, numbers: np.ndarray, share: float) -> torch.Tensor:
        """Take the step of one batch; return its mean loss and the count of right answers.

        Where the memory does not suffice, the same batch is computed anew with less of it.
        """
        while True:
            at_once = self.at_once
            sums = self.learner.take_step(numbers, at_once.number, at_once.recomputes, share, self.step)
            if sums is not None:
                return sums
            at_once.lower(len(numbers), self.lesson.max_length, self.learner.can_recompute)

    def look_at_losses(self) -> None:
        """Raise WorkFailed where a loss since the last look was no number, or they grew without end."""
        if not self.unseen_losses:
            return
        losses = torch.stack(self.unseen_losses).tolist()
        first = self.step - len(losses) + 1
        self.unseen_losses = []
        fault = self.watch.find_fault(losses)
        if fault:
            raise went_wrong(fault[1], first + fault[0], self.lesson.recipe, self.last_good)

    def check_soundness(self) -> None:
        """Raise WorkFailed where losses or weights are spoilt; called before anything is kept of them."""
        self.look_at_losses()
        if not weights_are_finite(self.model):
            words = "The weights of the model are no longer numbers"
            raise went_wrong(words, self.step, self.lesson.recipe, self.last_good)

    def judge(self) -> None:
        """Score the validation rows after an epoch, or the part done of it; keep its weights if the best."""
        self.check_soundness()
        started = time.monotonic()
        course, scores = self.reporter.course, self.score_validation()
        train = self.reporter.train_scores
        self.reporter.seconds_judging += time.monotonic() - started
        self.reporter.judged_epochs += 1
        for name, value in scores.items():
            self.reporter.note(name, value, "validation", self.step)
        if not scores:
            course.end_epoch(train)
        if not scores or course.add_epoch(scores, train):
            self.snapshots.keep(course.epochs, lambda path: save_weights(self.model, path))
        if scores:
            self.reporter.report.log(
                f"Epoch {course.epochs}: training loss {train['loss']:.4f}, "
                f"validation loss {scores['loss']:.4f}, "
                f"validation {course.title} {scores[course.metric]:.4f}"
            )

    def score_validation(self) -> dict[str, float]:
        """Loss and the task's watched metrics on the validation rows; empty where there are none."""
        rows = self.lesson.validation_rows
        if not len(rows):
            return {}

        def tell(_done: int) -> None:
            self.heed()
            if self.reporter.is_quiet:
                self.reporter.say(self.step, f"Scoring the validation rows, epoch {self.epoch + 1}")

        outputs, task = self.learner.validation_logits(tell), self.lesson.task
        loss = self.learner.mean_loss(outputs)
        names = dict.fromkeys((*task.watched, task.primary_metric))
        # Of numbers too these metrics are the same whatever their scale.
        scores = task.scores(outputs, task.tune(outputs, rows.targets))
        return {"loss": loss} | compute_metrics(names, *task.measured(rows.targets, scores))

    def take_snapshot(self, reserve_bytes: int) -> None:
        """Leave a snapshot of this moment, unless there is one; OSError where the disk has no room for it."""
        if self.snapshots.has(self.step):
            return
        self.check_soundness()
        started = self.cadence.clock()
        self.snapshots.make_room(snapshot_bytes(self.model), reserve_bytes)
        course = self.reporter.course
        state = {
            "epoch": self.epoch,
            "batch": self.batch,
            "course": course.to_json(),
            "sums": {"epoch": self.reporter.epoch.to_json(), "window": self.reporter.window.to_json()},
            "watch": self.watch.to_json(),
            "placement": {
                "device": self.lesson.placement.device,
                "precision": self.lesson.placement.precision,
            },
            "scaler": self.learner.scaler.state_dict(),
            "chance": chance_to_json(),
            "words": learning_words(self.model),
            "seconds": self.earlier_seconds + time.monotonic() - self.began,
        }
        self.snapshots.write(
            self.step,
            state,
            course.kept_epoch or None,
            lambda folder: save_tensors(folder, self.model, self.learner.optimizer),
        )
        self.cadence.note(started)
        self.last_good = f"step {self.step} (epoch {self.lesson.extent.epochs_at(self.step):.3g})"

    def go_on_from(self, snapshot: Snapshot) -> None:
        """Take up a training where a snapshot left it."""
        state = snapshot.state
        if state.get("words", ALL) != learning_words(self.model):
            raise WorkFailed(
                "This training cannot go on: its texts are now divided into other tokens than when it began.",
                "Start it as a new training.",
            )
        self.learner.go_on_from(snapshot.folder, state["scaler"])
        chance_from_json(state["chance"])
        self.epoch, self.batch = state["epoch"], state["batch"]
        self.earlier_seconds = state.get("seconds", 0.0)  # those of earlier versions do not say
        self.reporter.epoch = Sums(**state["sums"]["epoch"])
        self.reporter.window = Sums(**state["sums"]["window"])
        self.watch = LossWatch(**state["watch"])
        self.last_good = f"step {self.step} (epoch {self.lesson.extent.epochs_at(self.step):.3g})"
