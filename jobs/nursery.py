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
import socket
import sys
from typing import Any

from setproctitle import setproctitle

from jobs.child import main as run_child
from jobs.processes import end_with_parent

MESSAGE_BYTES = 65_536
LOOK_SECONDS = 0.05


def main() -> int:
    """Import, then fork and tell until nobody listens."""
    options = read_options()
    end_with_parent(options.supervisor)
    wire = socket.socket(fileno=options.wire)
    for module in options.modules:
        importlib.import_module(module)
    # What is there now stays as it is: collecting it would copy the pages that children share.
    gc.collect()
    gc.freeze()
    tend(wire)
    return 0


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m jobs.nursery", description=__doc__)
    parser.add_argument("--wire", required=True, type=int, help="number of the inherited socket")
    parser.add_argument("--supervisor", required=True, type=int, help="process id to die with")
    parser.add_argument("modules", nargs="*", help="what to import before the first fork")
    return parser.parse_args()


def tend(wire: socket.socket) -> None:
    """Fork for each order, and tell who has ended."""
    numbers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([wire], [], [], LOOK_SECONDS if numbers else None)
        if ready:
            message, files, _, _ = socket.recv_fds(wire, MESSAGE_BYTES, 1)
            if not message:
                return
            order = json.loads(message)
            numbers[fork_child(wire, order, files[0])] = order["number"]
            os.close(files[0])
        for pid in list(numbers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                tell(wire, numbers.pop(pid), pid, os.waitstatus_to_exitcode(status))


def fork_child(wire: socket.socket, order: dict[str, Any], output: int) -> int:
    """Fork a process that runs one job; its id. The process itself ends within, by SystemExit."""
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
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
