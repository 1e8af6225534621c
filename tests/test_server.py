"""The studio says that it is ready when it is, and why not where it cannot be."""

from __future__ import annotations

import contextlib
import platform
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from studio.errors import Conflict, InvalidInput
from studio.server import WORKER_RESTART_SECONDS, WorkerKeeper, listen
from studio.settings import Settings
from tests.jobs.bench import wait_until
from tests.journeys.served import ROOT, ServedStudio, free_port


def test_a_taken_port_is_named_before_anything_is_said_to_be_ready(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "studio", "--home", str(tmp_path / "home"), "serve", "--no-worker"]
        done = subprocess.run(
            [*command, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"Port {port} is in use.\n")
    assert "--port" in done.stderr
    assert "ready" not in done.stderr and "Errno" not in done.stderr


def test_who_connects_after_ready_was_said_is_answered_and_the_port_is_free_afterwards(
    tmp_path: Path,
) -> None:
    served = ServedStudio(tmp_path / "home", "--no-worker").start()
    try:
        assert f"ready on http://127.0.0.1:{served.port}" in served.log()
    finally:
        served.stop()
    assert served.process is not None and served.process.returncode == 0
    socket.create_server(("127.0.0.1", served.port)).close()


def test_sigterm_ends_it_as_ctrl_c_does_after_its_worker(tmp_path: Path) -> None:
    served = ServedStudio(tmp_path / "home").start()
    wait_until(lambda: served.children(), seconds=30)
    family = served.children()
    assert served.process is not None
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) == 0
    assert [process for process in family if process.is_running()] == []


def test_what_is_written_to_a_connection_is_sent_at_once(settings: Settings) -> None:
    port = free_port()
    (line,) = listen(Settings(home=settings.home, port=port))
    with line, socket.create_connection(("127.0.0.1", port)):
        answering, _ = line.accept()
        with answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_name_of_several_addresses_is_listened_to_on_those_this_machine_has(settings: Settings) -> None:
    port = free_port()
    lines = listen(Settings(home=settings.home, host="localhost", port=port))
    assert ("127.0.0.1", port) in [line.getsockname()[:2] for line in lines]
    with pytest.raises(Conflict, match=f"Port {port} is in use"):
        listen(Settings(home=settings.home, port=port))
    for line in lines:
        line.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_named_with_what_to_do(settings: Settings, host: str) -> None:
    with pytest.raises(InvalidInput, match=host) as caught:
        listen(Settings(home=settings.home, host=host, port=free_port()))
    assert "--host" in caught.value.hint


def workers_here() -> list[psutil.Process]:
    """The worker processes that this one has started."""
    return [process for process in psutil.Process().children() if "worker" in process.cmdline()]


def test_a_worker_that_could_not_be_started_again_for_a_while_is_started_later(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", offline=True)
    settings.make_folders()
    log = settings.home / "worker.log"
    with contextlib.closing(WorkerKeeper(settings, 0)):
        (first,) = workers_here()
        log.unlink()
        log.mkdir()  # no file can be opened there
        first.kill()
        time.sleep(2 * WORKER_RESTART_SECONDS)
        assert workers_here() == []
        log.rmdir()
        wait_until(lambda: len(workers_here()) == 1, seconds=30)
    assert workers_here() == []


COUNTS_POOLS = """
import ctypes, sys, tempfile, threading
from studio.server import share_memory

if sys.argv[1] == "shared":
    share_memory()
meet = threading.Barrier(8)

def take():
    meet.wait()
    kept = [bytes(2000) for _ in range(20_000)]
    meet.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
glibc = ctypes.CDLL(None)
glibc.fdopen.restype = ctypes.c_void_p
with tempfile.TemporaryFile("w+") as file:
    stream = ctypes.c_void_p(glibc.fdopen(file.fileno(), b"w"))
    glibc.malloc_info(0, stream)
    glibc.fflush(stream)
    file.seek(0)
    print(file.read().count("<heap nr="))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a pool for each thread")
def test_the_threads_of_the_server_take_memory_from_two_pools() -> None:
    counts = [
        int(subprocess.check_output([sys.executable, "-c", COUNTS_POOLS, how], cwd=ROOT))
        for how in ("shared", "as it comes")
    ]
    assert counts[0] == 2 < counts[1], counts
