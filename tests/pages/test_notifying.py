"""The button that asks to be told stands with jobs that have not ended, and carries what will be said."""

from __future__ import annotations

import pytest

from jobs.states import TERMINAL, JobState
from studio.pages.notifying import notify_button
from tests.pages.test_jobs import job


@pytest.mark.parametrize("state", JobState)
def test_a_person_can_ask_to_be_told_of_a_job_until_it_has_ended(state: JobState) -> None:
    assert bool(notify_button(job(state), "m")) == (state not in TERMINAL)


def test_what_will_be_said_stands_in_the_button_and_names_are_harmless() -> None:
    button = str(notify_button(job(), '<b>"x"'))
    assert "&lt;b&gt;&#34;x&#34;&#39; is done." in button and "<b>" not in button
    assert 'aria-pressed="false"' in button and "/jobs?job=" in button
