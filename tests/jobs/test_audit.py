"""The audit finds every way in which the record of a job could be wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select, text, update

from jobs.audit import Expected, Record, audit, read_records
from jobs.database import write
from jobs.moves import Loss
from jobs.store import Store
from jobs.tables import events, jobs, metrics
from jobs.telemetry import Batch, NewPoint
from jobs.views import Claim
from tests.jobs.bench import Bench
from tests.jobs.store_calls import claim, new

STEPS = range(1, 7)
SERIES = {("train", "loss"): STEPS}


def tell(store: Store, held: Claim, steps: Sequence[int]) -> bool:
    """Report points, as a runner does."""
    points = [NewPoint("loss", 1.0 / step, "train", step, None, 0.0) for step in steps]
    return store.telemetry.report(held.job_id, held.fence, Batch(points=points, notes=["Told."])) is not None


def run_in_two_attempts(store: Store) -> str:
    """A job that lost its worker after step 4 and was completed by another; its id."""
    job = store.add(new())
    first = claim(store, "one")
    tell(store, first, [1, 2])
    tell(store, first, [3, 4])
    store.reclaim([first], "The worker stopped answering.")
    second = claim(store, "two")
    tell(store, second, [3, 4, 5, 6])
    assert store.finish(job.id, second.fence, {"model": "a"})
    return job.id


def audit_all(store: Store, expected: Expected | None = None) -> list[str]:
    """What is wrong with all jobs."""
    return [sentence for record in read_records(store.engine) for sentence in audit(record, expected)]


def change(store: Store, statement: Any) -> None:
    """Write something past every rule."""
    write(store.engine, lambda connection: connection.execute(statement))


def test_the_record_of_a_job_with_everything_in_it_is_in_order(store: Store) -> None:
    run_in_two_attempts(store)
    waiting = store.add(new(resumable=True))
    held = claim(store)
    store.wishes.pause(waiting.id, "Paused on request.")
    assert audit_all(store) == []
    store.confirm_pause(waiting.id, held.fence)
    store.wishes.resume(waiting.id)
    held = claim(store)
    store.release(held, "The worker was stopped.")
    held = claim(store)
    store.lose(held, Loss("killed", killed=True))
    store.wishes.cancel(waiting.id)
    failing = store.add(new())
    store.lose(claim(store), Loss("broken"))
    store.wishes.cancel(failing.id)
    assert audit_all(store, Expected(ended=True)) == []


def test_all_steps_that_are_expected_are_there(store: Store) -> None:
    run_in_two_attempts(store)
    assert audit_all(store, Expected(SERIES, ended=True)) == []


def test_any_event_that_is_lost_is_missed(store: Store) -> None:
    job_id = run_in_two_attempts(store)
    record = read_records(store.engine)[0]
    moves = [one for one in record.events if one["kind"] == "state"]
    assert [move["data"]["to"] for move in moves] == ["queued", "running", "queued", "running", "succeeded"]
    for lost in moves:
        left = [one for one in record.events if one is not lost]
        assert audit(Record(record.row, left, record.points)), lost["data"]
    change(store, delete(events).where(events.c.job_id == job_id, events.c.id == moves[-1]["id"]))
    assert any("its last event says running" in sentence for sentence in audit_all(store))


def test_a_step_told_twice_is_found(store: Store) -> None:
    run_in_two_attempts(store)
    doubled = select(*[column for column in metrics.c if column.name != "id"]).where(metrics.c.step == 5)
    names = [column.name for column in metrics.c if column.name != "id"]
    change(store, insert(metrics).from_select(names, doubled))
    found = audit_all(store, Expected(SERIES))
    assert any("step 5 of train/loss comes after step 6" in sentence for sentence in found)
    assert any("told too often: 5" in sentence for sentence in found)
    assert audit_all(store)  # also where nobody says which steps there should be


def test_a_step_that_is_lost_is_missed(store: Store) -> None:
    run_in_two_attempts(store)
    change(store, delete(metrics).where(metrics.c.step == 3))
    assert audit_all(store) == []  # some series have gaps of their own
    assert any("lost: 3" in sentence for sentence in audit_all(store, Expected(SERIES)))


def test_a_job_left_running_is_found(store: Store) -> None:
    job = store.add(new())
    claim(store)
    assert audit_all(store) == []
    assert audit_all(store, Expected(ended=True)) == [f"Job {job.id}: it has not ended: it is running."]


@pytest.mark.parametrize("state", ["running", "queued", "failed"])
def test_an_end_that_was_changed_is_found(store: Store, state: str) -> None:
    run_in_two_attempts(store)
    change(store, update(jobs).values(state=state))
    assert any("its last event says succeeded" in sentence for sentence in audit_all(store))


def test_a_move_after_the_end_is_found(store: Store) -> None:
    job_id = run_in_two_attempts(store)
    again = {"from": "succeeded", "to": "queued", "fence": 3}
    change(store, insert(events).values(job_id=job_id, at=0.0, kind="state", data=again))
    assert any("after its end" in sentence for sentence in audit_all(store))


def test_a_second_completion_is_found(store: Store) -> None:
    job_id = run_in_two_attempts(store)
    again = {"from": "running", "to": "succeeded", "fence": 3}
    change(store, insert(events).values(job_id=job_id, at=0.0, kind="state", data=again))
    assert any("completed 2 times" in sentence for sentence in audit_all(store))


def test_a_move_that_no_job_may_make_is_found(store: Store) -> None:
    job = store.add(new())
    straight = {"from": "queued", "to": "succeeded", "fence": 0}
    change(store, insert(events).values(job_id=job.id, at=0.0, kind="state", data=straight))
    change(store, update(jobs).values(state="succeeded", result={}, finished_at=0.0))
    assert audit_all(store) == [f"Job {job.id}: it went from queued to succeeded, which no job may."]


def test_a_place_that_an_ended_job_still_takes_is_found(store: Store) -> None:
    run_in_two_attempts(store)
    change(store, update(jobs).values(slot="here/cpu"))
    assert any("still has its slot" in sentence for sentence in audit_all(store))


def test_a_fence_that_was_taken_back_is_found(store: Store) -> None:
    run_in_two_attempts(store)
    change(store, update(jobs).values(fence=1))
    assert any("its fence is 1, but 3 was given out" in sentence for sentence in audit_all(store))


@pytest.fixture
def unfenced(bench: Bench) -> Store:
    """The same queue, in which no statement asks for the fence any more."""

    @event.listens_for(bench.engine, "before_cursor_execute", retval=True)
    def remove(_connection: Any, _cursor: Any, sql: str, given: Any, *_rest: Any) -> tuple[str, Any]:
        return sql.replace("jobs.fence = ?", "? IS NOT NULL"), given

    return bench.store


def late_report(store: Store, stale: Claim) -> object:
    return tell(store, stale, [9])


def late_finish(store: Store, stale: Claim) -> object:
    return store.finish(stale.job_id, stale.fence, {})


def late_note(store: Store, stale: Claim) -> object:
    return store.note(stale.job_id, stale.fence, "Too late.")


def late_cancel(store: Store, stale: Claim) -> object:
    store.wishes.cancel(stale.job_id)
    return store.confirm_cancel(stale.job_id, stale.fence)


LATE = [late_report, late_finish, late_note, late_cancel]


def come_back_too_late(store: Store, act: Callable[[Store, Claim], object]) -> object:
    """A runner acts on a job that was given to another meanwhile."""
    store.add(new())
    stale = claim(store, "one")
    tell(store, stale, [1, 2])
    store.reclaim([stale], "The worker stopped answering.")
    tell(store, claim(store, "two"), [1, 2])
    return act(store, stale)


@pytest.mark.parametrize("act", LATE)
def test_with_the_fence_a_runner_that_comes_back_writes_nothing(
    store: Store, act: Callable[[Store, Claim], object]
) -> None:
    assert not come_back_too_late(store, act)
    assert audit_all(store) == []


@pytest.mark.parametrize("act", LATE)
def test_without_the_fence_clause_the_audit_fails(
    unfenced: Store, act: Callable[[Store, Claim], object]
) -> None:
    assert come_back_too_late(unfenced, act)
    assert any("fence" in sentence for sentence in audit_all(unfenced))


def test_only_the_newest_jobs_are_looked_through_where_that_is_asked_for(bench: Bench) -> None:
    old, long, young = (bench.store.add(new()) for _ in range(3))
    held = claim(bench.store), claim(bench.store)
    tell(bench.store, held[1], range(1, 50))
    bench.store.finish(held[1].job_id, held[1].fence, {})

    def ids(**limits: int) -> list[str]:
        return [record.row["id"] for record in read_records(bench.engine, **limits)]

    assert ids() == [young.id, long.id, old.id]
    assert ids(newest=2) == [young.id, long.id]
    assert ids(most_points=48) == [young.id]
    assert bench.queue.audit(newest=2, most_points=100) == (2, [])

    def break_one(connection: Connection) -> None:
        connection.execute(text("UPDATE jobs SET state = 'failed' WHERE id = :id"), {"id": long.id})

    write(bench.engine, break_one)
    count, broken = bench.queue.audit(newest=2, most_points=100)
    assert count == 2
    assert all(sentence.startswith(f"Job {long.id}: ") for sentence in broken)
