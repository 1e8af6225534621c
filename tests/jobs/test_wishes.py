"""What people ask of jobs: cancel, pause, resume, stop early, another order."""

from __future__ import annotations

import itertools

import pytest

from jobs.endings import Endings
from jobs.errors import NotPossibleNow, UnknownJob
from jobs.moves import Loss
from jobs.reasons import LITTLE_ROOM
from jobs.states import JobState
from jobs.store import Store
from jobs.telemetry import Batch, NewPoint
from jobs.views import JobFailure, Standing
from tests.jobs.store_calls import LEASE, HandClock, cancelled, claim, moved, new, reclaim


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


@pytest.mark.parametrize("ending", ["confirmed", "killed"])
def test_why_a_job_was_paused_is_what_it_was_asked_for_whatever_its_process_tells_meanwhile(
    store: Store, ending: str
) -> None:
    endings = Endings(store.engine)
    job = store.add(new(resumable=True))
    held = claim(store)
    store.wishes.pause(job.id, LITTLE_ROOM)
    store.telemetry.report(job.id, held.fence, Batch({"message": "Epoch 2 of 3"}))
    if ending == "confirmed":
        assert store.confirm_pause(job.id, held.fence)
    else:
        assert store.lose(held, Loss("Its process was killed.", killed=True))
    assert (store.get(job.id).state, store.get(job.id).message) == (JobState.PAUSED, LITTLE_ROOM)
    assert [(one.job_id, one.state) for one in endings.after(0)[0]] == [(job.id, JobState.PAUSED)]
    notes = [one.data["reason"] for one in store.telemetry.events_after(job.id, 0) if one.kind == "note"]
    assert notes == ([] if ending == "confirmed" else ["Its process was killed."])


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


def test_what_a_job_had_when_its_worker_was_stopped_can_be_kept(store: Store) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5}))
    assert store.release(held, "The worker was stopped.")
    store.wishes.stop(job.id)
    assert store.get(job.id).stop_asked and store.get(job.id).state is JobState.QUEUED


def test_what_a_job_had_can_be_kept_though_a_later_attempt_told_nothing(store: Store) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    measured = [NewPoint("loss", 0.5, "train", 50, None, 0.0)]
    store.telemetry.report(job.id, held.fence, Batch({"step": 50, "steps": 100}, measured))
    assert store.release(held, "The worker was stopped.")
    assert store.release(claim(store), "The worker was stopped.")
    store.wishes.stop(job.id)
    assert store.get(job.id).stop_asked


def test_a_paused_job_is_queued_to_keep_its_best(store: Store) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5}))
    store.wishes.pause(job.id, "")
    store.confirm_pause(job.id, held.fence)
    store.wishes.stop(job.id)
    shown = store.get(job.id)
    assert (shown.state, shown.stop_asked) == (JobState.QUEUED, True)


def test_a_paused_job_that_waits_again_still_shows_how_far_it_came(store: Store) -> None:
    job = store.add(new(resumable=True))
    held = claim(store)
    store.telemetry.report(job.id, held.fence, Batch({"fraction": 0.5, "step": 5, "steps": 10}))
    store.wishes.pause(job.id, "")
    store.confirm_pause(job.id, held.fence)
    store.wishes.resume(job.id)
    store.wishes.pause(job.id, "")
    shown = store.get(job.id)
    assert (shown.state, shown.fraction, shown.step) == (JobState.PAUSED, 0.5, 5)
    store.wishes.resume(job.id)
    claim(store)
    assert store.get(job.id).step is None, "until the new attempt tells"


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


def test_an_unknown_job_is_named_in_the_error(store: Store) -> None:
    with pytest.raises(UnknownJob, match="'nope'"):
        store.get("nope")
    for wish in (store.wishes.resume, store.wishes.stop, lambda job_id: store.wishes.pause(job_id, "")):
        with pytest.raises(UnknownJob):
            wish("nope")
