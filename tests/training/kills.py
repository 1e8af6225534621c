"""Trainings in real child processes that end as trainings do: killed, or out of memory.

The children fork from a server that has imported torch once.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import torch

from studio.training.engine import TrainingRun, train_model
from tests.training.runs import Listener

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class KilledAt(Listener):
    """Kills its own process when a step has been told, as the system does."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.kill_at = step

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it, or die."""
        super().metric(name, value, split=split, step=step, epoch=epoch)
        if step == self.kill_at and name == "rows_per_second":
            os.kill(os.getpid(), signal.SIGKILL)


class LimitedMemory(Listener):
    """Takes the process's right to more memory away before the first step, but for ``spare_bytes``."""

    def __init__(self, spare_bytes: int) -> None:
        super().__init__()
        self.spare_bytes = spare_bytes

    def raise_if_cancelled(self) -> None:
        """Set the limit at the first step."""
        if not self.checks:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE_BYTES
            resource.setrlimit(resource.RLIMIT_AS, (used + self.spare_bytes, resource.RLIM_INFINITY))
        super().raise_if_cancelled()


def server() -> ForkServerContext:
    """Where the children come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.kills"])
    return context


def train_in_child(run: TrainingRun, make_listener: Callable[..., Listener], *given: Any) -> int:
    """Train in a child; return its exit code, negative for a signal."""
    child = server().Process(target=train_and_tell, args=(run, make_listener, given))
    child.start()
    child.join(120)
    if child.exitcode is None:
        child.kill()
        child.join()
    assert child.exitcode is not None
    return child.exitcode


def train_and_tell(run: TrainingRun, make_listener: Callable[..., Listener], given: tuple[Any, ...]) -> None:
    """Train, and leave what was told in told.json beside the model."""
    torch.set_num_threads(1)
    listener = make_listener(*given)
    result = train_model(run, listener)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    told = {"metrics": listener.metrics, "notes": listener.notes, "best_epoch": result.best_epoch}
    (run.out_dir.parent / "told.json").write_text(json.dumps(told))


def told_by(run: TrainingRun) -> dict[str, Any]:
    """What a child told that came to its end."""
    return json.loads((run.out_dir.parent / "told.json").read_text())
