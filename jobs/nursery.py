"""The process that forks children: ``python -m jobs.nursery --wire FD --supervisor PID MODULE ...``.

Orders come as JSON over a socket, each with the file that its child writes to; back goes ``{"number", "pid",
"code"}`` when a child has begun (code null) and when it has ended. Ends when the other side hangs up.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any

from setproctitle import setproctitle

from jobs.child import main as run_child
from jobs.launchers.nursery import MESSAGE_BYTES
from jobs.processes import end_with_parent

EXIT_NOT_FORKED = 71
LOOK_SECONDS = 0.05


def main() -> int:
    """Import, then fork and tell until nobody listens."""
    options = read_options()
    end_with_parent(options.supervisor)
    # Whoever asks every process to end means the children; the worker ends this one.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wire = socket.socket(fileno=options.wire)
    for module in options.modules:
        load(module)
    # What is there now stays as it is: collecting it would copy the pages that children share.
    gc.collect()
    gc.freeze()
    tend(wire)
    return 0


def load(module: str) -> None:
    """Import a module; one that fails here fails each child that needs it, which says so in its job's log."""
    try:
        importlib.import_module(module)
    except Exception:  # noqa: BLE001 - whatever a module raises
        traceback.print_exc()


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m jobs.nursery", description=__doc__)
    parser.add_argument("--wire", required=True, type=int, help="number of the inherited socket")
    parser.add_argument("--supervisor", required=True, type=int, help="process id to die with")
    parser.add_argument("modules", nargs="*", help="what to import before the first fork")
    return parser.parse_args()


def tend(wire: socket.socket) -> None:
    """Fork for each order, and tell who has ended."""
    nursery, numbers = os.getpid(), dict[int, int]()
    while True:
        ready, _, _ = select.select([wire], [], [], LOOK_SECONDS if numbers else None)
        if ready:
            message, files, _, _ = socket.recv_fds(wire, MESSAGE_BYTES, 1)
            if not message:
                return
            order = json.loads(message)
            pid = fork()
            if pid == 0:
                be_child(nursery, wire, order, files)
            elif pid is None:
                tell(wire, order["number"], 0, EXIT_NOT_FORKED)
            else:
                numbers[pid] = order["number"]
            for file in files:
                os.close(file)
        for pid in list(numbers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                tell(wire, numbers.pop(pid), pid, os.waitstatus_to_exitcode(status))


def fork() -> int | None:
    """The id of a new process, 0 within it; None where no more processes are allowed."""
    try:
        return os.fork()
    except OSError:
        traceback.print_exc()
        return None


def be_child(nursery: int, wire: socket.socket, order: dict[str, Any], files: list[int]) -> None:
    """Run one job in a process that was just forked by ``nursery``, and end that process."""
    os.setsid()
    for output in files:  # one, unless this process may open no more
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.update(order["environment"])
    setproctitle(f"python -m jobs.child --job {order['job']} --fence {order['fence']}")
    # Told from here and not by the nursery: only now can the group be signalled.
    tell(wire, order["number"], os.getpid(), None)
    wire.close()
    sys.exit(run_child([*order["arguments"], "--supervisor", str(nursery)]))


def tell(wire: socket.socket, number: int, pid: int, code: int | None) -> None:
    """Say that a child has begun or ended; whoever does not listen any more need not know."""
    try:
        wire.send(json.dumps({"number": number, "pid": pid, "code": code}).encode())
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
