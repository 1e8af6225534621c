"""The state machine on its own."""

from __future__ import annotations

import pytest

from jobs.states import ACTIVE, ALLOWED, TERMINAL, JobState, is_allowed


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_a_sentence_and_known_moves(state: JobState) -> None:
    assert state.sentence.endswith(".")
    assert state in ALLOWED


def test_terminal_states_are_the_three_endings() -> None:
    assert {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED} == TERMINAL
    assert not TERMINAL & ACTIVE


def test_every_state_is_reached_from_queued_and_leads_to_an_end() -> None:
    reached, todo = {JobState.QUEUED}, [JobState.QUEUED]
    while todo:
        new = ALLOWED[todo.pop()] - reached
        reached |= new
        todo.extend(new)
    assert reached == set(JobState)


def test_a_job_that_was_asked_to_stop_cannot_succeed() -> None:
    assert not is_allowed(JobState.CANCELLING, JobState.SUCCEEDED)
