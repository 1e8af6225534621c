"""What the engine tells while it works, and how it learns that it should stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where a training reports to; each call returns quickly."""

    def progress(self, *, step: int, steps: int, message: str, eta_seconds: float | None) -> None:
        """Tell how many optimizer steps are done of how many, a sentence, and the seconds left if known."""

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Tell one measured number of ``train`` or ``validation`` at a step."""

    def log(self, text: str) -> None:
        """Write one line to the job's log."""

    def note(self, sentence: str) -> None:
        """Tell a person something that happened on the way, for the history of the job."""

    def raise_if_cancelled(self) -> None:
        """Raise where the training should end now, whatever the reason; called at every step."""

    @property
    def ending(self) -> str | None:
        """Why the training should end now: cancel, pause, release; None where it should go on."""

    @property
    def should_stop_early(self) -> bool:
        """Whether someone asked to end here and keep the best so far."""


class SilentProgress:
    """Listens to nothing: for benchmarks and scripts."""

    def progress(self, *, step: int, steps: int, message: str, eta_seconds: float | None) -> None:
        """Drop it."""

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Drop it."""

    def log(self, text: str) -> None:
        """Drop it."""

    def note(self, sentence: str) -> None:
        """Drop it."""

    def raise_if_cancelled(self) -> None:
        """Never stop."""

    ending: str | None = None
    should_stop_early: bool = False
