"""Points at which a test may kill this process: nothing happens unless STUDIO_FAULT is set."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

POINTS = ("commit", "fsync", "rename", "spawn", "signal")
ROLES = ("app", "worker", "child")


@dataclass
class FaultPlan:
    """Kill at the ``number``-th passing of ``point``, which may name a role: ``commit`` or ``child.commit``.

    With ``mark``, a file, all processes count together, one byte of it a passing, so that exactly one dies.
    Without a mark each counts for itself, and every one that gets so far dies.
    """

    point: str
    number: int
    mark: Path | None = None
    role: str = "app"
    passed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_environment(cls) -> FaultPlan | None:
        """What STUDIO_FAULT asks for, as ``point:n``; ValueError where it is something else."""
        wish = os.environ.get("STUDIO_FAULT", "")
        if not wish:
            return None
        point, _, number = wish.partition(":")
        role, _, kind = point.rpartition(".")
        if kind not in POINTS or (role and role not in ROLES) or not number.isdigit() or not int(number):
            raise ValueError(f"STUDIO_FAULT is '{wish}'; it must be like commit:3 or child.fsync:1.")
        mark = os.environ.get("STUDIO_FAULT_MARK")
        return cls(point, int(number), Path(mark) if mark else None)

    def is_due(self, point: str) -> bool:
        """Count one passing, and tell whether it is the one to die at."""
        if self.point not in {point, f"{self.role}.{point}"}:
            return False
        with self.lock:
            self.passed[point] += 1
            passed = self.passed[point] if self.mark is None else count_on(self.mark)
        return passed == self.number


def count_on(mark: Path) -> int:
    """Add a byte to a file and say which of all it is, whoever adds others at the same time."""
    handle = os.open(mark, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    try:
        os.write(handle, b".")
        return os.lseek(handle, 0, os.SEEK_CUR)
    finally:
        os.close(handle)


plan = FaultPlan.from_environment()


def take_role(role: str) -> None:
    """Say which part this process plays, for points that name a role."""
    if role not in ROLES:
        raise ValueError(f"'{role}' is no role; there are {', '.join(ROLES)}.")
    if plan is not None:
        plan.role = role


def fault(point: str) -> None:
    """Die here by SIGKILL where the plan says so; called right before what the point is named after."""
    if plan is not None and plan.is_due(point):
        os.kill(os.getpid(), signal.SIGKILL)
