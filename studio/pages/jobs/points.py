"""The measured points of jobs, read once for every page that shows them and not more often than needed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from jobs.queue import JobView, MetricPoint
from jobs.states import TERMINAL

# Of a training of days a reading takes long; what runs beside it needs the processor too.
SHARE_OF_TIME = 0.05
JOBS_KEPT = 16


@dataclass(frozen=True)
class Reading:
    """Points as they were; ``due`` is when others may be read, by the same clock."""

    mark: tuple[int, int, bool]
    points: list[MetricPoint]
    due: float


class Points:
    """The points of the jobs that were looked at last."""

    def __init__(
        self, read: Callable[[str], list[MetricPoint]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Reading] = OrderedDict()

    def of(self, job: JobView) -> list[MetricPoint]:
        """The points of a job; while it runs they may be as old as twenty readings take."""
        mark = (job.fence, job.told, job.state in TERMINAL)
        with self._lock:
            kept = self._kept.get(job.id)
            is_new = kept is None or kept.mark != mark
            if kept is None or (is_new and (job.state in TERMINAL or self._clock() >= kept.due)):
                kept = self._kept[job.id] = self._reading(job, mark)
            self._kept.move_to_end(job.id)
            while len(self._kept) > JOBS_KEPT:
                self._kept.popitem(last=False)
            return kept.points

    def _reading(self, job: JobView, mark: tuple[int, int, bool]) -> Reading:
        began = self._clock()
        points = self._read(job.id)
        ended = self._clock()
        return Reading(mark, points, ended + (ended - began) / SHARE_OF_TIME)
