"""Telling one process from another that got its number later, and ending with one's parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

STATE_FIELD, START_FIELD = 0, 19  # of /proc/PID/stat, counted after the name in parentheses
PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process the moment its parent is gone, even deep in foreign code.

    Only Linux can do so; elsewhere this only looks whether the parent is gone by now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def mark_of(pid: int) -> str | None:
    """What no other process of any time shares: where the number counts, and when the process started.

    None where there is no such process, or only what waits to be collected of it.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[STATE_FIELD] == "Z":
            return None
        return f"{place_of_numbers()}:{fields[START_FIELD]}"
    except OSError:
        return None if Path("/proc/self/stat").exists() else mark_by_library(pid)


def place_of_numbers() -> str:
    """Within which process numbers mean the same: one start of one machine, and one container of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return "here"


def mark_by_library(pid: int) -> str | None:
    """The same where there is no /proc."""
    import psutil  # takes 0.1 s, and no child on Linux needs it

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{place_of_numbers()}:{process.create_time():.2f}"
    except psutil.Error:
        return None


def is_gone(pid: int, mark: str) -> bool:
    """Whether the process of that mark has certainly ended; False where it cannot be seen from here."""
    place = mark.rpartition(":")[0]
    return place == place_of_numbers() and mark_of(pid) != mark
