"""A cancel and the end of the work at the same moment: one of them wins, and all agree which."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, text

from jobs.audit import Expected, audit, read_records
from jobs.database import make_engine, write
from jobs.states import JobState
from jobs.store import Store
from tests.jobs.bench import Bench
from tests.jobs.store_calls import claim, new

RACES = 1000
LONGEST_DELAY_SECONDS = 0.004


def publish_as(job_id: str) -> Callable[[Connection], None]:
    """What a success publishes: one row that names the job."""
    statement = text("INSERT INTO done (job_id) VALUES (:job_id)")

    def publish(connection: Connection) -> None:
        connection.execute(statement, {"job_id": job_id})

    return publish


def test_a_cancel_that_races_completion_a_thousand_times_has_one_winner_each_time(bench: Bench) -> None:
    write(bench.engine, lambda connection: connection.execute(text("CREATE TABLE done (job_id TEXT)")))
    runner, people = (Store(make_engine(bench.url)) for _ in range(2))
    chance = random.Random(0)
    finished: dict[str, bool] = {}
    both = threading.Barrier(2)

    def ask(job_id: str, delay: float) -> None:
        both.wait()
        time.sleep(delay)
        people.wishes.cancel(job_id)

    with ThreadPoolExecutor(1) as pool:
        for _ in range(RACES):
            job = bench.store.add(new())
            held = claim(runner)
            asked = pool.submit(ask, job.id, chance.uniform(0, LONGEST_DELAY_SECONDS))
            both.wait()
            time.sleep(chance.uniform(0, LONGEST_DELAY_SECONDS))
            finished[job.id] = runner.finish(job.id, held.fence, {}, publish_as(job.id))
            asked.result()
            assert finished[job.id] or runner.confirm_cancel(job.id, held.fence)

    with bench.engine.connect() as connection:
        done = Counter(connection.scalars(text("SELECT job_id FROM done")))
    records = read_records(bench.engine)
    states = {record.row["id"]: record.row["state"] for record in records}
    assert states == {
        job_id: JobState.SUCCEEDED if won else JobState.CANCELLED for job_id, won in finished.items()
    }
    assert done == Counter(job_id for job_id, won in finished.items() if won)
    assert [sentence for record in records for sentence in audit(record, Expected(ended=True))] == []
    assert 0 < len(done) < RACES, "one side always won: the moments were not random"
