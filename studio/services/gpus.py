"""How busy the graphics cards are, as their driver tells."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

PROGRAM = "nvidia-smi"
FIELDS = "index,name,utilization.gpu,memory.used,memory.total"
TIMEOUT_SECONDS = 5.0
KEPT_SECONDS = 5.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class GpuUse:
    """One card; ``utilization`` from 0 to 1, memory in bytes; None where the driver does not say."""

    index: str
    name: str
    utilization: float | None
    memory_used_bytes: float | None
    memory_bytes: float | None


class GpuReader:
    """Asks the driver, at most every few seconds however often it is asked itself."""

    def __init__(self, program: str = PROGRAM, clock: Callable[[], float] = time.monotonic) -> None:
        self._program = program
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._kept: tuple[GpuUse, ...] = ()

    def read(self) -> tuple[GpuUse, ...]:
        """Every card; none where there is no driver or it does not answer."""
        with self._lock:
            if self._clock() - self._read_at > KEPT_SECONDS:
                self._kept = self._ask()
                self._read_at = self._clock()
            return self._kept

    def _ask(self) -> tuple[GpuUse, ...]:
        program = shutil.which(self._program)
        if program is None:
            return ()
        command = [program, f"--query-gpu={FIELDS}", "--format=csv,noheader,nounits"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return ()
        return read_cards(done.stdout)


def read_cards(text: str) -> tuple[GpuUse, ...]:
    """The cards in the driver's table.

    >>> read_cards("0, NVIDIA H100, 37, 1024, 81559\\n1, Other, [N/A], 0, 2\\n")[0].utilization
    0.37
    """
    found = []
    for line in text.splitlines():
        index, _, rest = line.partition(",")
        name, *numbers = rest.rsplit(",", 3)
        if len(numbers) == 3:
            share, used, total = map(read_number, numbers)
            found.append(
                GpuUse(index.strip(), name.strip(), scale(share, 0.01), scale(used, MIB), scale(total, MIB))
            )
    return tuple(found)


def read_number(text: str) -> float | None:
    """A number, or None where the driver writes that it does not know."""
    try:
        return float(text)
    except ValueError:
        return None


def scale(value: float | None, factor: float) -> float | None:
    """A number in other units."""
    return None if value is None else value * factor
