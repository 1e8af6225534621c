"""The faults of a soak: processes are killed or stopped at random moments."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from tests.journeys.served import ServedStudio

START_SECONDS = 600.0  # beside jobs that use every core
STOPPED_SECONDS = 20.0  # longer than a lease
KINDS = ("kill a job",) * 4 + ("kill the worker",) * 2 + ("stop the worker",)
KILL_APP = "kill the app"
APP_KILLS = 2
APP_SHARE = (0.05, 0.2)  # of the time: both kills of the app come early, what follows is its longest life


@dataclass
class Served:
    """The studio, and which of its lives it is in."""

    studio: ServedStudio
    life: int = 0

    @property
    def app(self) -> psutil.Process:
        """The process that serves the pages."""
        assert self.studio.process is not None
        return psutil.Process(self.studio.process.pid)

    def kill(self) -> None:
        """Kill the app as a power cut does, and start it again."""
        assert self.studio.process is not None
        self.studio.process.kill()
        self.studio.process.wait()
        self.studio.start(START_SECONDS)
        self.life += 1

    def below(self, word: str) -> Iterator[psutil.Process]:
        """Its processes with a word in their command."""
        for process in self.studio.children():
            try:
                if word in command_of(process):
                    yield process
            except psutil.Error:
                continue


def command_of(process: psutil.Process) -> list[str]:
    """The words of its command; one that was forked has them as one text."""
    return " ".join(process.cmdline()).split()


@dataclass
class Shaker:
    """Does a fault whenever one is due; a job's process is killed once at most, as it has few attempts."""

    served: Served
    draw: random.Random
    seconds: float
    seconds_between: float
    done: list[str] = field(default_factory=list)
    killed: set[str] = field(default_factory=set)
    stopped: tuple[psutil.Process, float] | None = None

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        low, high = (share * self.seconds for share in APP_SHARE)
        self.due = [(self.draw.uniform(low, high), KILL_APP) for _ in range(APP_KILLS)]
        count = int(self.seconds / self.seconds_between)
        self.due += [(self.draw.uniform(0, self.seconds), self.draw.choice(KINDS)) for _ in range(count)]
        self.due.sort()

    def turn(self) -> None:
        """Do what is due by now."""
        now = time.monotonic() - self.began
        if self.stopped is not None and now >= self.stopped[1]:
            self.go_on()
        while self.due and self.due[0][0] <= now:
            kind = self.due.pop(0)[1]
            if self.shake(kind, now):
                self.done.append(kind)

    def shake(self, kind: str, now: float) -> bool:
        """Do one fault; False where there was nothing to do it to."""
        if kind == KILL_APP:
            self.go_on()
            self.served.kill()
            return True
        if kind == "kill a job":
            return self.kill_job()
        worker = next(self.served.below("worker"), None)
        if worker is None or self.stopped is not None:
            return False
        if kind == "kill the worker":
            worker.kill()
        else:
            worker.send_signal(signal.SIGSTOP)
            self.stopped = worker, now + STOPPED_SECONDS
        return True

    def kill_job(self) -> bool:
        """Kill the process of a job that was not killed before."""
        for process in self.served.below("--fence"):
            command = command_of(process)
            job = command[command.index("--job") + 1]
            if job not in self.killed:
                self.killed.add(job)
                process.kill()
                return True
        return False

    def go_on(self) -> None:
        """Let a stopped worker run again."""
        if self.stopped is not None and self.stopped[0].is_running():
            self.stopped[0].send_signal(signal.SIGCONT)
        self.stopped = None
