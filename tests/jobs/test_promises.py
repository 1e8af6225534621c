"""What a job's process may do at its end, and what becomes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from jobs.launchers.launcher import ChildOrder
from jobs.launchers.local import PROCESS_NAME, LocalLauncher
from jobs.slots import Slot
from jobs.states import JobState
from tests.jobs.bench import Bench, is_running, wait_until


def test_a_process_that_ends_with_exit_code_0_and_no_result_has_failed(bench: Bench) -> None:
    job = bench.submit("exit_without_result", attempts_allowed=3)
    bench.run_all(lease_seconds=30.0)
    failed = bench.queue.get(job.id)
    assert (failed.state, failed.attempt) == (JobState.FAILED, 1)
    assert failed.error is not None and failed.error.code == "no_result"


def test_exit_code_1_after_the_result_was_complete_is_a_success_with_a_note(bench: Bench) -> None:
    job = bench.submit("end_badly_after_success")
    bench.run_all(lease_seconds=30.0)
    done = bench.queue.get(job.id)
    assert (done.state, done.result) == (JobState.SUCCEEDED, {"answer": 42})
    last = bench.queue.events_after(job.id)[-1]
    assert last.kind == "note"
    assert "exit code 1" in last.data["reason"]


def test_a_crash_loop_waits_ever_longer_and_stops_with_a_sentence(bench: Bench) -> None:
    job = bench.submit("die_at_first", {"deaths": 9}, attempts_allowed=3)
    bench.run_all(lease_seconds=30.0)
    failed = bench.queue.get(job.id)
    assert (failed.state, failed.attempt) == (JobState.FAILED, 3)
    assert failed.error is not None
    assert "tried 3 times" in failed.error.message and failed.error.hint
    moves = [event for event in bench.queue.events_after(job.id) if event.kind == "state"]
    waits = [
        (later.at - earlier.at).total_seconds()
        for earlier, later in pairwise(moves)
        if earlier.data["from"] == "running" and later.data["to"] == "running"
    ]
    assert len(waits) == 2
    assert waits[0] >= 2.0 and waits[1] >= 4.0


def test_a_process_number_that_another_program_got_is_not_killed(bench: Bench) -> None:
    job = bench.submit("report_and_succeed")
    held = bench.store.claim_next("by hand", "train", 60.0)
    assert held is not None
    workdir = bench.queue.jobs_dir / job.id
    workdir.mkdir(parents=True)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        # The job's earlier process had this number, and started at another time.
        (workdir / PROCESS_NAME).write_text(json.dumps({"pid": stranger.pid, "mark": "here:1"}))
        child = LocalLauncher().start(ChildOrder(bench.url, job.id, held.fence, workdir))
        wait_until(lambda: child.exit_code() is not None)
        assert stranger.poll() is None
        assert bench.queue.get(job.id).state is JobState.SUCCEEDED
    finally:
        stranger.communicate(b"\n")


def test_two_workers_never_share_a_device_and_a_job_sees_only_its_own(bench: Bench) -> None:
    lanes = {
        "train": tuple(Slot(f"here/cuda:{n}", {"CUDA_VISIBLE_DEVICES": f"GPU-{n}"}) for n in range(2)),
    }
    jobs = [bench.submit("tell_device") for _ in range(6)]
    for _ in range(2):
        bench.start_worker(lanes=lanes, lease_seconds=30.0)
    results = [bench.queue.wait(job.id, 60, 0.05).result or {} for job in jobs]
    assert {result["device"] for result in results} == {"GPU-0", "GPU-1"}
    for device in ("GPU-0", "GPU-1"):
        times = sorted((r["began"], r["ended"]) for r in results if r["device"] == device)
        assert all(before[1] <= after[0] for before, after in pairwise(times))


@pytest.mark.parametrize("kernel_helps", [True, False])
def test_a_process_whose_supervisor_was_killed_is_gone_within_ten_seconds(kernel_helps: bool) -> None:
    child = (
        "import os, sys, time\n"
        "from jobs.child import die_with\n"
        f"sys.platform = {sys.platform if kernel_helps else 'another'!r}\n"
        "die_with(os.getppid())\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], start_new_session=True)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not is_running(pid), seconds=10)
