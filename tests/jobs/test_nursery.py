"""Children that are forked keep every promise that those started anew keep."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from jobs.bells import Stop
from jobs.launchers.nursery import NurseryLauncher, is_forking_safe
from jobs.logs import LOG_NAME
from jobs.queue import JobView, NewJob
from jobs.slots import Slot
from jobs.states import JobState
from jobs.worker import Worker
from tests.jobs.bench import Bench, is_running, wait_until

pytestmark = pytest.mark.skipif(not is_forking_safe(), reason="forks only where that is safe")
HANDLERS = "tests.jobs.handlers_for_tests"
SLOW = "tests.jobs.slow_to_import"


class Forking:
    """A worker in a thread that forks the children of some modules."""

    def __init__(self, bench: Bench, modules: tuple[str, ...], **changes: object) -> None:
        self.launcher = NurseryLauncher(modules)
        self.stop = Stop()
        worker = Worker(bench.store, bench.options(**changes), self.launcher)
        self.thread = threading.Thread(target=worker.run, args=(self.stop,))
        self.thread.start()

    def end(self) -> None:
        """Let it end in good order."""
        self.stop.set()
        self.thread.join(30)


@pytest.fixture
def forking(bench: Bench) -> Iterator[Forking]:
    """Its nursery knows the handlers."""
    made = Forking(bench, (HANDLERS,))
    yield made
    made.end()


def nurseries() -> list[psutil.Process]:
    """Those of this process that live."""
    return [one for one in psutil.Process().children() if "jobs.nursery" in " ".join(one.cmdline())]


def ended(bench: Bench, job: JobView) -> JobView:
    """The job once it has ended."""
    return bench.queue.wait(job.id, 60, 0.05)


def test_jobs_are_forked_one_after_another_from_one_process(bench: Bench, forking: Forking) -> None:
    first, second = bench.submit("report_and_succeed"), bench.submit("report_and_succeed", {"n": 2})
    assert (ended(bench, first).result or {})["answer"] == 42
    assert (ended(bench, second).result or {})["given"] == {"n": 2}
    assert len(nurseries()) == 1
    log = bench.queue.jobs_dir / second.id / LOG_NAME
    assert "printed by a library" in log.read_text()


def test_a_worker_that_has_nothing_to_do_makes_ready_for_the_first_job(bench: Bench) -> None:
    made = Forking(bench, (HANDLERS,), idle_seconds=0.5)
    try:
        assert nurseries() == []
        wait_until(lambda: len(nurseries()) == 1)
        (nursery,) = nurseries()
        assert (ended(bench, bench.submit("report_and_succeed")).result or {})["answer"] == 42
        assert nurseries() == [nursery]
    finally:
        made.end()
    assert nurseries() == []


def test_a_forked_process_is_called_by_its_job_and_leads_its_group(bench: Bench, forking: Forking) -> None:
    job = bench.submit("wait_for_cancel")
    pid = bench.wait_ready(job)
    assert job.id in " ".join(psutil.Process(pid).cmdline())
    assert os.getpgid(pid) == pid
    assert psutil.Process(pid).ppid() == nurseries()[0].pid
    bench.queue.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED
    wait_until(lambda: not is_running(pid))


def test_each_place_shows_its_own_device(bench: Bench) -> None:
    lanes = {"train": tuple(Slot(f"here/cuda:{n}", {"CUDA_VISIBLE_DEVICES": f"GPU-{n}"}) for n in range(2))}
    forking = Forking(bench, (HANDLERS,), lanes=lanes)
    try:
        jobs = [bench.submit("tell_device") for _ in range(4)]
        assert {(ended(bench, job).result or {})["device"] for job in jobs} == {"GPU-0", "GPU-1"}
    finally:
        forking.end()


def test_a_job_cancelled_while_the_nursery_still_imports_ends_cancelled(bench: Bench) -> None:
    forking = Forking(bench, (SLOW,))
    try:
        job = bench.queue.submit(NewJob("test", f"{SLOW}.wait_for_cancel", {}))
        wait_until(lambda: bench.queue.get(job.id).state is JobState.RUNNING)
        bench.queue.cancel(job.id)
        assert ended(bench, job).state is JobState.CANCELLED
    finally:
        forking.end()
    assert nurseries() == []


def test_a_killed_process_is_another_attempt(bench: Bench, forking: Forking) -> None:
    job = bench.submit("wait_on_first_attempt")
    psutil.Process(bench.wait_ready(job)).kill()
    done = ended(bench, job)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)


def test_a_killed_nursery_takes_its_children_along_and_is_replaced(bench: Bench, forking: Forking) -> None:
    job = bench.submit("wait_on_first_attempt")
    pid = bench.wait_ready(job)
    (nursery,) = nurseries()
    nursery.kill()
    wait_until(lambda: not is_running(pid))
    assert ended(bench, job).state is JobState.SUCCEEDED
    assert [one.pid for one in nurseries()] != [nursery.pid]


def test_a_nursery_killed_while_nothing_runs_is_replaced(bench: Bench, forking: Forking) -> None:
    assert ended(bench, bench.submit("report_and_succeed")).state is JobState.SUCCEEDED
    (nursery,) = nurseries()
    nursery.kill()
    wait_until(lambda: not is_running(nursery.pid))
    after = ended(bench, bench.submit("report_and_succeed"))
    assert (after.state, after.attempt) == (JobState.SUCCEEDED, 1)


def test_a_nursery_that_is_asked_to_end_keeps_its_children(bench: Bench, forking: Forking) -> None:
    job = bench.submit("wait_for_cancel")
    bench.wait_ready(job)
    nurseries()[0].terminate()
    bench.queue.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED


def test_a_nursery_that_hangs_in_an_import_is_ended_with_its_worker(bench: Bench) -> None:
    forking = Forking(bench, ("tests.jobs.hanging_import",), stop_seconds=0.5)
    job = bench.queue.submit(NewJob("test", "tests.jobs.hanging_import.work", {}))
    wait_until(lambda: bool(nurseries()))
    began = time.monotonic()
    forking.end()
    assert time.monotonic() - began < 10
    assert nurseries() == []
    assert bench.queue.get(job.id).state is JobState.QUEUED


def test_a_worker_that_ends_leaves_no_process(bench: Bench) -> None:
    forking = Forking(bench, (HANDLERS,))
    job = bench.submit("wait_on_first_attempt")
    pid = bench.wait_ready(job)
    forking.end()
    assert not is_running(pid)
    assert nurseries() == []
    assert bench.queue.get(job.id).state is JobState.QUEUED


def test_a_nursery_that_cannot_import_fails_the_job_as_a_child_would(bench: Bench) -> None:
    forking = Forking(bench, ("no.such.module",))
    try:
        job = bench.queue.submit(NewJob("test", "no.such.module.handler", {}))
        done = ended(bench, job)
        assert done.state is JobState.FAILED
        assert "No module named 'no'" in (bench.queue.jobs_dir / job.id / LOG_NAME).read_text()
        assert ended(bench, bench.submit("report_and_succeed")).state is JobState.SUCCEEDED
    finally:
        forking.end()


def test_other_handlers_have_processes_of_their_own(bench: Bench) -> None:
    forking = Forking(bench, (SLOW,))
    try:
        job = bench.submit("report_and_succeed")
        assert ended(bench, job).state is JobState.SUCCEEDED
        assert nurseries() == []
    finally:
        forking.end()
