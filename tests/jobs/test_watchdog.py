"""A job that makes no step any more writes down where it hangs, is ended, and tried again."""

from __future__ import annotations

import pytest

from jobs.states import JobState
from tests.jobs.bench import Bench


@pytest.mark.parametrize("step", [1, 0], ids=["after the first step", "before the first step"])
def test_a_job_that_hangs_shows_where_in_its_log_and_is_tried_again(bench: Bench, step: int) -> None:
    job = bench.submit("hang_at_first", {"step": step}, attempts_allowed=2)
    short, long = {"silent_seconds": 1.0, "silent_start_seconds": 3600.0}, {"silent_start_seconds": 12.0}
    bench.run_all(lease_seconds=30.0, **(short if step else long))
    done = bench.queue.get(job.id)
    assert (done.state, done.result) == (JobState.SUCCEEDED, {"attempt": 2})
    assert "in hang_at_first" in bench.queue.log_tail(job.id), "the stacks are not in the log"
    reasons = [event.data["reason"] for event in bench.queue.events_after(job.id)]
    assert any("made no step for" in reason for reason in reasons)


def test_a_job_that_hangs_in_every_attempt_fails_with_a_sentence(bench: Bench) -> None:
    job = bench.submit("ignore_cancel", attempts_allowed=1)
    bench.run_all(lease_seconds=30.0, silent_start_seconds=12.0)
    failed = bench.queue.get(job.id)
    assert failed.state is JobState.FAILED
    assert failed.error is not None
    assert "made no step for 12 s" in failed.error.message
