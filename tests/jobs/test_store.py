"""Claims, leases, fences and moves, without processes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.database import make_engine, write
from jobs.errors import NotPossibleNow, UnknownJob
from jobs.leases import Watch
from jobs.moves import STRAYS_ALLOWED, Loss
from jobs.processes import mark_of
from jobs.roster import WorkerIdentity
from jobs.states import JobState
from jobs.store import Store
from jobs.telemetry import Batch
from jobs.views import Claim, JobFailure, JobView, NewJob, Standing
from tests.jobs.bench import Bench

LEASE = 10.0


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(bench: Bench, clock: HandClock) -> Store:
    return Store(bench.engine, clock)


def claim(store: Store, worker: str = "one", lane: str = "train") -> Claim:
    found = store.claim_next(worker, lane, LEASE)
    assert found is not None
    return found


def cancelled(store: Store, job_id: str) -> JobView:
    store.wishes.cancel(job_id)
    return store.get(job_id)


def moved(store: Store, job_id: str, priority: int) -> JobView:
    store.wishes.set_priority(job_id, priority)
    return store.get(job_id)


def reclaim(store: Store) -> int:
    """Take over everything that is held, as if no worker had beaten for a lease."""
    return store.reclaim([held.claim for held in store.leases.held()], "The worker stopped answering.")


def new(**fields: object) -> NewJob:
    return NewJob("test", "nowhere.handler", **fields)


def test_a_new_job_waits_with_its_position(store: Store) -> None:
    first, second = store.add(new(title="First")), store.add(new())
    other = store.add(new(lane="light"))
    assert (first.state, first.title, first.position) == (JobState.QUEUED, "First", 1)
    assert (store.get(second.id).position, other.position) == (2, 1)
    assert first.created_at.utcoffset() is not None


def test_priority_goes_before_age(store: Store) -> None:
    first, second = store.add(new()), store.add(new())
    assert moved(store, second.id, 5).position == 1
    assert store.get(first.id).position == 2
    assert claim(store).job_id == second.id
    assert store.get(second.id).position is None


def test_nothing_waits_for_ever_behind_what_comes_later(store: Store, clock: HandClock) -> None:
    patient = store.add(new())
    clock.now += 5400
    urgent, pressing = store.add(new(priority=2)), store.add(new(priority=1))
    assert [store.get(job.id).position for job in (urgent, patient, pressing)] == [1, 2, 3]
    assert moved(store, urgent.id, 0).position == 3


@pytest.mark.parametrize(("index", "position"), itertools.product(range(4), range(6)))
def test_a_waiting_job_is_put_at_a_place_and_the_others_keep_their_order(
    store: Store, clock: HandClock, index: int, position: int
) -> None:
    ids = []
    for number in range(4):
        ids.append(store.add(new()).id)
        clock.now += number % 2  # some were queued at the same moment
    other = store.add(new(lane="light"))
    store.wishes.move_to(ids[index], position)
    wanted = [job_id for job_id in ids if job_id != ids[index]]
    wanted.insert(min(max(position - 1, 0), 3), ids[index])
    assert [claim(store).job_id for _ in ids] == wanted
    assert store.get(other.id).position == 1
    store.wishes.move_to(ids[index], 1)  # it runs by now: nothing to move
    assert store.get(ids[index]).state is JobState.RUNNING


def test_a_slot_holds_one_job_whoever_asks(store: Store) -> None:
    ids = [store.add(new()).id for _ in range(3)]
    first = store.claim_next("one", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    second = store.claim_next("two", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    assert first is not None and second is not None
    assert (first.slot, second.slot) == ("box/cuda:0", "box/cuda:1")
    assert store.claim_next("three", "train", LEASE, ["box/cuda:0", "box/cuda:1"]) is None
    assert store.get(ids[0]).slot == "box/cuda:0"
    store.finish(first.job_id, first.fence, {})
    third = store.claim_next("three", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    assert third is not None and third.slot == "box/cuda:0"


def test_many_workers_of_one_machine_never_share_a_slot(bench: Bench) -> None:
    for _ in range(30):
        bench.store.add(new())
    slots = ["box/cuda:0", "box/cuda:1"]
    held: list[str] = []
    shared: list[str] = []
    lock = threading.Lock()

    def work(worker: str) -> None:
        store = Store(make_engine(bench.url))
        while store.waiting(["train"]):
            found = store.claim_next(worker, "train", LEASE, slots)
            if found is None:
                continue
            with lock:
                shared.extend(slot for slot in held if slot == found.slot)
                held.append(found.slot)
            with lock:
                held.remove(found.slot)
            store.finish(found.job_id, found.fence, {})

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared == []
    assert {job.state for job in bench.store.list_jobs()} == {JobState.SUCCEEDED}


def test_an_owner_at_the_limit_leaves_the_place_to_others(store: Store) -> None:
    mine = [store.add(new(owner="ann")).id for _ in range(2)]
    others = [store.add(new(owner=owner)).id for owner in ("bob", "", "")]
    taken = []
    while (found := store.claim_next("one", "train", LEASE, owner_limit=1)) is not None:
        taken.append(found)
    assert [found.job_id for found in taken] == [mine[0], *others]
    store.finish(taken[0].job_id, taken[0].fence, {})
    again = store.claim_next("one", "train", LEASE, owner_limit=1)
    assert again is not None and again.job_id == mine[1]


def test_two_retries_of_a_job_are_one_until_it_has_ended(bench: Bench) -> None:
    job = bench.submit("report_and_succeed")
    bench.queue.cancel(job.id)
    again = bench.queue.retry(job.id)
    assert bench.queue.retry(job.id) == again
    assert again.retry_of == job.id
    bench.queue.cancel(again.id)
    assert bench.queue.retry(job.id).id not in {job.id, again.id}


def test_a_waiting_job_is_held_back_until_it_is_resumed_at_its_old_place(store: Store) -> None:
    first, second = store.add(new()), store.add(new())
    store.wishes.pause(first.id, "Paused on request.")
    assert (store.get(first.id).state, store.get(second.id).position) == (JobState.PAUSED, 1)
    assert claim(store).job_id == second.id
    third = store.add(new())
    store.wishes.resume(first.id)
    assert (store.get(first.id).position, store.get(third.id).position) == (1, 2)


def test_a_running_job_pauses_frees_its_slot_and_keeps_its_attempt(store: Store) -> None:
    job = store.add(new(resumable=True, attempts_allowed=1))
    for fence in (1, 3):
        held = store.claim_next("one", "train", LEASE, ["box/cpu"])
        assert held is not None and held.fence == fence
        store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5}))
        store.wishes.pause(job.id, "Paused on request.")
        assert store.get(job.id).state is JobState.PAUSING
        with pytest.raises(NotPossibleNow, match="still pausing"):
            store.wishes.resume(job.id)
        assert store.confirm_pause(job.id, held.fence)
        paused = store.get(job.id)
        assert (paused.state, paused.slot, paused.worker, paused.fraction) == (
            JobState.PAUSED,
            None,
            None,
            0.5,
        )
        assert not store.finish(job.id, held.fence, {})
        store.wishes.resume(job.id)
    last = claim(store)
    assert last.attempt == 1
    assert store.finish(job.id, last.fence, {})


def test_a_job_that_cannot_go_on_from_where_it_was_is_not_paused_half_way(store: Store) -> None:
    job = store.add(new())
    claim(store)
    with pytest.raises(NotPossibleNow, match="start from the beginning"):
        store.wishes.pause(job.id, "")
    with pytest.raises(NotPossibleNow, match="Only a training"):
        store.wishes.stop(job.id)
    assert store.get(job.id).state is JobState.RUNNING


@pytest.mark.parametrize("ending", ["finish", "cancel", "lose", "release", "fail"])
def test_a_pausing_job_ends_as_its_process_does(store: Store, ending: str) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    store.wishes.pause(job.id, "Paused on request.")
    wanted = JobState.PAUSED
    if ending == "finish":
        assert store.finish(job.id, held.fence, {})
        wanted = JobState.SUCCEEDED
    elif ending == "cancel":
        store.wishes.cancel(job.id)
        assert store.confirm_cancel(job.id, held.fence)
        wanted = JobState.CANCELLED
    elif ending == "lose":
        store.lose(held, Loss("It was killed."))
    elif ending == "release":
        store.release(held, "The worker was stopped.")
    else:
        store.fail(job.id, held.fence, JobFailure("It broke."))
        wanted = JobState.FAILED
    assert store.get(job.id).state is wanted


def test_a_paused_job_is_cancelled_at_once(store: Store) -> None:
    job = store.add(new())
    store.wishes.pause(job.id, "")
    assert cancelled(store, job.id).state is JobState.CANCELLED


def test_stop_and_keep_the_best_is_told_to_the_runner_and_once_only(store: Store) -> None:
    job = store.add(new(resumable=True))
    with pytest.raises(NotPossibleNow, match="nothing to keep"):
        store.wishes.stop(job.id)
    held = claim(store)
    store.wishes.stop(job.id)
    store.wishes.stop(job.id)
    assert store.standing(job.id, held.fence) == Standing(JobState.RUNNING, stop_asked=True)
    kinds = [event.kind for event in store.telemetry.events_after(job.id, 0)]
    assert kinds.count("stop") == 1


def test_a_paused_job_is_queued_to_keep_its_best(store: Store) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5}))
    store.wishes.pause(job.id, "")
    store.confirm_pause(job.id, held.fence)
    store.wishes.stop(job.id)
    shown = store.get(job.id)
    assert (shown.state, shown.stop_asked) == (JobState.QUEUED, True)


def test_the_same_key_twice_is_one_job(store: Store) -> None:
    first = store.add(new(key="click", title="A"))
    assert store.add(new(key="click", title="B")) == first
    assert len(store.list_jobs()) == 1


def test_the_same_key_from_many_threads_is_one_job(bench: Bench) -> None:
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(Store(make_engine(bench.url)).add(new(key="k")).id))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_jobs_are_listed_newest_first_and_by_kind(store: Store) -> None:
    ids = [store.add(NewJob(kind, "x.y")).id for kind in ("a", "b", "a")]
    assert [job.id for job in store.list_jobs()] == ids[::-1]
    assert [job.id for job in store.list_jobs(kinds=["a"])] == [ids[2], ids[0]]
    assert [job.id for job in store.list_jobs(limit=1)] == [ids[2]]


def test_every_job_that_has_not_ended_is_listed_however_many_came_after(store: Store) -> None:
    waiting, running = store.add(new()), store.add(new(lane="light"))
    claim(store, lane="light")
    asked_to_stop = store.add(new(lane="other"))
    claim(store, lane="other")
    store.wishes.cancel(asked_to_stop.id)
    for _ in range(205):
        store.wishes.cancel(store.add(new()).id)
    assert waiting.id not in {job.id for job in store.list_jobs()}
    assert [job.id for job in store.list_unfinished()] == [asked_to_stop.id, running.id, waiting.id]
    assert store.list_unfinished()[-1].position == 1


def test_an_unknown_job_is_named_in_the_error(store: Store) -> None:
    with pytest.raises(UnknownJob, match="'nope'"):
        store.get("nope")
    for wish in (store.wishes.resume, store.wishes.stop, lambda job_id: store.wishes.pause(job_id, "")):
        with pytest.raises(UnknownJob):
            wish("nope")


def test_many_claimers_never_get_the_same_job(bench: Bench) -> None:
    for _ in range(40):
        bench.store.add(new())
    claims: list[Claim] = []

    def take(worker: str) -> None:
        store = Store(make_engine(bench.url))
        while (found := store.claim_next(worker, "train", LEASE)) is not None:
            claims.append(found)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 40
    assert len({found.job_id for found in claims}) == 40


def test_a_claim_counts_attempt_and_fence_and_holds_a_lease(store: Store, clock: HandClock) -> None:
    job = store.add(new())
    assert claim(store) == Claim(job.id, 1, 1, "train", "")
    assert store.claim_next("two", "train", LEASE) is None
    shown = store.get(job.id)
    assert (shown.state, shown.worker, shown.attempt) == (JobState.RUNNING, "one", 1)
    assert shown.started_at is not None


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
    assert store.reclaim([held], "It stopped answering.") == 1
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
    assert (error.code, "tried 3 times" in error.message, error.hint != "") == ("lost", True, True)


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


def test_an_ended_job_stays_as_it_is(store: Store) -> None:
    job = store.add(new())
    held = claim(store)
    assert store.finish(job.id, held.fence, {"answer": 1})
    done = store.get(job.id)
    assert (done.state, done.result, done.fraction) == (JobState.SUCCEEDED, {"answer": 1}, 1.0)
    assert not store.finish(job.id, held.fence, {"answer": 2})
    assert not store.fail(job.id, held.fence, JobFailure("late"))
    assert store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.1})) is None
    assert cancelled(store, job.id) == done
    assert moved(store, job.id, 9) == done


def test_cancel_ends_a_waiting_job_at_once(store: Store) -> None:
    job = store.add(new())
    ended = cancelled(store, job.id)
    assert ended.state is JobState.CANCELLED
    assert ended.finished_at is not None
    assert store.claim_next("one", "train", LEASE) is None


def test_a_cancel_that_came_first_wins_over_completion(store: Store) -> None:
    job = store.add(new())
    held = claim(store)
    assert cancelled(store, job.id).state is JobState.CANCELLING
    assert not store.finish(job.id, held.fence, {"answer": 1})
    assert store.confirm_cancel(job.id, held.fence)
    assert store.get(job.id).state is JobState.CANCELLED


@pytest.mark.parametrize("ending", ["lose", "release", "fail", "reclaim"])
def test_a_job_asked_to_stop_ends_as_cancelled_however_it_ends(
    store: Store, clock: HandClock, ending: str
) -> None:
    job = store.add(new())
    held = claim(store)
    store.wishes.cancel(job.id)
    if ending == "reclaim":
        reclaim(store)
    elif ending == "fail":
        store.fail(job.id, held.fence, JobFailure("broke while stopping"))
    elif ending == "lose":
        store.lose(held, Loss("gone"))
    else:
        store.release(held, "gone")
    ended = store.get(job.id)
    assert (ended.state, ended.error) == (JobState.CANCELLED, None)


def test_a_released_job_has_its_attempt_back_and_starts_clean(store: Store) -> None:
    job = store.add(new(attempts_allowed=1))
    held = claim(store)
    store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5, "step": 3}))
    assert store.release(held, "The worker was stopped.")
    back = store.get(job.id)
    assert (back.state, back.attempt, back.fraction, back.worker) == (JobState.QUEUED, 0, None, None)
    assert "starts again" in back.message
    assert claim(store, "two") == Claim(job.id, 3, 1, "train", "")


def test_a_failure_that_says_why_is_not_tried_again(store: Store) -> None:
    failure = JobFailure("No column.", "Choose one.", "invalid")
    job = store.add(new(attempts_allowed=3))
    held = claim(store)
    assert store.fail(job.id, held.fence, failure)
    failed = store.get(job.id)
    assert (failed.state, failed.error) == (
        JobState.FAILED,
        JobFailure("No column.", "Choose one.", "invalid"),
    )


def test_success_and_publication_happen_together_or_not_at_all(store: Store) -> None:
    write(store.engine, lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
    job = store.add(new())
    held = claim(store)
    note = text("INSERT INTO notes VALUES ('x')")

    def publish_and_break(connection: object) -> None:
        connection.execute(note)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.finish(job.id, held.fence, {}, publish_and_break)
    assert store.get(job.id).state is JobState.RUNNING
    assert not store.finish(job.id, held.fence + 1, {}, lambda connection: connection.execute(note))
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 0
    assert store.finish(job.id, held.fence, {}, lambda connection: connection.execute(note))
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 1


def test_every_move_leaves_an_event_with_worker_fence_and_reason(store: Store) -> None:
    job = store.add(new())
    held = claim(store)
    store.lose(held, Loss("It was killed.", stray=True))
    again = claim(store, "two")
    store.finish(job.id, again.fence, {})
    moves = [event.data for event in store.telemetry.events_after(job.id, 0)]
    assert [(move["from"], move["to"]) for move in moves] == [
        (None, "queued"),
        ("queued", "running"),
        ("running", "queued"),
        ("queued", "running"),
        ("running", "succeeded"),
    ]
    assert [move.get("worker") for move in moves] == [None, "one", "one", "two", "two"]
    assert [move.get("fence") for move in moves] == [None, 1, 1, 3, 3]
    assert all(move["reason"] for move in moves)


def test_a_worker_is_alive_while_it_beats(store: Store, clock: HandClock, bench: Bench) -> None:
    store.roster.register(WorkerIdentity("one", "host", 7, "another machine:1"), LEASE)
    assert [(worker.id, worker.alive) for worker in store.roster.workers()] == [("one", True)]
    clock.now += LEASE + 1
    assert not store.roster.workers()[0].alive
    store.leases.renew("one", [], LEASE, {})
    assert store.roster.workers()[0].alive
    store.roster.leave("one")
    assert store.roster.workers() == []


def test_a_job_is_found_by_its_key(store: Store) -> None:
    job = store.add(new(key="click"))
    assert store.find_by_key("click") == job
    assert store.find_by_key("other") is None


def test_a_store_opened_later_sees_the_same_jobs(bench: Bench, tmp_path: Path) -> None:
    job = bench.store.add(new(payload={"text": "Grüße"}))
    assert Store(make_engine(bench.url)).get(job.id) == job
