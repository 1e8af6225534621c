"""Children of jobs that are forked instead of started anew, so that a thousand take minutes."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from jobs.child import die_with
from jobs.child import main as run_child
from jobs.launchers.launcher import ChildOrder
from jobs.launchers.local import LOG_NAME, PROCESS_NAME, LocalChild, end_earlier

MESSAGE_BYTES = 10_000


class Nursery:
    """A process that forks when asked, and ends with this one.

    It must be made before the database is opened: SQLite does not survive a fork. What it starts is like
    any child of a job: a process that leads its own session, and dies with the one that started it.
    """

    def __init__(self) -> None:
        self.wire, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        if not os.fork():
            self.wire.close()
            become(lambda: tend(other, parent))
        other.close()

    def ask(self, question: dict[str, object]) -> int | None:
        """Put a question and wait for its answer."""
        self.wire.send(json.dumps(question).encode())
        answer: int | None = json.loads(self.wire.recv(MESSAGE_BYTES))
        return answer

    def start(self, order: ChildOrder) -> LocalChild:
        """Fork one child, as jobs.launchers.local.LocalLauncher starts one."""
        order.workdir.mkdir(parents=True, exist_ok=True)
        end_earlier(order.workdir / PROCESS_NAME)
        arguments = [
            *("--database", order.database_url, "--job", order.job_id),
            *("--fence", str(order.fence), "--workdir", str(order.workdir)),
        ]
        pid = self.ask({"arguments": arguments, "log": str(order.workdir / LOG_NAME)})
        assert pid is not None
        return LocalChild(Forked(self, pid))


class Forked:
    """What LocalChild needs to know of a process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.nursery, self.pid = nursery, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, minus the signal where one ended it; None while it runs."""
        if self.returncode is None:
            self.returncode = self.nursery.ask({"ended": self.pid})
        return self.returncode


def become(work: Callable[[], int]) -> None:
    """Be another program from here on, in a process that was just forked."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        code = work()
    finally:
        os._exit(code)


def tend(wire: socket.socket, parent: int) -> int:
    """Fork, and tell who has ended, until the other side is gone."""
    os.setsid()
    die_with(parent)
    while question := wire.recv(MESSAGE_BYTES):
        given = json.loads(question)
        if "ended" in given:
            pid, status = os.waitpid(given["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = fork_child(given["arguments"], Path(given["log"]))
        wire.send(json.dumps(answer).encode())
    return 0


def fork_child(arguments: list[str], log: Path) -> int:
    """Fork a process that runs one job; its id."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid

    def run() -> int:
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(output, 1)
        os.dup2(output, 2)
        return run_child([*arguments, "--supervisor", str(supervisor)])

    become(run)
    raise AssertionError("never reached")
