"""This machine: what it has, how full it is, and what is missing."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from jobs.states import ACTIVE, JobState
from studio.errors import StudioError
from studio.keeping.integrity import check_home
from studio.services.checkpoints import CheckpointService
from studio.services.jobs import JobService
from studio.services.notices import NoticeService
from studio.settings import Settings
from studio.training.hardware import detect_machine

LOW_DISK_BYTES = 4 * 10**9  # beyond what must stay free: some trainings and their snapshots


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

    def __init__(
        self,
        settings: Settings,
        checkpoints: CheckpointService,
        jobs: JobService,
        notices: NoticeService,
    ) -> None:
        self._settings = settings
        self._checkpoints = checkpoints
        self._jobs = jobs
        self._notices = notices

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
            disk_free_bytes=self.disk_free_bytes(),
            jobs_running=sum(state in ACTIVE for state in states),
            jobs_waiting=states.count(JobState.QUEUED),
            workers=sum(worker.alive for worker in self._jobs.workers()),
            network=self._network(),
        )

    def disk_free_bytes(self) -> int:
        """The room on the disk that holds the studio's home."""
        return shutil.disk_usage(self._settings.home).free

    def _network(self) -> str:
        """What the network is used for."""
        uses = [] if self._settings.offline else ["to fetch checkpoints"]
        uses += ["to tell people of jobs"] if self._notices.channels else []
        return f"used only {' and '.join(uses)}" if uses else "off"

    def doctor(self, *, deep: bool = False) -> list[Finding]:
        """Everything the studio needs, with what to do where it is missing; ``deep`` reads all data too."""
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
            self._records(),
            Finding("Network", True, overview.network, needed=False),
            *self._told(),
            *(self._data() if deep else ()),
        ]

    def _data(self) -> list[Finding]:
        """Whether the data are as they were written."""
        wrong = check_home(self._settings.home)
        hint = "Bring back a backup with: python -m studio restore --from FILE"
        sound = Finding("Data", True, "the database, all datasets and all models are as they were written")
        return [Finding("Data", False, sentence, hint) for sentence in wrong] or [sound]

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

    def _records(self) -> Finding:
        """Whether the record of the newest jobs keeps what the queue promises."""
        count, broken = self._jobs.audit()
        title = "Job records"
        if not broken:
            return Finding(title, True, f"{count} jobs looked through, all in order", needed=False)
        return Finding(
            title,
            False,
            f"{count} jobs looked through, {len(broken)} faults. The first: {broken[0]}",
            "This is a fault of the studio: please report it with the file studio.db.",
            needed=False,
        )

    def _told(self) -> list[Finding]:
        """How people are told of jobs that have ended."""
        states = self._notices.states()
        if not states:
            hint = "See docs/operations.md to be told by a webhook or by e-mail when a job has ended."
            return [Finding("Notifications", True, "not set up", hint, needed=False)]
        found = []
        for state in states:
            waiting = f", {state.waiting} waiting" if state.waiting else ""
            failed = f", {state.given_up} given up" if state.given_up else ""
            sentence = f"to {state.to}: {state.sent} sent{waiting}{failed}."
            hint = "Try it with: python -m studio notify --test"
            hint = f"{state.error} {hint}" if state.error else hint
            title = f"Notifications by {state.channel}"
            found.append(Finding(title, not state.error, sentence, hint, needed=False))
        return found

    def _disk(self, free_bytes: int) -> Finding:
        least = self._settings.min_free_bytes
        free = f"{free_bytes / 1e9:.1f} GB free"
        if free_bytes < least:
            return Finding(
                "Disk",
                False,
                f"{free}: no job starts with less than {least / 1e9:.1f} GB (STUDIO_MIN_FREE_MB).",
                "Free some space, choose another --home, or set STUDIO_MIN_FREE_MB lower.",
            )
        enough = free_bytes > least + LOW_DISK_BYTES
        hint = "" if enough else "Free some space, or choose another --home."
        return Finding("Disk", enough, free, hint, needed=False)
