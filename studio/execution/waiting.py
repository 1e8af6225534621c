"""How the threads of a product wait for each other: awake while cores are idle, else asleep.

A step is a thousand small pieces of work that all threads begin and end together. To wake a sleeping thread
takes as long as a small piece, so that two cores are no faster than one. A thread that waits awake is there
at once, but on a machine that others use it holds the core on which the one that it waits for should run, and
a step takes two to four times as long. So both are done, by what the machine does at the moment.

OpenMP of GNU is told as the process starts for how long to wait awake (``studio.computing``). It does not
where there are more threads than cores: https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html.
So threads that do nothing are kept while others need the cores. How work is divided, and so what is computed,
stays the same.
"""

from __future__ import annotations

import ctypes
import platform
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SECONDS_BETWEEN_LOOKS = 0.5
# Where others use more than this share of one core, waiting awake costs more than it gains.
OTHERS_ALLOWED = 0.2
MAPS = Path("/proc/self/maps")
LIBRARY = re.compile(r"\S*/libgomp[^/\s]*\.so[^/\s]*$", re.MULTILINE)


class IdleThreads:
    """As many threads of OpenMP as there are cores, which do nothing, from ``start`` to ``end``."""

    def __init__(self) -> None:
        self._begun, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="idle-threads", daemon=True)

    def _keep(self) -> None:
        nothing = ctypes.cast(ctypes.CDLL(None).labs, ctypes.c_void_p)
        for library in loaded_libraries():
            library.GOMP_parallel(nothing, None, library.omp_get_num_procs() + 1, 0)
        self._begun.set()
        # They belong to this thread, and end with it.
        self._over.wait()

    def start(self) -> None:
        """Return when they are there."""
        self._thread.start()
        self._begun.wait()

    def end(self) -> None:
        """Return when they are gone."""
        self._over.set()
        self._thread.join()


def loaded_libraries() -> list[ctypes.CDLL]:
    """Each OpenMP of GNU in this process: PyTorch and scikit-learn bring their own."""
    try:
        paths = set(LIBRARY.findall(MAPS.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return []
    return [ctypes.CDLL(path) for path in sorted(paths)]


class CoresOfOthers:
    """How many of the cores that this process may use others used since the last look."""

    def __init__(self) -> None:
        self._cores = psutil.Process().cpu_affinity() or [0]
        self._before = self._times()

    def _times(self) -> tuple[float, float]:
        """Seconds of now, and those that others have used of these cores until now."""
        each = psutil.cpu_times(percpu=True)
        # Some containers show only their own cores, counted anew.
        own = [each[core] for core in self._cores] if max(self._cores) < len(each) else each
        used = sum(sum(core[:8]) - core.idle - core.iowait for core in own)
        return time.monotonic(), used - time.process_time()

    def look(self) -> float:
        """The mean number of cores, about 0 on a machine that does nothing else."""
        (then, used_then), self._before = self._before, self._times()
        now, used = self._before
        return max(0.0, used - used_then) / max(now - then, 1e-3)


@contextmanager
def waiting_awake_while_idle() -> Iterator[None]:
    """Have threads wait awake while no others need the cores; also a decorator."""
    if platform.system() != "Linux":
        yield
        return
    over = threading.Event()

    def watch() -> None:
        others, idle = CoresOfOthers(), None
        while not over.wait(SECONDS_BETWEEN_LOOKS):
            needed = others.look() > OTHERS_ALLOWED
            if needed and idle is None:
                idle = IdleThreads()
                idle.start()
            elif idle is not None and not needed:
                idle.end()
                idle = None
        if idle is not None:
            idle.end()

    watcher = threading.Thread(target=watch, name="cores-of-others", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
