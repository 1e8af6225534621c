"""What trainings took beside what was estimated corrects the next estimate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.queue import JobView
from jobs.states import JobState
from studio.services.pace import LEAST, MOST, TRAININGS, pace_of
from tests.pages.test_jobs import job

BEGUN = datetime(2026, 11, 26, 12, tzinfo=UTC)


def training(took: float, **changes: object) -> JobView:
    """A training of 10 estimated seconds that took so many."""
    facts = {
        "state": JobState.SUCCEEDED,
        "kind": "train",
        "payload": {"estimated_seconds": 10.0},
        "started_at": BEGUN,
        "finished_at": BEGUN + timedelta(seconds=took),
        "step": 7,
        "steps": 7,
        "fence": 1,
    }
    return job(**(facts | changes))


@pytest.mark.parametrize(
    ("took", "pace"),
    [([], 1.0), ([30], 2.0), ([30, 30], 3.0), ([30, 32, 1000], 3.1), ([1, 1], LEAST), ([900, 900], MOST)],
)
def test_the_pace_is_the_middle_of_what_trainings_took_and_of_one(took: list[float], pace: float) -> None:
    assert pace_of([training(seconds) for seconds in took]) == pytest.approx(pace)


def test_only_the_last_trainings_count() -> None:
    assert pace_of([training(30)] * TRAININGS + [training(5)] * 50) == 3.0


@pytest.mark.parametrize(
    "changes",
    [
        {"state": JobState.FAILED},
        {"step": 5},  # stopped early
        {"fence": 3},  # paused meanwhile, or taken over
        {"kind": "evaluate"},
        {"payload": {}},  # of an earlier version
        {"finished_at": None},
    ],
)
def test_a_training_that_did_not_run_through_says_nothing(changes: dict[str, object]) -> None:
    assert pace_of([training(30, **changes)]) == 1.0
