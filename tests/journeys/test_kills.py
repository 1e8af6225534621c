"""kill -9 of the trainer, the worker, the studio, and of all at once, while a model is trained."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psutil
import pytest

from jobs.database import make_engine
from jobs.store import Store
from tests.conftest import small_rows, write_csv
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.slow

SETTINGS = {"epochs": 2, "batch_size": 8}
LEASE_SECONDS = 15.0
CHANCE = random.Random(4)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStudio]:
    """One studio for all, started again by whoever killed it."""
    folder = tmp_path_factory.mktemp("kills")
    served = ServedStudio(folder / "home").start()
    table = write_csv(folder / "small.csv", small_rows(), ("text", "label"))
    served.run("dataset", "import", str(table), "--name", "small")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def undisturbed(studio: ServedStudio) -> dict[str, float]:
    """What a training says that nobody disturbs."""
    return told_by(studio, train(studio))


def train(studio: ServedStudio) -> str:
    """Queue a training; the job's id."""
    body = {"dataset": "small", "checkpoint": "minilm-l6", "recipe": SETTINGS}
    return str(studio.call("POST", "/jobs", body)["id"])


def told_by(studio: ServedStudio, job_id: str) -> dict[str, float]:
    """Every point and test score of a training, once it has ended."""
    studio.wait_for_job("succeeded")
    points = store_of(studio).telemetry.metrics(job_id, max_points=100_000)
    model = next(model for model in studio.get("/models") if model["job"] == job_id)
    scores = {f"tested {name}": value for name, value in model["metrics"]["test"].items()}
    return scores | {
        f"{point.split} {point.name} at {point.step}": point.value
        for point in points
        if point.name != "rows_per_second"
    }


def store_of(studio: ServedStudio) -> Store:
    """The record of its jobs."""
    return Store(make_engine(f"sqlite:///{studio.home / 'studio.db'}"))


def newest_worker(studio: ServedStudio) -> datetime:
    """When the worker that was started last began to work."""
    return store_of(studio).roster.workers()[0].started_at


def find_process(studio: ServedStudio, word: str) -> psutil.Process:
    """The studio's process whose command has this word."""
    return next(process for process in studio.children() if word in " ".join(process.cmdline()).split())


def wait_for_step(studio: ServedStudio, step: int) -> None:
    """Wait until the newest job has made a step."""
    deadline = time.monotonic() + 120
    while (studio.get("/jobs")[0]["progress"]["step"] or 0) < step:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("victim", ["trainer", "worker", "studio", "all"])
def test_a_training_ends_with_the_numbers_of_an_undisturbed_one(
    studio: ServedStudio, undisturbed: dict[str, float], victim: str
) -> None:
    job = train(studio)
    wait_for_step(studio, CHANCE.randint(1, 8))
    time.sleep(CHANCE.uniform(0, 0.5))
    killed_at = datetime.now(UTC)
    if victim in {"trainer", "worker"}:
        find_process(studio, "jobs.child" if victim == "trainer" else "worker").kill()
    else:
        assert studio.process is not None
        family = studio.children() if victim == "all" else []
        for process in [psutil.Process(studio.process.pid), *family]:
            process.kill()
        studio.process.wait()
        studio.start()
    told = told_by(studio, job)
    assert told == pytest.approx(undisturbed, abs=1e-4)
    claims = [
        datetime.fromisoformat(event["at"])
        for event in studio.get(f"/jobs/{job}/events")
        if event["data"].get("to") == "running"
    ]
    assert len(claims) == 2
    # How long this machine takes to start Python is not the queue's: it counts from when a worker is there.
    since = max(killed_at, newest_worker(studio))
    assert (claims[1] - since).total_seconds() < LEASE_SECONDS + 5
