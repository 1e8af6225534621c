"""The numbers of the queue are those of its rows."""

from __future__ import annotations

import time

from jobs.measures import Measures
from jobs.moves import Loss
from jobs.store import Store
from jobs.views import JobFailure, NewJob
from tests.jobs.bench import Bench


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_an_empty_queue_has_nothing_to_count(bench: Bench) -> None:
    found = Measures(bench.engine).read()
    assert (found.present, found.ended, found.oldest_seconds) == ({}, {}, {})
    assert (found.attempts_lost, found.slots_taken) == (0, frozenset())


def test_jobs_are_counted_by_lane_state_and_outcome_and_waiting_is_timed(bench: Bench) -> None:
    clock = Clock()
    store, measures = Store(bench.engine, clock), Measures(bench.engine, clock)
    add = lambda lane, kind="train": store.add(NewJob(kind, "x.y", {}, lane=lane))  # noqa: E731
    add("train")
    clock.now += 100
    add("train")
    add("light", "predict")
    store.wishes.cancel(add("light", "fetch").id)
    claim = store.claim_next("w", "train", 15.0, ["box/cpu"])
    assert claim is not None
    clock.now += 30
    found = measures.read()
    assert found.present == {("train", "running"): 1, ("train", "queued"): 1, ("light", "queued"): 1}
    assert found.ended == {("fetch", "cancelled"): 1}
    assert found.oldest_seconds == {"train": 30.0, "light": 30.0}
    assert found.slots_taken == {"box/cpu"}


def test_a_job_that_comes_back_into_the_queue_waits_from_then_on_and_its_attempt_is_lost(
    bench: Bench,
) -> None:
    clock = Clock()
    store, measures = Store(bench.engine, clock), Measures(bench.engine, clock)
    store.add(NewJob("train", "x.y", {}))
    claim = store.claim_next("w", "train", 15.0, ["box/cpu"])
    assert claim is not None and measures.read().attempts_lost == 0
    clock.now += 5000
    store.lose(claim, Loss("Killed."))
    clock.now += 60
    found = measures.read()
    assert found.attempts_lost == 1 and found.oldest_seconds == {"train": 60.0}
    again = store.claim_next("w", "train", 15.0, ["box/cpu"])
    assert again is not None and measures.read().attempts_lost == 1
    store.fail(again.job_id, again.fence, JobFailure("No.", code="work_failed"))
    assert measures.read().attempts_lost == 1


def test_an_attempt_that_was_lost_stays_counted_however_its_job_ends(bench: Bench) -> None:
    store, measures = Store(bench.engine), Measures(bench.engine)
    for number, loss in enumerate((Loss("Killed.", killed=True), Loss("Hung.", hung=True), Loss("Lost."))):
        store.add(NewJob("train", "x.y", {}, attempts_allowed=1))
        last = store.claim_next("w", "train", 15.0, ["box/cpu"])
        assert last is not None and store.lose(last, loss)
        assert measures.read().attempts_lost == number + 1
    waiting = store.add(NewJob("train", "x.y", {}))
    claim = store.claim_next("w", "train", 15.0, ["box/cpu"])
    assert claim is not None and store.lose(claim, Loss("Killed."))
    assert measures.read().attempts_lost == 4
    store.wishes.cancel(waiting.id)
    assert measures.read().attempts_lost == 4


def test_ten_thousand_ended_jobs_are_counted_in_a_moment(bench: Bench) -> None:
    with bench.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) "
            "insert into jobs (id, kind, handler, lane, title, payload, owner, resumable, priority, rank, "
            "state, attempt, attempts_allowed, kills, strays, fence, told, stop_asked, message, created_at) "
            "select 'j' || i, 'train', 'x.y', 'train', '', '{}', '', 0, 0, i, "
            "'succeeded', 1, 3, 0, 0, 1, 0, 0, '', i from n"
        )
    began = time.monotonic()
    assert Measures(bench.engine).read().ended == {("train", "succeeded"): 10_000}
    assert time.monotonic() - began < 1.0
