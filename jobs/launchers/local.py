"""Children as processes of this machine."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

from jobs.faults import fault
from jobs.launchers.launcher import ChildOrder
from jobs.logs import LOG_NAME, format_line
from jobs.processes import mark_of

SOURCE_ROOT = Path(__file__).resolve().parents[2]
PROCESS_NAME = "process.json"
EARLIER_SECONDS = 5.0  # how long to wait for a killed process to be gone


class Process(Protocol):
    """What is known of a process; ``returncode`` is that which ``poll`` found last."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal where one ended it."""

    def poll(self) -> int | None:
        """Look again, and return the same."""


class LocalChild:
    """A process that leads its own session."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.pid = process.pid
        self.swept = False

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal where one ended it."""
        return self.process.poll()

    def ask_to_end(self) -> None:
        """Send SIGTERM to the whole group."""
        self.send(signal.SIGTERM)

    def end_now(self) -> None:
        """Send SIGKILL to the whole group, also to what a dead child left behind."""
        self.send(signal.SIGKILL)

    def dump_stacks(self) -> None:
        """Send SIGUSR1 to the child itself: what it started would die of it."""
        if self.process.poll() is None:
            fault("signal")
            os.kill(self.pid, signal.SIGUSR1)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the group, if there still is one."""
        if self.swept:
            return  # the number may be another process's by now
        self.swept = self.process.returncode is not None
        fault("signal")
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers "not permitted" for a group of which only a zombie is left.
            return


class LocalLauncher:
    """Starts children on this machine, with their output in ``log.txt`` of their work folder."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """``environment`` is added to this process's own for every child."""
        self.environment = dict(environment or {})

    def start(self, order: ChildOrder) -> LocalChild:
        """Start one child, after what is left of an earlier one of the same job here has been ended.

        Raises OSError where that is impossible.
        """
        order.workdir.mkdir(parents=True, exist_ok=True)
        end_earlier(order.workdir / PROCESS_NAME)
        command = [
            *(sys.executable, "-u", "-X", "faulthandler", "-m", "jobs.child"),
            *arguments_of(order),
            *("--supervisor", str(os.getpid())),
        ]
        with open_log(order) as log:
            fault("spawn")
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment, **order.environment},
                cwd=SOURCE_ROOT,  # where python -m finds this package; the child then goes to its workdir
                start_new_session=True,
            )
        fault("spawn")
        return LocalChild(process)

    def prepare(self) -> None:
        """Children do not wait for each other."""

    def close(self) -> None:
        """Nothing is kept."""


def arguments_of(order: ChildOrder) -> list[str]:
    """What jobs.child is told of its job."""
    return [
        *("--database", order.database_url),
        *("--job", order.job_id),
        *("--fence", str(order.fence)),
        *("--workdir", str(order.workdir)),
    ]


def open_log(order: ChildOrder) -> IO[bytes]:
    """The file that a child writes to: a pipe that nobody reads would stop it once it is full."""
    log = (order.workdir / LOG_NAME).open("ab", buffering=0)
    with contextlib.suppress(OSError):  # its disk may be full, and the job can do without
        log.write(f"{format_line('start', fence=order.fence)}\n".encode())
    return log


def note_process(path: Path) -> None:
    """Keep, as the child, which process runs a job."""
    path.write_text(json.dumps({"pid": os.getpid(), "mark": mark_of(os.getpid())}), encoding="utf-8")


def end_earlier(path: Path) -> None:
    """Kill the process that a job's folder names, with its group, if it still is that one.

    A new attempt must never write into the folder beside an old one: raises OSError where that one stays.
    """
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        pid, mark = int(known["pid"]), known["mark"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if mark is None or mark_of(pid) != mark or pid == os.getpgrp():
        return
    fault("signal")
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + EARLIER_SECONDS
    while mark_of(pid) == mark:
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, "its earlier process does not end")
        time.sleep(0.01)
