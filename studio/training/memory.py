"""How a batch fits the memory: fewer rows at once, and if need be parts of each pass computed twice."""

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

    Where not even one row fits, ``recomputes`` is set: the layers' results are then computed anew for the
    backward pass instead of being kept (activation checkpointing), which takes a third more time and a
    fraction of the memory. Both are kept beside the snapshots, so that the next attempt does not run into
    the same wall.
    """

    def __init__(self, path: Path, batch_size: int, report: Progress) -> None:
        self._path = path
        self._report = report
        self._most = batch_size
        self.number = batch_size
        self.recomputes = False
        self._deaths = Deaths()

    def start(self, deaths: Deaths) -> None:
        """Take up the number of the attempt before, halved where lack of memory has killed one.

        A kill alone says nothing of memory. The kernel's count does, where it has grown meanwhile; where
        there is no such count, a second kill is taken as its sign.
        """
        known = self._read()
        more = deaths.killed_attempts - known.killed_attempts
        counted = deaths.kernel_kills is not None and known.kernel_kills is not None
        grown = counted and deaths.kernel_kills > known.kernel_kills
        for_memory = grown if counted else deaths.killed_attempts > 1
        if more > 0 and for_memory:
            self._lower("An earlier attempt was ended by the system, which had no memory left")
        self._deaths = deaths
        self._write()

    def lower(self, rows: int, max_length: int, can_recompute: bool) -> None:
        """Go on with less memory than ``rows`` have just failed with.

        Raises OutOfMemory where that was one row, and results of layers are no longer kept or have to be.
        """
        self.number = min(self.number, rows)
        if self.number == 1 and (self.recomputes or not can_recompute):
            raise not_enough(max_length)
        self._lower(f"Memory did not suffice for {rows_in_words(self.number)} at once")
        self._write()

    def _lower(self, why: str) -> None:
        if self.number > 1:
            self.number = (self.number + 1) // 2
            way = f"{rows_in_words(self.number)} at a time"
        elif self.recomputes:
            return
        else:
            self.recomputes, self.number = True, self._most
            way = "less in memory, which takes a third longer"
        self._report.note(f"{why}: it goes on with {way}; the result is the same.")

    def _read(self) -> Deaths:
        """Take up what the attempt before has found."""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            deaths = Deaths(data["killed_attempts"], data["kernel_kills"])
            self.number = min(self.number, int(data["rows_at_once"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Deaths()
        self.recomputes = bool(data.get("recomputes"))  # earlier versions do not say
        return deaths

    def _write(self) -> None:
        data = {"rows_at_once": self.number, "recomputes": self.recomputes, **vars(self._deaths)}
        write_file(self._path, json.dumps(data))


def rows_in_words(number: int) -> str:
    """Such as 1 row, or 3 rows."""
    return "1 row" if number == 1 else f"{number} rows"
