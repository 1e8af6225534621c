"""Children forked from a process that has imported what they need: they begin at once, and share its memory.

Importing torch and transformers takes seconds, which every job would spend anew. The nursery (jobs.nursery)
does it once, when it is prepared or the first such job is started, and forks for each. It ends with the
worker, and its children with it; one that is gone is replaced at the next order.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.faults import fault
from jobs.launchers.launcher import Child, ChildOrder
from jobs.launchers.local import (
    PROCESS_NAME,
    SOURCE_ROOT,
    LocalChild,
    LocalLauncher,
    arguments_of,
    end_earlier,
    open_log,
)

MESSAGE_BYTES = 65_536


class NurseryLauncher:
    """Forks the children whose handlers are in some modules, and starts all others as processes of their own.

    ``modules`` are imported before the first fork. ``environment`` is added to this process's own.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._modules = tuple(modules)
        self._environment = dict(environment or {})
        self._plain = LocalLauncher(environment)
        self._nursery: Nursery | None = None

    def start(self, order: ChildOrder) -> Child:
        """Start one child, after what is left of an earlier one of the same job here has been ended.

        Raises OSError where that is impossible.
        """
        if order.handler.rpartition(".")[0] not in self._modules:
            return self._plain.start(order)
        order.workdir.mkdir(parents=True, exist_ok=True)
        end_earlier(order.workdir / PROCESS_NAME)
        try:
            return self._open_nursery().start(order)
        except OSError:  # it was gone, and nobody has heard of it yet
            self.close()
            return self._open_nursery().start(order)

    def prepare(self) -> None:
        """Have the nursery import its modules."""
        self._open_nursery()

    def _open_nursery(self) -> Nursery:
        if self._nursery is not None:
            self._nursery.hear()
        if self._nursery is None or not self._nursery.is_open:
            self.close()
            self._nursery = Nursery(self._modules, self._environment)
        return self._nursery

    def close(self) -> None:
        """End the nursery."""
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None


class Nursery:
    """The line to a process that forks: orders go out, and who has begun and ended comes back."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the process; it imports its modules before it takes the first order."""
        self._wire, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._wire.setblocking(False)
        self._living: dict[int, Forked] = {}
        self._ordered = 0
        self.is_open = True
        self.has_spoken = False
        fault("spawn")
        with other:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-u", "-X", "faulthandler", "-m", "jobs.nursery"),
                    *("--wire", str(other.fileno()), "--supervisor", str(os.getpid()), *modules),
                ],
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
                cwd=SOURCE_ROOT,
                pass_fds=[other.fileno()],
                start_new_session=True,
            )

    def start(self, order: ChildOrder) -> Child:
        """Have one child forked; its process may not be there yet when this returns."""
        forked, number = Forked(self), self._ordered
        question = {
            "number": number,
            "job": order.job_id,
            "fence": order.fence,
            "arguments": arguments_of(order),
            "environment": dict(order.environment),
        }
        with open_log(order) as log:
            fault("spawn")
            socket.send_fds(self._wire, [json.dumps(question).encode()], [log.fileno()])
        fault("spawn")
        self._living[number] = forked
        self._ordered += 1
        return ForkedChild(forked)

    def hear(self) -> None:
        """Take in what has come from the nursery; where it is gone, so are its children."""
        while self.is_open:
            try:
                message = self._wire.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self.close()
                return
            self.has_spoken = True
            told: dict[str, Any] = json.loads(message)
            forked = self._living[told["number"]]
            forked.pid, forked.returncode = told["pid"], told["code"]
            if forked.returncode is not None:
                del self._living[told["number"]]

    def close(self) -> None:
        """End the process, and so what it has forked."""
        self.is_open = False
        self._wire.close()
        fault("signal")
        self._process.kill()
        self._process.wait()
        for forked in self._living.values():
            forked.returncode = -signal.SIGKILL
        self._living.clear()


class Forked:
    """A process of the nursery; ``pid`` is 0 until it has begun."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery
        self.pid = 0
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Look whether it has ended."""
        self.nursery.hear()
        return self.returncode


class ForkedChild(LocalChild):
    """A forked process that leads its own session; a signal sent before it has begun is sent when it has.

    Where nothing has begun yet, as the nursery may hang in an import, SIGKILL ends the nursery instead.
    """

    def __init__(self, forked: Forked) -> None:
        super().__init__(forked)
        self._nursery = forked.nursery
        self._wanted: signal.Signals | None = None

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal where one ended it."""
        code = super().exit_code()
        if not self.pid and self.process.pid:
            self.pid = self.process.pid
            if self._wanted is not None:
                self.send(self._wanted)
        return code

    def dump_stacks(self) -> None:
        """Send SIGUSR1 to the child itself, if it has begun."""
        if self.pid:
            super().dump_stacks()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the group, if there still is one."""
        if self.pid:
            super().send(number)
        elif number == signal.SIGKILL and not self._nursery.has_spoken:
            self._nursery.close()
        else:
            self._wanted = number


def is_forking_safe() -> bool:
    """Whether processes can be forked here that then use what their parent has imported: on Linux."""
    return sys.platform == "linux"
