"""Whose job it is: leases, fences, and what follows from a lost worker or process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jobs.leases import Watch
from jobs.moves import STRAYS_ALLOWED, Loss
from jobs.processes import mark_of
from jobs.roster import WorkerIdentity
from jobs.states import JobState
from jobs.store import Store
from jobs.telemetry import Batch
from jobs.views import Claim, JobFailure
from tests.jobs.bench import Bench
from tests.jobs.store_calls import LEASE, HandClock, claim, new, reclaim


def test_a_renewed_lease_is_not_reclaimed(store: Store, clock: HandClock) -> None:
    job = store.add(new())
    held = claim(store)
    watch = Watch()

    def stalled(now: float) -> list[Claim]:
        return watch.find_stalled(store.leases.held(), set(), now)

    assert stalled(0.0) == []
    clock.now += 1
    assert store.leases.renew("one", [held], LEASE, {}) == {job.id}
    assert stalled(LEASE - 1) == []
    assert stalled(2 * LEASE - 2) == []
    assert stalled(2 * LEASE + 1) == [held]
    assert store.reclaim([held], "It stopped answering.") == [held.job_id]
    assert store.leases.renew("one", [held], LEASE, {}) == set()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_neither_takes_a_job_away_nor_leaves_one_lying(
    store: Store, clock: HandClock, hours: int
) -> None:
    store.add(new())
    held = claim(store)
    watch = Watch()
    watch.find_stalled(store.leases.held(), set(), 0.0)
    clock.now += hours * 3600
    assert store.leases.renew("one", [held], LEASE, {})
    assert watch.find_stalled(store.leases.held(), set(), LEASE - 1) == []
    clock.now -= 2 * hours * 3600
    assert watch.find_stalled(store.leases.held(), set(), 2 * LEASE) == [held]
    store.lose(held, Loss("Its process was killed.", killed=True))
    assert store.claim_next("two", "train", LEASE) is None  # it waits a little before it is tried again
    clock.now += -3600 if hours < 0 else 3
    assert store.claim_next("two", "train", LEASE) is not None


def test_the_jobs_of_a_worker_whose_process_is_gone_are_taken_over_at_once(store: Store) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = mark_of(gone.pid) or ""
    store.roster.register(WorkerIdentity("one", "host", gone.pid, mark), LEASE)
    store.roster.register(WorkerIdentity("far", "host", gone.pid, "another machine:1"), LEASE)
    store.add(new())
    held = claim(store)
    assert store.leases.gone_workers() == set()
    gone.communicate(b"\n")
    assert store.leases.gone_workers() == {"one"}
    assert Watch().find_stalled(store.leases.held(), {"one"}, 0.0) == [held]


def test_a_process_number_that_another_got_is_not_taken_for_the_worker(store: Store) -> None:
    place = (mark_of(os.getpid()) or "").rpartition(":")[0]
    store.roster.register(WorkerIdentity("one", "host", os.getpid(), f"{place}:1"), LEASE)
    assert store.leases.gone_workers() == {"one"}
    assert not store.roster.workers()[0].alive


def test_a_job_whose_process_is_lost_waits_ever_longer_until_its_attempts_are_used_up(
    store: Store, clock: HandClock
) -> None:
    job = store.add(new(attempts_allowed=3))
    for wait, expected in ((2.0, JobState.QUEUED), (4.0, JobState.QUEUED), (0.0, JobState.FAILED)):
        store.lose(claim(store), Loss("It was killed.", killed=True))
        assert store.get(job.id).state is expected
        clock.now += wait - 0.1
        assert store.claim_next("one", "train", LEASE) is None
        clock.now += 0.2
    error = store.get(job.id).error
    assert error is not None
    assert (error.code, "tried 3 times" in error.message, error.hint != "") == ("killed", True, True)


def test_attempts_that_a_worker_lost_are_given_back_but_not_for_ever(store: Store) -> None:
    job = store.add(new(attempts_allowed=1))
    for number in range(STRAYS_ALLOWED):
        claim(store)
        reclaim(store)
        shown = store.get(job.id)
        assert (shown.state, shown.attempts_allowed) == (JobState.QUEUED, number + 2)
    claim(store)
    reclaim(store)
    assert store.get(job.id).state is JobState.FAILED


def test_every_write_of_a_stale_runner_is_refused(store: Store, clock: HandClock) -> None:
    job = store.add(new())
    old = claim(store)
    reclaim(store)
    for held_again in (False, True):  # refused while the job waits, and while another runs it
        if held_again:
            claim(store, "two")
        before = store.get(job.id), store.telemetry.revision()
        assert store.telemetry.report(job.id, old.fence, Batch({"fraction": 0.9})) is None
        assert not store.finish(job.id, old.fence, {"stale": True})
        assert not store.fail(job.id, old.fence, JobFailure("stale"))
        assert not store.confirm_cancel(job.id, old.fence)
        assert not store.release(old, "stale")
        assert not store.lose(old, Loss("stale"))
        assert store.assignment(job.id, old.fence) is None
        assert store.standing(job.id, old.fence) is None
        assert (store.get(job.id), store.telemetry.revision()) == before


def test_a_worker_is_alive_while_it_beats(store: Store, clock: HandClock, bench: Bench) -> None:
    store.roster.register(WorkerIdentity("one", "host", 7, "another machine:1"), LEASE)
    assert [(worker.id, worker.alive) for worker in store.roster.workers()] == [("one", True)]
    clock.now += LEASE + 1
    assert not store.roster.workers()[0].alive
    store.leases.renew("one", [], LEASE, {})
    assert store.roster.workers()[0].alive
    store.roster.leave("one")
    assert store.roster.workers() == []
