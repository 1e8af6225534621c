"""How quick pages, API and queue are with 10,000 ended jobs and a million measured points.

Targets: a tick of a page under 0.5 s (p95), a claim under 5 ms (p50). ``--jobs`` and ``--points`` choose
other sizes.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.command import describe_machine
from bench.tabs import Tab
from jobs.queue import NewJob, Queue
from jobs.store import Store
from jobs.views import Claim
from studio.bootstrap import prepare_home
from studio.settings import Settings
from tests.journeys.served import ServedStudio

JOBS, POINTS = 10_000, 1_000_000
LONGEST_SHARE = 0.05  # of all points are one training's, as after days
ROUNDS = 40
CLAIMS = 200
TICK_SECONDS, CLAIM_SECONDS = 0.5, 0.005
OUTCOMES = ("succeeded",) * 17 + ("failed",) * 2 + ("cancelled",)
KINDS = ("train", "train", "predict", "evaluate")
SERIES = (
    ("train", "loss"), ("train", "accuracy"), ("train", "rows_per_second"), ("validation", "accuracy"),
)  # fmt: skip
RECIPE = {"preset": "quick", "epochs": 3, "learning_rate": 1e-4, "batch_size": 16, "max_length": 64}


def fill(path: Path, count: int, points: int) -> str:
    """Write the rows of ended jobs; the id of the one with the most points is given back."""
    draw, now = random.Random(0), time.time()
    rows = [job_row(number, draw, now) for number in range(count)]
    trained = [row for row in rows if row["kind"] == "train"]
    longest = int(points * LONGEST_SHARE)
    with sqlite3.connect(path) as database:
        insert(database, "jobs", rows)
        insert(database, "job_events", (event for row in rows for event in event_rows(row)))
        insert(database, "models", (model_row(row) for row in trained if row["state"] == "succeeded"))
        insert(database, "job_metrics", metric_rows(trained[-1], longest))
        share = (points - longest) // (len(trained) - 1)
        insert(database, "job_metrics", (point for row in trained[:-1] for point in metric_rows(row, share)))
    database.close()
    return str(trained[-1]["id"])


def insert(database: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]] | list[Any]) -> None:
    """Insert rows that have the same columns."""
    stream = iter(rows)
    first = next(stream)
    names, places = ", ".join(first), ", ".join(f":{name}" for name in first)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"
    database.execute(statement, first)
    database.executemany(statement, stream)


def job_row(number: int, draw: random.Random, now: float) -> dict[str, Any]:
    """One job that ended some time ago."""
    kind, created = draw.choice(KINDS), now - 300.0 * (JOBS - number)
    payload = {"dataset": "tickets", "checkpoint": "minilm-l6", "model": f"model-{number}", "recipe": RECIPE}
    return {
        "id": f"{number:012x}", "kind": kind, "handler": f"studio.handlers.{kind}",
        "lane": "train" if kind == "train" else "light", "title": f"model-{number}",
        "payload": json.dumps(payload), "owner": "", "resumable": kind == "train", "priority": 0,
        "rank": created, "state": draw.choice(OUTCOMES), "attempt": 1, "attempts_allowed": 3, "kills": 0,
        "strays": 0, "fence": 1, "told": 40, "stop_asked": 0, "message": "", "created_at": created,
        "started_at": created + 5, "finished_at": created + 200, "fraction": 1.0,
    }  # fmt: skip


def event_rows(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """How a job came to its end."""
    moves = [(None, "queued", 0), ("queued", "running", 5), ("running", row["state"], 200)]
    for source, target, later in moves:
        data = {"from": source, "to": target, "reason": "Done.", "fence": 1, "worker": "w", "attempt": 1}
        yield {
            "job_id": row["id"], "at": row["created_at"] + later, "kind": "state", "data": json.dumps(data)
        }  # fmt: skip


def metric_rows(row: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """The points of one training, in turn for each series."""
    for place in range(count):
        split, name = SERIES[place % len(SERIES)]
        step = place // len(SERIES) + 1
        yield {
            "job_id": row["id"], "fence": 1, "split": split, "name": name, "step": step,
            "epoch": 3.0 * place / count, "value": 0.5 + 0.4 * place / count, "at": row["started_at"] + place,
        }  # fmt: skip


def model_row(row: dict[str, Any]) -> dict[str, Any]:
    """The model that a training left."""
    scores = {"accuracy": 0.9, "f1_macro": 0.9, "log_loss": 0.2, "ece": 0.03}
    return {
        "id": row["id"], "name": row["title"], "task": "classification", "checkpoint": "minilm-l6",
        "dataset": "tickets", "dataset_id": "d", "dataset_fingerprint": "f", "recipe": json.dumps(RECIPE),
        "labels": json.dumps(["a", "b", "c"]),
        "metrics": json.dumps({split: scores for split in ("train", "validation", "test")}),
        "best_epoch": 3.0, "parameters": 22_000_000, "trainable_parameters": 22_000_000,
        "size_bytes": 90_000_000, "seconds": 195.0, "rows_per_second": 50.0, "created_at": row["finished_at"],
    }  # fmt: skip


def measure(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each of several runs, in order of size."""
    found = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        found.append(time.monotonic() - began)
    return sorted(found)


@dataclass(frozen=True)
class Asked:
    """What asking the same often took: seconds in order of size, and the app's processor seconds of one."""

    seconds: list[float]
    processor_seconds: float | None = None


def show(what: str, asked: Asked) -> None:
    """One line of the table."""
    shown = [median(asked.seconds), p95(asked.seconds), asked.seconds[-1], asked.processor_seconds]
    cells = ["" if number is None else f"{1000 * number:.1f}" for number in shown]
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def p95(seconds: list[float]) -> float:
    """What nineteen of twenty stay under; ``seconds`` in order of size.

    >>> p95([float(number) for number in range(1, 101)])
    95.0
    """
    return seconds[max(0, round(0.95 * len(seconds)) - 1)]


def measure_claims(queue: Queue) -> list[float]:
    """Seconds of taking each of many waiting jobs."""
    for _ in range(CLAIMS):
        queue.submit(NewJob("test", "nothing", lane="bench"))
    claims: list[Claim] = []

    def claim() -> None:
        found = queue.store.claim_next("bench", "bench", 600.0)
        assert found is not None
        claims.append(found)

    seconds = measure(claim, CLAIMS)
    for each in claims:
        queue.store.finish(each.job_id, each.fence, {})
    return seconds


def measure_ticks(studio: ServedStudio, queue: Queue, page: str, chosen: str = "") -> Asked:
    """A page's tick right after something has changed, the first one with the rest."""
    tab = Tab(studio.url, page)
    tab.open()
    if page == "/jobs":
        tab.choose(1, chosen or "-")
    waiting = queue.submit(NewJob("test", "nothing", lane="nobody"))

    def change_and_ask() -> float:
        queue.set_priority(waiting.id, queue.get(waiting.id).priority + 1)
        return measure(tab.tick, 1)[0]

    asked = ask_often(studio, change_and_ask)
    tab.close()
    queue.cancel(waiting.id)
    return asked


def ask_often(studio: ServedStudio, ask: Callable[[], float]) -> Asked:
    """Ask the app the same again and again; ``ask`` gives the seconds it took."""
    assert studio.process is not None
    app = psutil.Process(studio.process.pid)
    before = sum(app.cpu_times()[:2])
    seconds = sorted(ask() for _ in range(ROUNDS))
    return Asked(seconds, (sum(app.cpu_times()[:2]) - before) / ROUNDS)


def main() -> int:
    """Exit code 0 where the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--points", type=int, default=POINTS)
    options = parser.parse_args()
    print(f"Machine: {describe_machine()}; {options.jobs:,} ended jobs, {options.points:,} points")
    with tempfile.TemporaryDirectory(prefix="studio-many-jobs-") as folder:
        settings = Settings(home=Path(folder) / "home", offline=True)
        engine = prepare_home(settings)
        longest = fill(settings.home / "studio.db", options.jobs, options.points)
        queue = Queue(Store(engine), settings.jobs_dir)
        print("| what | p50 ms | p95 ms | max ms | processor ms |\n|---|---:|---:|---:|---:|")
        claims = measure_claims(queue)
        show("a claim", Asked(claims))
        studio = ServedStudio(settings.home, "--no-worker").start()
        ticks: list[float] = []
        try:
            for page, chosen in (("/", ""), ("/jobs", ""), ("/jobs", longest), ("/results", "")):
                found = measure_ticks(studio, queue, page, chosen)
                name = f"{page}, the longest training open" if chosen else page
                show(f"a tick of {name}", found)
                ticks.append(p95(found.seconds))
            for path in ("/jobs", "/jobs?limit=1000", f"/jobs/{longest}", "/system"):
                ask = partial(measure, partial(studio.get, path), 1)
                show(f"GET /api/v1{path}", ask_often(studio, lambda ask=ask: ask()[0]))  # type: ignore[misc]
        finally:
            studio.stop()
            engine.dispose()
    return 0 if max(ticks) < TICK_SECONDS and median(claims) < CLAIM_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
