"""How many rows of a batch go through the model at once: fewer where the memory does not suffice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jobs.durable import write_file
from studio.errors import OutOfMemory
from studio.training.progress import Progress

KERNEL_COUNTS = Path("/proc/vmstat")


def not_enough(max_length: int) -> OutOfMemory:
    """The error of a training that does not fit even row by row."""
    return OutOfMemory(
        f"The memory did not suffice for this checkpoint and texts of {max_length} tokens, "
        "not even for one row at a time.",
        "Lower the maximum length, or choose a smaller checkpoint or the method frozen.",
    )


def count_kernel_kills(path: Path = KERNEL_COUNTS) -> int | None:
    """How many processes the kernel has killed for lack of memory since it started; None if it is silent."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    counts = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
    return int(counts[0]) if counts else None


@dataclass(frozen=True)
class Deaths:
    """Earlier attempts of this training that were killed, and the kernel's own count of such acts."""

    killed_attempts: int = 0
    kernel_kills: int | None = None


class RowsAtOnce:
    """Rows of a batch that are computed together; the batch of a step stays what the recipe says.

    The number is kept beside the snapshots, so that the next attempt does not run into the same wall.
    """

    def __init__(self, path: Path, batch_size: int, report: Progress) -> None:
        self._path = path
        self._report = report
        self.number = batch_size
        self._deaths = Deaths()

    def start(self, deaths: Deaths) -> None:
        """Take up the number of the attempt before, halved where lack of memory has killed one.

        A kill alone says nothing of memory. The kernel's count does, where it has grown meanwhile; where
        there is no such count, a second kill is taken as its sign.
        """
        before, known = self._read()
        self.number = min(self.number, before)
        more = deaths.killed_attempts - known.killed_attempts
        counted = deaths.kernel_kills is not None and known.kernel_kills is not None
        grown = counted and deaths.kernel_kills > known.kernel_kills
        for_memory = grown if counted else deaths.killed_attempts > 1
        if more > 0 and for_memory and self.number > 1:
            self._halve("An earlier attempt was ended by the system, which had no memory left")
        self._deaths = deaths
        self._write()

    def halve(self, rows: int, max_length: int) -> None:
        """Go on with half as many as just failed of ``rows``; raises OutOfMemory where that was one row."""
        self.number = min(self.number, rows)
        if self.number == 1:
            raise not_enough(max_length)
        self._halve(f"Memory did not suffice for {self.number} rows at once")
        self._write()

    def _halve(self, why: str) -> None:
        self.number = (self.number + 1) // 2
        rows = "1 row" if self.number == 1 else f"{self.number} rows"
        self._report.note(f"{why}: it goes on with {rows} at a time; the result is the same.")

    def _read(self) -> tuple[int, Deaths]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return int(data["rows_at_once"]), Deaths(data["killed_attempts"], data["kernel_kills"])
        except (OSError, ValueError, KeyError, TypeError):
            return self.number, Deaths()

    def _write(self) -> None:
        data = {"rows_at_once": self.number, **vars(self._deaths)}
        write_file(self._path, json.dumps(data))
