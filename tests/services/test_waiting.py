"""When waiting jobs are expected to start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.queue import JobView, NewJob
from jobs.roster import WorkerIdentity
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.services.waiting import ENDING_SECONDS, expected_starts
from tests.pages.test_jobs import job

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def ended(minutes: float, kind: str = "train") -> JobView:
    """A job that took so long."""
    begun = NOW - timedelta(hours=2)
    return job(
        JobState.SUCCEEDED, kind=kind, started_at=begun, finished_at=begun + timedelta(minutes=minutes)
    )


def waiting(name: str, position: int, **changes: object) -> JobView:
    """A job that waits at a place of its lane."""
    return job(JobState.QUEUED, id=name, position=position, **changes)


def test_each_waits_for_those_before_it_as_long_as_their_kind_takes() -> None:
    jobs = [waiting("b", 2), waiting("a", 1), job(eta_seconds=30.0), ended(1), ended(2), ended(60)]
    assert expected_starts(jobs, NOW) == {"a": 30.0, "b": 30.0 + 120.0}


def test_with_two_places_the_first_that_is_free_takes_the_next_job() -> None:
    running = [job(id="x", eta_seconds=30.0), job(id="y", eta_seconds=50.0)]
    jobs = [*running, waiting("a", 1), waiting("b", 2), waiting("c", 3), ended(1)]
    assert expected_starts(jobs, NOW) == {"a": 30.0, "b": 50.0, "c": 90.0}


def test_a_running_job_without_an_estimate_is_taken_to_last_as_its_kind_does() -> None:
    begun = NOW - timedelta(seconds=45)
    assert expected_starts([job(eta_seconds=None, started_at=begun), waiting("a", 1), ended(1)], NOW) == {
        "a": 15.0
    }
    assert expected_starts([job(eta_seconds=None, started_at=begun), waiting("a", 1)], NOW) == {}


def test_what_was_expected_of_a_training_counts_before_what_others_took() -> None:
    jobs = [
        job(eta_seconds=30.0),
        waiting("a", 1, payload={"expected_seconds": 20.0}),
        waiting("b", 2),
        ended(9),
    ]
    assert expected_starts(jobs, NOW) == {"a": 30.0, "b": 50.0}


def test_what_is_not_known_is_left_out_and_lanes_do_not_wait_for_each_other() -> None:
    jobs = [job(eta_seconds=30.0), waiting("a", 1), waiting("b", 2), waiting("c", 1, lane="light")]
    assert expected_starts(jobs, NOW) == {"a": 30.0, "c": 0.0}


def test_a_place_that_is_being_left_is_free_within_seconds_and_a_held_back_job_waits_for_its_time() -> None:
    jobs = [job(JobState.PAUSING, eta_seconds=900.0), waiting("a", 1)]
    assert expected_starts(jobs, NOW) == {"a": ENDING_SECONDS}
    held_back = waiting("a", 1, not_before=NOW + timedelta(seconds=8))
    assert expected_starts([held_back], NOW) == {"a": 8.0}


@pytest.mark.parametrize(("has_room", "expected"), [(True, 0.0), (False, None)])
def test_the_shape_of_a_job_says_when_it_starts_where_a_worker_may_start_it(
    studio: Studio, has_room: bool, expected: float | None
) -> None:
    made = studio.jobs.submit(NewJob("test", "nowhere.handler"))
    assert studio.jobs.to_json(made)["starts_in_seconds"] is None, "no worker is alive"
    store = studio.jobs.queue.store
    store.roster.register(WorkerIdentity("w", "elsewhere", 1, ""), 60.0)
    store.leases.renew("w", [], 60.0, {"has_room": has_room})
    assert studio.jobs.to_json(made)["starts_in_seconds"] == expected
