"""Seconds from a waiting job to the first line of its handler: started anew, and forked by the nursery.

The handler is the studio's own that evaluates a model: it fails at once, as there is none, and that will do.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path
from statistics import median

from bench.command import clean_up_on_sigterm, describe_machine
from jobs.bells import Stop
from jobs.launchers.launcher import Launcher
from jobs.launchers.local import LocalLauncher
from jobs.launchers.nursery import NurseryLauncher
from jobs.queue import NewJob, Queue
from jobs.store import Store
from jobs.worker import Worker, WorkerOptions
from studio.bootstrap import prepare_home
from studio.settings import Settings

MODULE = "studio.handlers"


def seconds_of_jobs(home: Path, launcher: Launcher, jobs: int) -> list[float]:
    """Seconds of each of some jobs, one after another, from waiting to ended."""
    settings = Settings.from_environment(home, offline=True)
    store = Store(prepare_home(settings))
    queue, stop = Queue(store, settings.jobs_dir), Stop()
    worker = Worker(store, WorkerOptions(settings.jobs_dir, poll_seconds=0.02), launcher)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    took = []
    try:
        for _ in range(jobs):
            job = queue.submit(NewJob("evaluate", f"{MODULE}.evaluate", {}))
            view = queue.wait(job.id, 120, 0.02)
            assert view.finished_at is not None
            took.append((view.finished_at - view.created_at).total_seconds())
    finally:
        stop.set()
        thread.join()
    return took


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5)
    options = parser.parse_args()
    clean_up_on_sigterm()
    print(f"{describe_machine()}; {options.jobs} jobs one after another, seconds from waiting to ended")
    print("\n| children | the first | median of the others |\n|---|---:|---:|")
    ways = {"started anew": LocalLauncher(), "forked": NurseryLauncher((MODULE,))}
    for name, launcher in ways.items():
        with tempfile.TemporaryDirectory(prefix="bench-starts-") as home:
            first, *others = seconds_of_jobs(Path(home), launcher, options.jobs)
        print(f"| {name} | {first:.2f} | {median(others):.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
