"""How the studio does in numbers: its queue, its workers and the machine under it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from jobs.measures import Measures, QueueMeasures
from studio.services.gpus import GpuReader, GpuUse
from studio.services.jobs import JobService
from studio.services.notices import ChannelState, NoticeService
from studio.settings import Settings


@dataclass(frozen=True)
class WorkerMeasures:
    """One worker; ``stats`` is what it measured itself: see jobs.latency."""

    id: str
    alive: bool
    heartbeat_age_seconds: float
    stats: dict[str, Any]


@dataclass(frozen=True)
class MachineMeasures:
    """The machine; memory and disk in bytes, ``cpu_busy_seconds`` of all cores since it was started."""

    cpu_cores: int
    cpu_busy_seconds: float
    memory_bytes: int
    memory_used_bytes: int
    disk_bytes: int
    disk_free_bytes: int
    gpus: tuple[GpuUse, ...]


@dataclass(frozen=True)
class StudioMeasures:
    """One look at everything; ``slots`` tells of each place of a living worker whether a job runs in it."""

    queue: QueueMeasures
    workers: tuple[WorkerMeasures, ...]
    slots: dict[str, bool]
    channels: tuple[ChannelState, ...]
    machine: MachineMeasures


class MeasureService:
    """Reads the numbers; keeps nothing from one time to the next."""

    def __init__(
        self,
        settings: Settings,
        measures: Measures,
        jobs: JobService,
        notices: NoticeService,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._measures = measures
        self._jobs = jobs
        self._notices = notices
        self._clock = clock
        self._gpus = GpuReader()

    def read(self) -> StudioMeasures:
        """Everything as it is now."""
        queue, now = self._measures.read(), self._clock()
        workers = tuple(
            WorkerMeasures(one.id, one.alive, max(0.0, now - one.seen_at.timestamp()), one.stats)
            for one in self._jobs.workers()
        )
        known = {slot for worker in workers if worker.alive for slot in worker.stats.get("slots", ())}
        return StudioMeasures(
            queue=queue,
            workers=workers,
            slots={slot: slot in queue.slots_taken for slot in sorted(known | queue.slots_taken)},
            channels=tuple(self._notices.states()),
            machine=self._machine(),
        )

    def _machine(self) -> MachineMeasures:
        times, memory = psutil.cpu_times(), psutil.virtual_memory()
        disk = shutil.disk_usage(self._settings.home)
        return MachineMeasures(
            cpu_cores=psutil.cpu_count() or 1,
            cpu_busy_seconds=times.user + times.system,
            memory_bytes=memory.total,
            memory_used_bytes=memory.total - memory.available,
            disk_bytes=disk.total,
            disk_free_bytes=disk.free,
            gpus=self._gpus.read(),
        )
