"""A queue whose workers and jobs' processes are killed, or stopped for a while, at random."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
from sqlalchemy import Connection, text

from jobs.audit import Expected, audit, read_records
from jobs.bells import Stop
from jobs.context import JobContext, Outcome
from jobs.database import make_engine, upgrade, write
from jobs.latency import Latency
from jobs.launchers.local import LocalLauncher
from jobs.launchers.nursery import NurseryLauncher
from jobs.queue import Queue
from jobs.slots import Slot
from jobs.states import JobState
from jobs.store import Store
from jobs.views import NewJob
from jobs.worker import Worker, WorkerOptions

HANDLER = "bench.kill_yard.count_and_succeed"
STEPS = 3
LEASES_STOPPED = 3


@dataclass(frozen=True)
class Plan:
    """What is run; ``stopping``: processes are stopped for three leases, not killed; at most ``most_hits``.

    ``forked``: jobs' processes are forked from a prepared one instead of started anew. A job sleeps for
    ``step_seconds`` three times: the shorter, the more claims wait for a core and not for the queue.
    """

    jobs: int = 1000
    workers: int = 8
    seconds_between: float = 1.0
    stopping: bool = False
    most_hits: int = 1_000_000
    forked: bool = False
    step_seconds: float = 0.4
    lease_seconds: float = 2.0
    patience_seconds: float = 3600.0
    seed: int = 0


@dataclass
class Report:
    """What came of it; ``broken`` has a sentence for each broken promise, times are in seconds."""

    seconds: float = 0.0
    workers_hit: int = 0
    children_hit: int = 0
    claims: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class TimedClaims(Latency):
    """Keeps each duration of a claim in a file too, which outlives the worker."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.stream = path.open("a", buffering=1)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        super().add(seconds)
        self.stream.write(f"{seconds}\n")


def count_and_succeed(context: JobContext) -> Outcome:
    """Tell a few steps, and enter the job as done in the transaction of its success."""
    for step in range(1, STEPS + 1):
        context.progress(step=step, steps=STEPS)
        context.metric("count", step, split="train", step=step)
        time.sleep(context.payload["step_seconds"])
    statement = text("INSERT INTO done (job_id) VALUES (:job_id)")

    def publish(connection: Connection) -> None:
        connection.execute(statement, {"job_id": context.job_id})

    return Outcome({"steps": STEPS}, publish)


def work(url: str, folder: Path, place: int, plan: Plan) -> None:
    """Be one worker with one place, until ended."""
    launcher = NurseryLauncher((HANDLER.rpartition(".")[0],)) if plan.forked else LocalLauncher()
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    logging.basicConfig(filename=folder / "workers.log")
    lanes = {"train": (Slot(f"bench/{place}"),)}
    options = WorkerOptions(folder / "jobs", lanes, lease_seconds=plan.lease_seconds, poll_seconds=0.1)
    worker = Worker(Store(make_engine(url)), options, launcher)
    worker.latency = TimedClaims(folder / f"claims-{place}.txt")
    worker.run(stop)


class Yard:
    """The queue in a folder, its workers, and whoever kills them."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.url = f"sqlite:///{folder / 'studio.db'}"
        self.store = Store(make_engine(self.url))
        self.random = random.Random(plan.seed)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["bench.kill_yard"])  # workers come back in no time
        self.workers: dict[int, BaseProcess] = {}
        self.stopped: dict[int, float] = {}
        self.report = Report()

    def fill(self) -> None:
        """Make the tables and queue every job."""
        upgrade(self.store.engine)
        table = text("CREATE TABLE done (job_id TEXT)")
        write(self.store.engine, lambda connection: connection.execute(table))
        queue = Queue(self.store, self.folder / "jobs")
        payload = {"step_seconds": self.plan.step_seconds}
        for number in range(self.plan.jobs):
            queue.submit(NewJob("bench", HANDLER, payload, title=f"Job {number}", attempts_allowed=50))

    def keep_workers(self) -> None:
        """Start a worker at each place that has none."""
        for place in range(self.plan.workers):
            if place in self.workers and self.workers[place].is_alive():
                continue
            given = (self.url, self.folder, place, self.plan)
            self.workers[place] = self.context.Process(target=work, args=given)
            self.workers[place].start()

    def run(self) -> Report:
        """Disturb until every job has ended."""
        self.fill()
        began = time.monotonic()
        next_hit = began + self.plan.seconds_between
        try:
            while self.count_unfinished() and time.monotonic() - began < self.plan.patience_seconds:
                self.keep_workers()
                hits = self.report.workers_hit + self.report.children_hit
                if time.monotonic() >= next_hit and hits < self.plan.most_hits:
                    self.hit()
                    next_hit += self.plan.seconds_between
                self.wake()
                time.sleep(0.1)
        finally:
            self.end()
        self.report.seconds = time.monotonic() - began
        self.report.claims = sorted(self.read_claims())
        self.report.broken = self.find_broken()
        return self.report

    def count_unfinished(self) -> int:
        """How many jobs have not ended."""
        return len(self.store.list_unfinished())

    def hit(self) -> None:
        """Kill or stop a worker, or the process of a job, as chance has it."""
        pid = self.random.choice(list(self.workers.values())).pid
        assert pid is not None
        target = pid
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            running = psutil.Process(pid).children()
            if self.plan.forked:
                running = [process for nursery in running for process in nursery.children()]
            if running and self.random.random() < 0.5:
                target = running[0].pid
            os.kill(target, signal.SIGSTOP if self.plan.stopping else signal.SIGKILL)
            if self.plan.stopping:
                self.stopped[target] = time.monotonic() + LEASES_STOPPED * self.plan.lease_seconds
            self.report.workers_hit += target == pid
            self.report.children_hit += target != pid

    def wake(self, everyone: bool = False) -> None:
        """Let those go on whose time is over."""
        now = time.monotonic()
        for pid, until in list(self.stopped.items()):
            if everyone or now >= until:
                del self.stopped[pid]
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def end(self) -> None:
        """End every worker, and with them their children."""
        self.wake(everyone=True)
        for worker in self.workers.values():
            worker.terminate()
        for worker in self.workers.values():
            worker.join(20)
            if worker.is_alive():
                worker.kill()
                worker.join()

    def read_claims(self) -> Iterator[float]:
        """How long each claim took; a line that a kill cut short counts not."""
        for path in self.folder.glob("claims-*.txt"):
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    yield float(line)

    def find_broken(self) -> list[str]:
        """Every promise that was broken, a sentence each."""
        expected = Expected({("train", "count"): range(1, STEPS + 1)}, ended=True)
        records = read_records(self.store.engine)
        broken = [sentence for record in records for sentence in audit(record, expected)]
        with self.store.engine.connect() as connection:
            done = Counter(connection.scalars(text("SELECT job_id FROM done")))
            if connection.scalar(text("PRAGMA integrity_check")) != "ok":
                broken.append("The database is damaged.")
        for row in (record.row for record in records):
            if row["state"] != JobState.SUCCEEDED or done[row["id"]] != 1:
                broken.append(f"Job {row['id']} is {row['state']} and was done {done[row['id']]} times.")
        if len(records) != self.plan.jobs:
            broken.append(f"Of {self.plan.jobs} jobs, {len(records)} are there.")
        return broken
