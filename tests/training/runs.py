"""Small trainings for tests, and a listener that remembers what it was told."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.tasks.classification import CLASSIFICATION
from studio.training.cadence import Cadence
from studio.training.engine import TrainingRun
from studio.training.recipe import Recipe

GOOD = ("good", "great", "fine", "lovely")
BAD = ("bad", "awful", "poor", "broken")
NOUNS = ("film", "phone", "food", "service", "card", "cat", "dog")


class Stopped(Exception):
    """Raised by a listener that wants the training to end."""


class Listener:
    """Remembers everything, and stops the training at a step where told to."""

    def __init__(self, stop_after_step: int | None = None) -> None:
        self.stop_after_step = stop_after_step
        self.calls: list[dict[str, Any]] = []
        self.metrics: list[tuple[str, str, int, float]] = []
        self.lines: list[str] = []
        self.checks = 0
        self.step = 0
        self.notes: list[str] = []
        self.ending: str | None = None
        self.should_stop_early = False

    def progress(self, *, step: int, steps: int, message: str, eta_seconds: float | None) -> None:
        """Remember it."""
        self.step = step
        self.calls.append({"step": step, "steps": steps, "message": message, "eta_seconds": eta_seconds})

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it."""
        self.step = step
        self.metrics.append((split, name, step, value))

    def log(self, text: str) -> None:
        """Remember it."""
        self.lines.append(text)

    def note(self, sentence: str) -> None:
        """Remember it."""
        self.notes.append(sentence)

    def raise_if_cancelled(self) -> None:
        """Stop once the step has been reached, or where an ending was set."""
        self.checks += 1
        if self.ending:
            raise Stopped
        if self.stop_after_step is not None and self.step >= self.stop_after_step:
            raise Stopped

    def series(self, split: str, name: str) -> list[tuple[int, float]]:
        """Steps and values of one curve."""
        return [(step, value) for s, n, step, value in self.metrics if (s, n) == (split, name)]


class Ends(Listener):
    """Is told to end once a step has been taken, as by a person or a worker that closes."""

    def __init__(self, step: int, ending: str) -> None:
        super().__init__()
        self.end_at = step
        self.why = ending

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it, and that it is time."""
        super().metric(name, value, split=split, step=step, epoch=epoch)
        if step == self.end_at:
            self.ending = self.why


def make_rows(count: int, seed: int = 0) -> dict[str, list[str]]:
    """Short praise and complaint, of different lengths, both labels equally often."""
    generator = np.random.default_rng(seed)
    rows: dict[str, list[str]] = {"text": [], "label": []}
    for number in range(count):
        words, label = (GOOD, "praise") if number % 2 else (BAD, "complaint")
        noun = NOUNS[generator.integers(len(NOUNS))]
        tail = " and the food" * int(generator.integers(0, 4))
        rows["text"].append(f"the {noun} is {words[generator.integers(4)]}{tail}")
        rows["label"].append(label)
    return rows


def make_run(folder: Path, home: Path, *, rows: int = 32, resume: bool = True, **fields: Any) -> TrainingRun:
    """A small training from a checkpoint folder; ``fields`` are those of the recipe."""
    settings = {"epochs": 1, "batch_size": 16, "max_length": 16, "learning_rate": 1e-3, "precision": "fp32"}
    return TrainingRun(
        task=CLASSIFICATION,
        recipe=Recipe.from_settings(settings | fields),
        checkpoint_folder=folder,
        labels=("complaint", "praise"),
        train=make_rows(rows),
        validation=make_rows(12, seed=1),
        out_dir=home / "folder",
        snapshots_dir=home / "snapshots",
        resume=resume,
        # However slow the disk is just now, a snapshot is worth it.
        make_cadence=partial(Cadence, quick=math.inf),
    )
