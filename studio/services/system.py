"""This machine: what it has, how full it is, and what is missing."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from jobs.states import JobState
from studio.errors import StudioError
from studio.services.checkpoints import CheckpointService
from studio.services.jobs import JobService
from studio.settings import Settings
from studio.training.hardware import detect_machine

LOW_DISK_BYTES = 5 * 10**9


@dataclass(frozen=True)
class Overview:
    """The machine now; memory and disk in bytes."""

    device: str
    device_name: str
    cpu_cores: int
    memory_bytes: int
    memory_used_bytes: int
    disk_free_bytes: int
    jobs_running: int
    jobs_waiting: int
    workers: int
    network: str

    def to_json(self) -> dict[str, Any]:
        """As the API gives it."""
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """One thing doctor looked at; ``needed`` means that the studio cannot work without it."""

    title: str
    ok: bool
    sentence: str
    hint: str = ""
    needed: bool = True

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        return asdict(self)


class SystemService:
    """Questions about the machine."""

    def __init__(self, settings: Settings, checkpoints: CheckpointService, jobs: JobService) -> None:
        self._settings = settings
        self._checkpoints = checkpoints
        self._jobs = jobs

    def overview(self) -> Overview:
        """The machine and its queue now."""
        machine = detect_machine()
        memory = psutil.virtual_memory()
        states = [job.state for job in self._jobs.unfinished()]
        return Overview(
            device=machine.device,
            device_name=machine.device_name,
            cpu_cores=machine.cpu_cores,
            memory_bytes=memory.total,
            memory_used_bytes=memory.total - memory.available,
            disk_free_bytes=shutil.disk_usage(self._settings.home).free,
            jobs_running=sum(state in {JobState.RUNNING, JobState.CANCELLING} for state in states),
            jobs_waiting=states.count(JobState.QUEUED),
            workers=sum(worker.alive for worker in self._jobs.workers()),
            network="off" if self._settings.offline else "used only to fetch checkpoints",
        )

    def doctor(self) -> list[Finding]:
        """Everything the studio needs, with what to do where it is missing."""
        overview = self.overview()
        return [
            self._python(),
            self._library("torch"),
            self._library("transformers"),
            self._builtin(),
            Finding("Device", True, f"{overview.device_name} ({overview.device})", needed=False),
            Finding("Cores", True, str(overview.cpu_cores), needed=False),
            Finding("Memory", True, f"{overview.memory_bytes / 1e9:.1f} GB", needed=False),
            self._disk(overview.disk_free_bytes),
            Finding("Home", True, str(self._settings.home), needed=False),
            Finding(
                "Worker",
                overview.workers > 0,
                f"{overview.workers} alive",
                "" if overview.workers else "'python app.py' starts one; 'train --wait' brings its own.",
                needed=False,
            ),
            Finding("Network", True, overview.network, needed=False),
        ]

    def _python(self) -> Finding:
        new_enough = sys.version_info >= (3, 11)
        hint = "" if new_enough else "Install Python 3.11 or newer."
        return Finding("Python", new_enough, platform.python_version(), hint)

    def _library(self, name: str) -> Finding:
        found = importlib.util.find_spec(name) is not None
        sentence = "installed" if found else "not installed"
        return Finding(name, found, sentence, "" if found else "Run: pip install -r requirements.txt")

    def _builtin(self) -> Finding:
        try:
            self._checkpoints.verify_builtin()
        except StudioError as error:
            return Finding("Built-in checkpoint", False, error.message, error.hint)
        return Finding("Built-in checkpoint", True, "there, and its hash is right")

    def _disk(self, free_bytes: int) -> Finding:
        enough = free_bytes > LOW_DISK_BYTES
        hint = "" if enough else "Free some space, or choose another --home."
        return Finding("Disk", enough, f"{free_bytes / 1e9:.1f} GB free", hint, needed=False)
