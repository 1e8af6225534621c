"""Whether a small piece of work is worth sharing among cores, beside what else the machine does."""

from __future__ import annotations

from pathlib import Path

# Multiplications (tokens times weights). So many, about 50 ms of one core, are always shared; fewer only
# where nothing else runs: beside a training, waiting for a second thread made one text ten times slower.
ALWAYS_SHARED, SHARED_WHERE_IDLE = 1.5e9, 2e8
RUNNING_NOW = Path("/proc/loadavg")


def is_worth_sharing(tokens: int, weights: int, running_now: Path = RUNNING_NOW) -> bool:
    """Whether all cores are to compute so many tokens; ``weights``: numbers each is multiplied with."""
    work = tokens * weights
    return work >= ALWAYS_SHARED or (work >= SHARED_WHERE_IDLE and is_idle(running_now))


def is_idle(running_now: Path = RUNNING_NOW) -> bool:
    """Whether no thread of the machine but the one that asks runs now; False where that is not known.

    The kernel counts those that run or want to, in the fourth field: ``0.45 0.92 1.66 1/78 28231``.
    """
    try:
        return int(running_now.read_text(encoding="ascii").split()[3].partition("/")[0]) <= 1
    except (OSError, ValueError, IndexError):
        return False
