"""How many cores this process may use."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path

CONTAINER_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Cores this process may use: those it may run on, or the container's share where that is smaller."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = read_cpu_share(CONTAINER_LIMIT)
    return max(1, min(allowed, ceil(share))) if share else max(1, allowed)


def read_cpu_share(path: Path) -> float | None:
    """Read a container's limit in cores; None where there is none."""
    try:
        quota, period = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)
