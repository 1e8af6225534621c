"""Workers and children killed at the worst moment, and runners that come back too late."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from jobs.launchers.launcher import ChildOrder
from jobs.launchers.local import PROCESS_NAME, LocalLauncher
from jobs.moves import Loss
from jobs.states import JobState
from tests.jobs.bench import ROOT, Bench, is_running, wait_until


def test_a_killed_worker_takes_its_child_along_and_another_takes_over(bench: Bench) -> None:
    job = bench.submit("wait_on_first_attempt")
    first = bench.start_worker_process(lease_seconds=1.5)
    pid = bench.wait_ready(job)
    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_until(lambda: not is_running(pid), seconds=10)
    bench.start_worker(lease_seconds=1.5)
    done = bench.queue.wait(job.id, 15, 0.05)
    assert (done.state, done.result) == (JobState.SUCCEEDED, {"attempt": 2})
    reasons = [event.data["reason"] for event in bench.queue.events_after(job.id)]
    assert any("stopped answering" in reason for reason in reasons)


def test_a_worker_process_stops_in_good_order_when_asked(bench: Bench) -> None:
    job = bench.submit("wait_for_cancel")
    process = bench.start_worker_process()
    pid = bench.wait_ready(job)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert not is_running(pid)
    back = bench.queue.get(job.id)
    assert (back.state, back.attempt) == (JobState.QUEUED, 0)


def test_a_worker_that_slept_through_its_lease_leaves_the_job_to_the_other(bench: Bench) -> None:
    job = bench.submit("wait_on_first_attempt")
    sleeper = bench.start_worker_process(lease_seconds=1.0)
    pid = bench.wait_ready(job)
    bench.suspend(sleeper)
    bench.start_worker(lease_seconds=1.0)
    done = bench.queue.wait(job.id, 15, 0.05)
    assert (done.state, done.result) == (JobState.SUCCEEDED, {"attempt": 2})
    wait_until(lambda: not is_running(pid), seconds=10)  # the child saw the new fence by itself
    sleeper.send_signal(signal.SIGCONT)
    sleeper.send_signal(signal.SIGTERM)
    assert sleeper.wait(15) == 0
    assert bench.queue.get(job.id) == done


def test_two_workers_run_each_job_once(bench: Bench) -> None:
    jobs = [bench.submit("report_and_succeed") for _ in range(6)]
    stops = [bench.start_worker(places={"train": 2}) for _ in range(2)]
    assert len(stops) == 2
    for job in jobs:
        assert bench.queue.wait(job.id, 30, 0.05).state is JobState.SUCCEEDED
        moves = [event.data["to"] for event in bench.queue.events_after(job.id)]
        assert moves == ["queued", "running", "succeeded"]
        assert bench.queue.log_tail(job.id).count("half way") == 1


def test_a_child_whose_job_was_given_away_ends_itself(bench: Bench) -> None:
    job = bench.submit("ignore_cancel")
    claim = bench.store.claim_next("by hand", "train", 60.0)
    assert claim is not None
    order = ChildOrder(bench.url, job.id, claim.fence, bench.queue.jobs_dir / job.id)
    child = LocalLauncher().start(order)
    bench.wait_ready(job)
    bench.store.lose(claim, Loss("taken away by the test"))
    wait_until(lambda: child.exit_code() is not None, seconds=10)
    assert child.exit_code() == -signal.SIGKILL
    assert "given to another process" in bench.queue.log_tail(job.id)


def test_a_child_started_under_an_old_fence_does_nothing(bench: Bench) -> None:
    job = bench.submit("report_and_succeed")
    claim = bench.store.claim_next("by hand", "train", 60.0)
    assert claim is not None
    bench.store.lose(claim, Loss("taken away by the test"))
    child = LocalLauncher().start(ChildOrder(bench.url, job.id, claim.fence, bench.queue.jobs_dir / job.id))
    wait_until(lambda: child.exit_code() is not None, seconds=10)
    assert child.exit_code() == 76
    assert not (bench.queue.jobs_dir / job.id / PROCESS_NAME).exists(), "whose the folder is stays known"
    assert bench.queue.get(job.id).state is JobState.QUEUED
    assert "half way" not in bench.queue.log_tail(job.id)


PARENT = """
import os, subprocess, sys, time
from pathlib import Path

code = "import os, sys, time; from jobs.processes import end_with_parent; time.sleep(float(sys.argv[2]));"
code += "end_with_parent(int(sys.argv[1])); print(flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code, str(os.getpid()), sys.argv[1]], stdout=subprocess.PIPE)
if sys.argv[1] == "0":
    child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("late_seconds", ["0", "2"])
def test_what_a_killed_process_has_started_ends_with_it(late_seconds: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, late_seconds], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_running(child), seconds=10)
    parent.stdout.close()
