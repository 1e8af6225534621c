"""Jobs as they are added, listed, claimed and ended, without processes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.database import make_engine, write
from jobs.moves import Loss
from jobs.states import JobState
from jobs.store import Store
from jobs.telemetry import Batch
from jobs.views import Claim, JobFailure, NewJob
from tests.jobs.bench import Bench
from tests.jobs.store_calls import LEASE, HandClock, cancelled, claim, moved, new


def test_a_new_job_waits_with_its_position(store: Store) -> None:
    first, second = store.add(new(title="First")), store.add(new())
    other = store.add(new(lane="light"))
    assert (first.state, first.title, first.position) == (JobState.QUEUED, "First", 1)
    assert (store.get(second.id).position, other.position) == (2, 1)
    assert first.created_at.utcoffset() is not None


def test_two_retries_of_a_job_are_one_until_it_has_ended(bench: Bench) -> None:
    job = bench.submit("report_and_succeed")
    bench.queue.cancel(job.id)
    again = bench.queue.retry(job.id)
    assert bench.queue.retry(job.id) == again
    assert again.retry_of == job.id
    bench.queue.cancel(again.id)
    assert bench.queue.retry(job.id).id not in {job.id, again.id}


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


def test_a_job_is_found_by_its_key(store: Store) -> None:
    job = store.add(new(key="click"))
    assert store.find_by_key("click") == job
    assert store.find_by_key("other") is None


def test_a_store_opened_later_sees_the_same_jobs(bench: Bench, tmp_path: Path) -> None:
    job = bench.store.add(new(payload={"text": "Grüße"}))
    assert Store(make_engine(bench.url)).get(job.id) == job
