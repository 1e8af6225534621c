"""Workers with real children: how jobs end, and what a cancel or a stop does."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.bells import Stop
from jobs.database import write
from jobs.launchers.launcher import ChildOrder
from jobs.logs import older_part
from jobs.moves import Loss
from jobs.run import describe_exit
from jobs.states import JobState
from jobs.views import JobFailure
from jobs.worker import Worker
from tests.jobs.bench import Bench, is_running, wait_until
from tests.jobs.handlers_for_tests import ToldError


def test_a_job_succeeds_and_leaves_result_progress_metrics_and_log(bench: Bench) -> None:
    job = bench.submit("report_and_succeed", {"text": "ü"})
    bench.run_all()
    done = bench.queue.get(job.id)
    assert done.state is JobState.SUCCEEDED
    assert done.result == {"answer": 42, "attempt": 1, "given": {"text": "ü"}}
    assert (done.step, done.steps, done.message, done.fraction) == (1, 4, "Reading", 1.0)
    assert [(point.step, point.value) for point in bench.queue.metrics(job.id)] == [
        (0, 1.0),
        (1, 0.5),
        (2, 1.0 / 3),
        (3, 0.25),
    ]
    log = bench.queue.log_tail(job.id)
    assert "half way" in log
    assert "printed by a library" in log
    assert bench.queue.workers() == []


def test_endings_without_success_are_told_in_a_sentence_and_not_tried_again(bench: Bench) -> None:
    told = bench.submit("raise_told")
    untold = bench.submit("raise_untold")
    nothing = bench.submit("return_nothing")
    silent = bench.submit("exit_without_result")
    missing = bench.submit("no_such_handler")
    bench.run_all(places={"train": 2})
    jobs = {job.id: bench.queue.get(job.id) for job in (told, untold, nothing, silent, missing)}
    assert {job.state for job in jobs.values()} == {JobState.FAILED}
    assert {job.attempt for job in jobs.values()} == {1}
    errors = {job_id: job.error or JobFailure("") for job_id, job in jobs.items()}
    assert errors[told.id] == JobFailure(ToldError.message, ToldError.hint, ToldError.code)
    assert "KeyError" in errors[untold.id].message
    assert "Traceback" in bench.queue.log_tail(untold.id)
    assert "not an Outcome" in errors[nothing.id].message
    assert errors[silent.id].code == "no_result"
    assert "no_such_handler" in errors[missing.id].message
    assert [point.value for point in bench.queue.metrics(told.id)] == [2.0]


def test_a_killed_child_is_tried_again_and_fails_when_attempts_are_used_up(bench: Bench) -> None:
    lucky = bench.submit("die_at_first", {"deaths": 1}, attempts_allowed=2)
    unlucky = bench.submit("die_at_first", {"deaths": 9}, attempts_allowed=2)
    bench.run_all(places={"train": 2})
    assert bench.queue.get(lucky.id).result == {"attempt": 2}
    failed = bench.queue.get(unlucky.id)
    assert (failed.state, failed.attempt) == (JobState.FAILED, 2)
    assert failed.error is not None
    assert "killed" in failed.error.message
    reasons = [event.data["reason"] for event in bench.queue.events_after(lucky.id)]
    assert any("SIGKILL" in reason for reason in reasons)


def test_cancel_stops_a_running_job_that_listens(bench: Bench) -> None:
    job = bench.submit("wait_for_cancel")
    bench.start_worker()
    pid = bench.wait_ready(job)
    assert bench.queue.cancel(job.id).state is JobState.CANCELLING
    assert bench.queue.wait(job.id, 10, 0.02).state is JobState.CANCELLED
    wait_until(lambda: not is_running(pid))


def test_cancel_kills_a_job_that_does_not_listen_with_all_it_started(bench: Bench) -> None:
    job = bench.submit("start_helper_and_wait")
    bench.start_worker(cancel_seconds=0.4)
    pid = bench.wait_ready(job)
    helper = int(bench.wait_file(job, "helper"))
    bench.queue.cancel(job.id)
    assert bench.queue.wait(job.id, 10, 0.02).state is JobState.CANCELLED
    wait_until(lambda: not is_running(pid) and not is_running(helper))


def test_one_lane_never_waits_behind_another_and_holds_one_job(bench: Bench) -> None:
    long = bench.submit("wait_for_cancel")
    behind = bench.submit("report_and_succeed")
    light = bench.submit("report_and_succeed", lane="light")
    bench.start_worker()
    assert bench.queue.wait(light.id, 15, 0.02).state is JobState.SUCCEEDED
    bench.wait_ready(long)
    assert bench.queue.get(behind.id).position == 1
    bench.queue.cancel(long.id)
    assert bench.queue.wait(behind.id, 15, 0.02).state is JobState.SUCCEEDED


@pytest.mark.parametrize("handler", ["wait_for_cancel", "ignore_cancel"])
def test_a_worker_that_ends_in_good_order_puts_its_jobs_back_uncounted(bench: Bench, handler: str) -> None:
    job = bench.submit(handler, attempts_allowed=1)
    bench.start_worker(stop_seconds=0.5)
    pid = bench.wait_ready(job)
    bench.stop_workers()
    back = bench.queue.get(job.id)
    assert (back.state, back.attempt, back.worker) == (JobState.QUEUED, 0, None)
    assert not is_running(pid)
    assert bench.queue.workers() == []


def test_publication_happens_with_the_success_or_not_at_all(bench: Bench) -> None:
    write(bench.engine, lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
    good = bench.submit("publish_note")
    broken = bench.submit("publish_note", {"broken": True})
    bench.run_all(places={"train": 2})
    assert bench.queue.get(good.id).result == {"published": True}
    failed = bench.queue.get(broken.id)
    assert (failed.state, failed.result) == (JobState.FAILED, None)
    assert failed.error == JobFailure(ToldError.message, ToldError.hint, ToldError.code)
    with bench.engine.connect() as connection:
        assert connection.execute(text("SELECT body FROM notes")).all() == [(good.id,)]


@pytest.mark.parametrize("refusal", ["full", "busy"])
def test_a_database_that_takes_no_write_costs_an_attempt_and_not_the_work(bench: Bench, refusal: str) -> None:
    write(bench.engine, lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
    job = bench.submit("publish_note", {f"{refusal}_at_first": True}, attempts_allowed=2)
    bench.run_all()
    ended = bench.queue.get(job.id)
    assert (ended.state, ended.attempt, ended.result) == (JobState.SUCCEEDED, 2, {"published": True})
    assert refusal in (bench.queue.jobs_dir / job.id / "log.txt").read_text()


def test_whoever_asked_hears_of_every_child_that_is_gone(bench: Bench) -> None:
    heard: list[tuple[str, JobState]] = []
    done, failed = (bench.submit(name) for name in ("report_and_succeed", "raise_told"))
    lost = bench.submit("die_at_first", {"deaths": 1})

    def hear(job_id: str) -> None:
        heard.append((job_id, bench.queue.get(job_id).state))

    Worker(bench.store, bench.options(once=True), after=hear).run(Stop())
    assert heard[:2] == [(done.id, JobState.SUCCEEDED), (failed.id, JobState.FAILED)]
    assert heard[2:] == [(lost.id, JobState.QUEUED), (lost.id, JobState.SUCCEEDED)]


def test_whoever_asked_hears_of_jobs_that_end_without_a_process_and_slowness_there_costs_no_lease(
    bench: Bench,
) -> None:
    heard: list[str] = []
    stop = Stop()

    def hear(job_id: str) -> None:
        heard.append(job_id)
        time.sleep(2.0)  # longer than a lease

    left = bench.submit("wait_for_cancel", resumable=True)
    gone = bench.store.claim_next("a worker that is gone", "train", 0.1)
    assert gone is not None and gone.job_id == left.id
    bench.queue.cancel(left.id)
    worker = Worker(bench.store, bench.options(lease_seconds=1.0), after=hear)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: left.id in heard)
        running = bench.submit("wait_for_cancel")
        pid = bench.wait_ready(running)
        paused = bench.submit("wait_for_cancel", resumable=True)
        bench.queue.pause(paused.id)
        bench.queue.cancel(paused.id)
        wait_until(lambda: paused.id in heard)
        time.sleep(1.5)
        assert is_running(pid) and bench.queue.get(running.id).attempt == 1
    finally:
        stop.set()
        thread.join(20)
    assert bench.queue.get(left.id).state is JobState.CANCELLED
    assert heard == [left.id, paused.id, running.id]


class NoRoom:
    """A place where no child can be started."""

    def start(self, order: ChildOrder) -> None:
        raise OSError(28, "No space left on device")

    def prepare(self) -> None:
        """There is nothing to make ready."""

    def close(self) -> None:
        """Nothing was started."""


def test_a_child_that_cannot_be_started_uses_up_the_attempts(bench: Bench) -> None:
    job = bench.submit("report_and_succeed", attempts_allowed=2)
    Worker(bench.store, bench.options(once=True), NoRoom()).run(Stop())
    failed = bench.queue.get(job.id)
    assert failed.state is JobState.FAILED
    assert failed.error is not None
    assert "No space left on device" in failed.error.message


class DeafChild:
    """A child that was started and only counts what it is told."""

    def __init__(self) -> None:
        self.killed = 0

    def exit_code(self) -> int | None:
        return -9 if self.killed else None

    def ask_to_end(self) -> None:
        """Not listen."""

    def end_now(self) -> None:
        self.killed += 1


class OneChild:
    """A place that gives out one child."""

    def __init__(self) -> None:
        self.child = DeafChild()

    def start(self, order: ChildOrder) -> DeafChild:
        return self.child


def test_a_worker_that_cannot_renew_ends_its_child(bench: Bench) -> None:
    bench.submit("report_and_succeed")
    place = OneChild()
    worker = Worker(bench.store, bench.options(lease_seconds=0.3), place)
    worker.claim()
    worker.enforce()
    assert not place.child.killed
    time.sleep(0.35)
    worker.enforce()
    assert place.child.killed


def test_a_worker_kills_its_child_when_the_job_is_anothers(bench: Bench) -> None:
    bench.submit("report_and_succeed")
    place = OneChild()
    worker = Worker(bench.store, bench.options(), place)
    worker.claim()
    (run,) = worker.runs.values()
    bench.store.lose(run.claim, Loss("taken away"))
    worker.follow()
    worker.enforce()
    assert place.child.killed
    worker.settle_ended()
    assert bench.queue.jobs()[0].state is JobState.QUEUED


def test_exits_are_told_in_words() -> None:
    assert "memory" in describe_exit(-9)
    assert "SIGSEGV" in describe_exit(-11)
    assert "99" in describe_exit(-99)
    assert "exit code 4" in describe_exit(4)
    assert "someone else" in describe_exit(75)


def test_the_work_folder_is_the_jobs_own(bench: Bench) -> None:
    job = bench.submit("wait_for_cancel")
    bench.start_worker()
    bench.wait_ready(job)
    assert Path(bench.queue.log_path(job.id)).parent == bench.queue.jobs_dir / job.id


def test_the_log_of_a_child_that_prints_without_end_stays_small(bench: Bench) -> None:
    job = bench.submit("print_without_end")
    bench.start_worker(lease_seconds=0.3, max_log_bytes=20_000)
    bench.wait_ready(job)
    older = older_part(bench.queue.log_path(job.id))
    wait_until(older.exists)
    bench.queue.cancel(job.id)
    assert bench.queue.wait(job.id, 20, 0.05).state is JobState.CANCELLED
    assert older.stat().st_size <= 3 * 20_000
    assert bench.queue.log_tail(job.id).endswith("x" * 1000 + "\n")
