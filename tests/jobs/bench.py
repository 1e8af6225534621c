"""A queue on a real SQLite file, with workers in threads and processes, for the tests."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jobs.bells import Stop
from jobs.database import make_engine
from jobs.queue import JobView, NewJob, Queue
from jobs.slots import count_slots
from jobs.store import Store
from jobs.worker import Worker, WorkerOptions

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """A queue with its folder, and the means to run it; ends what it started."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self.store = Store(self.engine)
        self.queue = Queue(self.store, folder / "jobs")
        self.threads: list[tuple[threading.Thread, Stop]] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def submit(self, handler: str, payload: dict | None = None, **fields: object) -> JobView:
        """Queue a job of tests.jobs.handlers_for_tests."""
        name = f"tests.jobs.handlers_for_tests.{handler}"
        return self.queue.submit(NewJob("test", name, payload or {}, **fields))

    def options(self, places: dict[str, int] | None = None, **changes: object) -> WorkerOptions:
        """Short times, so that the tests are quick; ``places``: how many jobs of each lane run at once."""
        if places is not None:
            changes["lanes"] = count_slots("here", places)
        return WorkerOptions(self.queue.jobs_dir, **{"lease_seconds": 3.0, "poll_seconds": 0.05} | changes)

    def run_all(self, **changes: object) -> None:
        """Work in this thread until nothing is left."""
        Worker(self.store, self.options(once=True, **changes)).run(Stop())

    def start_worker(self, **changes: object) -> Stop:
        """Work in a thread until what is returned is set."""
        stop = Stop()
        worker = Worker(self.store, self.options(**changes))
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        self.threads.append((thread, stop))
        return stop

    def stop_workers(self) -> None:
        """Stop the workers in threads and wait for their end."""
        for thread, stop in self.threads:
            stop.set()
            thread.join(20)
        self.threads.clear()

    def start_worker_process(self, lease_seconds: float = 1.5) -> subprocess.Popen[bytes]:
        """Work in a process of its own."""
        command = [sys.executable, "-m", "tests.jobs.worker_process", self.url, str(self.queue.jobs_dir)]
        process = subprocess.Popen([*command, str(lease_seconds)], cwd=ROOT)
        self.processes.append(process)
        return process

    def suspend(self, process: subprocess.Popen[bytes]) -> None:
        """Stop a worker where it does not hold the database: in the middle of a write it would keep it."""
        while True:
            process.send_signal(signal.SIGSTOP)
            with contextlib.closing(sqlite3.connect(self.engine.url.database, timeout=3)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError:
                    process.send_signal(signal.SIGCONT)

    def wait_ready(self, job: JobView) -> int:
        """Wait until the job's handler runs, and give its process id."""
        return int(self.wait_file(job, "ready"))

    def wait_file(self, job: JobView, name: str) -> str:
        """Wait for a file in the job's folder and give its text."""
        path = self.queue.jobs_dir / job.id / name
        wait_until(path.exists)
        return path.read_text()

    def close(self) -> None:
        """End everything."""
        self.stop_workers()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        self.engine.dispose()


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to come true, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not true after {seconds} s"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process lives; one that ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")
