"""Progress, metrics, events and the revision number."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jobs.moves import Loss
from jobs.states import JobState
from jobs.telemetry import Batch, NewPoint
from jobs.views import Claim, NewJob, Standing
from tests.jobs.bench import Bench

SERIES = [(1, 500), (7, 7), (8, 7), (1000, 100), (101, 100), (5, 2), (9, 1)]


@pytest.fixture
def held(bench: Bench) -> Claim:
    bench.queue.submit(NewJob("test", "x.y"))
    claim = bench.store.claim_next("one", "train", 60.0)
    assert claim is not None
    return claim


def points(steps: range, name: str = "loss", split: str = "train", value: float = 1.0) -> list[NewPoint]:
    return [NewPoint(name, value, split, step, None, 1000.0 + step) for step in steps]


def test_progress_changes_only_what_is_given(bench: Bench, held: Claim) -> None:
    report = bench.store.telemetry.report
    assert report(held.job_id, held.fence, Batch({"fraction": 0.5, "message": "Epoch 1"})) == Standing(
        JobState.RUNNING, told=1
    )
    report(held.job_id, held.fence, Batch({"fraction": 0.6}))
    job = bench.queue.get(held.job_id)
    assert (job.fraction, job.message) == (0.6, "Epoch 1")


def test_a_report_learns_of_a_cancel(bench: Bench, held: Claim) -> None:
    bench.queue.cancel(held.job_id)
    assert bench.store.telemetry.report(held.job_id, held.fence, Batch({"step": 1})) == Standing(
        JobState.CANCELLING, told=1, step=1
    )


@pytest.mark.parametrize(
    ("count", "limit"), [(1, 500), (7, 7), (8, 7), (1000, 100), (101, 100), (5, 2), (9, 1)]
)
def test_a_series_is_thinned_evenly_and_keeps_its_ends(
    bench: Bench, held: Claim, count: int, limit: int
) -> None:
    bench.store.telemetry.report(held.job_id, held.fence, Batch(points=points(range(count))))
    steps = [point.step for point in bench.queue.metrics(held.job_id, limit)]
    assert len(steps) <= max(limit, 2)
    assert steps[0] == 0
    assert steps[-1] == count - 1
    if count <= limit:
        assert steps == list(range(count))
    elif limit > 2:
        gaps = [later - earlier for earlier, later in pairwise(steps)]
        assert len(set(gaps[:-1])) == 1


def test_each_series_is_thinned_by_itself(bench: Bench, held: Claim) -> None:
    both = points(range(100)) + points(range(3), split="validation")
    bench.store.telemetry.report(held.job_id, held.fence, Batch(points=both))
    shown = bench.queue.metrics(held.job_id, 10)
    assert [point.step for point in shown if point.split == "validation"] == [0, 1, 2]
    assert len([point for point in shown if point.split == "train"]) <= 10


def test_points_come_by_series_and_step_whatever_their_order_was(bench: Bench, held: Claim) -> None:
    report = bench.store.telemetry.report
    report(held.job_id, held.fence, Batch(points=points(range(20, 0, -1)) + points(range(3), split="test")))
    for limit in (50, 10):
        shown = bench.queue.metrics(held.job_id, limit)
        assert [point.split for point in shown] == sorted(point.split for point in shown)
        steps = [point.step for point in shown if point.split == "train"]
        assert steps == sorted(steps)
        assert (steps[0], steps[-1]) == (1, 20)


def test_a_new_attempt_takes_the_place_of_the_old_ones_points(bench: Bench, held: Claim) -> None:
    report = bench.store.telemetry.report
    report(held.job_id, held.fence, Batch(points=points(range(6)) + points(range(2), name="accuracy")))
    bench.store.lose(held, Loss("killed", stray=True))
    again = bench.store.claim_next("two", "train", 60.0)
    assert again is not None
    report(again.job_id, again.fence, Batch(points=points(range(3, 5), value=9.0)))
    report(again.job_id, again.fence, Batch(points=points(range(5, 6), value=9.0)))
    shown = bench.queue.metrics(held.job_id)
    assert [point.value for point in shown if point.name == "loss"] == [1.0, 1.0, 1.0, 9.0, 9.0, 9.0]
    assert [point.step for point in shown if point.name == "accuracy"] == [0, 1]


def test_events_are_read_from_where_a_reader_stopped(bench: Bench, held: Claim) -> None:
    first = bench.queue.events_after(held.job_id, 0)
    bench.queue.cancel(held.job_id)
    later = bench.queue.events_after(held.job_id, first[-1].id)
    assert [event.data["to"] for event in later] == ["cancelling"]
    assert len(bench.queue.events_after(held.job_id, 0, limit=1)) == 1


def test_the_revision_changes_with_every_change_but_a_heartbeat(bench: Bench, held: Claim) -> None:
    revision = bench.queue.revision
    seen = revision()
    assert revision() == seen
    bench.store.leases.renew("one", [held], 60.0, {})
    assert revision() == seen
    for change in (
        lambda: bench.store.telemetry.report(held.job_id, held.fence, Batch(points=points(range(1)))),
        lambda: bench.queue.set_priority(held.job_id, 3),
        lambda: bench.queue.cancel(held.job_id),
        lambda: bench.store.confirm_cancel(held.job_id, held.fence),
        lambda: bench.queue.submit(NewJob("test", "x.y")),
    ):
        change()
        assert revision() > seen
        seen = revision()
