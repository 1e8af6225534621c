"""A worker in a process of its own: ``python -m tests.jobs.worker_process URL JOBS_DIR LEASE_SECONDS``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from jobs.bells import Stop
from jobs.database import make_engine
from jobs.store import Store
from jobs.worker import Worker, WorkerOptions


def main(url: str, jobs_dir: str, lease_seconds: str) -> None:
    """Work until SIGTERM."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = WorkerOptions(Path(jobs_dir), lease_seconds=float(lease_seconds), poll_seconds=0.05)
    Worker(Store(make_engine(url)), options).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
