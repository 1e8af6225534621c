"""Another program holds the database for half a minute."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from jobs.errors import CannotWrite
from jobs.states import JobState
from jobs.views import JobView
from tests.jobs.bench import Bench

LOCKED_SECONDS = 30.0
PATIENCE_SECONDS = 20.0
HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("COMMIT")
"""


def test_a_database_that_another_process_locks_for_30_seconds_loses_nothing(bench: Bench) -> None:
    running = bench.submit("count_slowly", {"steps": 20}, resumable=True)
    bench.start_worker()
    bench.wait_file(running, "steps")
    command = [sys.executable, "-c", HOLD, str(bench.engine.url.database), str(LOCKED_SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
        began = time.monotonic()
        submitted: list[JobView] = []
        late = threading.Timer(
            LOCKED_SECONDS - 12, lambda: submitted.append(bench.submit("report_and_succeed"))
        )
        late.start()
        with pytest.raises(CannotWrite, match="another program") as refused:
            bench.submit("report_and_succeed", key="early")
        waited = time.monotonic() - began
        late.join()
        assert holder.wait(LOCKED_SECONDS) == 0
    assert PATIENCE_SECONDS - 5 <= waited < LOCKED_SECONDS
    assert "Try again" in refused.value.hint
    assert bench.queue.find_by_key("early") is None
    done = bench.queue.wait(running.id, 60, 0.1)
    assert (done.state, done.error) == (JobState.SUCCEEDED, None)
    assert [point.step for point in bench.queue.metrics(running.id)] == list(range(1, 21))
    assert bench.queue.wait(submitted[0].id, 60, 0.1).state is JobState.SUCCEEDED
