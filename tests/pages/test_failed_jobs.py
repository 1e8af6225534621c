"""What is said of a failed job: why it may have failed, what to do next, and what was tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.moves import Loss, attempts_used_up
from jobs.queue import EventView, JobFailure
from jobs.states import JobState
from studio.pages.jobs import detail, failure, history
from studio.pages.words import words_of
from tests.pages.test_jobs import NOW, RECIPE, job

ROOT = Path(failure.__file__).parents[3]
# Answered to a request; none of them ends a job.
OF_REQUESTS = {
    "unauthorized", "forbidden", "unknown_job", "job_not_ended", "not_possible_now", "schema_too_new",
    "database_unavailable", "interrupted",
}  # fmt: skip
KINDS = ("train", "evaluate", "predict", "fetch", "import", "profile")


def codes_in(tree: ast.AST) -> Iterator[str]:
    """The codes of error classes, and those that a JobFailure is made with."""
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        if isinstance(node, ast.ClassDef):
            found = [
                each.value
                for each in node.body
                if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == "code"
            ]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "JobFailure":
            found = [*node.args[2:], *(word.value for word in node.keywords if word.arg == "code")]
        for value in found:
            yield from (
                part.value
                for part in ast.walk(value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def test_every_code_that_can_end_a_job_has_its_reason_and_its_steps() -> None:
    paths = [path for room in ("jobs", "studio") for path in (ROOT / room).rglob("*.py")]
    codes = {code for path in paths for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))}
    assert {"lost", "killed", "hung", "diverged", "out_of_memory", "not_found"} <= codes
    assert set(failure.STEPS) == codes - OF_REQUESTS - {""}
    assert set(words_of("failures").why) == set(failure.STEPS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", sorted(failure.STEPS))
def test_whatever_fails_there_is_something_to_do(kind: str, code: str) -> None:
    shown = failure.advice(job(JobState.FAILED, kind=kind, error=JobFailure("It failed.", "", code)))
    assert re.search(r'<ol class="s-next"><li><(a class="s-button s-primary"|button)', shown)
    assert "{" not in shown


def steps(code: str, **changes: object) -> str:
    """The steps of a training that failed with a code."""
    return str(failure.advice(job(JobState.FAILED, error=JobFailure("It failed.", "", code), **changes)))


def test_a_lack_of_memory_leads_to_the_form_with_half_the_batch() -> None:
    assert 'href="/train?from=a1&amp;batch_size=8"' in steps("killed")
    assert "batches of 8" in steps("killed")
    assert "tokens" in steps("out_of_memory").split("</li>")[0], "rows were halved down to one already"
    small = job(payload={"recipe": {**RECIPE, "batch_size": 1}})
    assert "batch_size" not in steps("killed", payload=small.payload)


def test_a_loss_that_explodes_leads_to_a_lower_learning_rate() -> None:
    assert 'href="/train?from=a1&amp;learning_rate=0.00002"' in steps("diverged").split("</li>")[0]


def test_a_missing_checkpoint_leads_to_the_others_and_a_table_to_its_page() -> None:
    shown = steps("not_found")
    assert 'href="/train?dataset=tickets"' in shown and 'href="/data?dataset=tickets"' in shown


def test_a_code_that_nobody_foresaw_is_answered_as_such() -> None:
    assert "Nobody foresaw this" in steps("something_new")


def state(source: JobState | None, target: JobState, seconds: float, reason: str) -> EventView:
    """One move of a job, so many seconds after the first."""
    data = {"from": source, "to": target, "reason": reason, "worker": "box:12:ab", "fence": 2, "attempt": 1}
    return EventView(int(seconds), NOW + timedelta(seconds=seconds), "state", data)


KILLED = "The job's process was killed."
EVENTS = [
    EventView(0, NOW, "state", {"from": None, "to": "queued", "reason": "Submitted."}),
    state(JobState.QUEUED, JobState.RUNNING, 1, "Claimed by a worker."),
    EventView(2, NOW, "note", {"reason": "It goes on with 8 rows at a time.", "fence": 2}),
    state(JobState.RUNNING, JobState.QUEUED, 5, KILLED),
    EventView(6, NOW, "order", {"position": 2}),
    EventView(7, NOW, "priority", {"priority": 3}),
    state(JobState.QUEUED, JobState.RUNNING, 8, "Claimed by a worker."),
    state(JobState.RUNNING, JobState.FAILED, 20, "It hangs."),
]


def test_every_attempt_says_how_it_ended() -> None:
    assert [attempt.how for attempt in history.attempts_of(EVENTS)] == [KILLED, "It hangs."]
    shown = detail.what_to_do(job(JobState.FAILED, error=JobFailure("It hangs.", "", "hung")), EVENTS)
    assert "What was tried, 2 times" in shown and "after 4 s" in shown and "after 12 s" in shown
    assert history.attempts_list(EVENTS[:4]) == ""
    assert detail.what_to_do(job(), EVENTS) == ""


def test_the_history_says_in_words_what_happened_the_newest_last() -> None:
    shown = history.history(EVENTS)
    order = [
        "put into the line",
        "A worker began it",
        "8 rows at a time",
        "was killed",
        "place 2",
        "set to 3",
    ]
    places = [shown.index(words) for words in order]
    assert places == sorted(places)
    assert shown.count("attempt 1 · box · claim 2") == 2, "once for each beginning"
    assert "box:12" not in shown and "Claimed" not in shown
    long = history.history([EVENTS[2]] * (history.SHOWN_AT_MOST + 1))
    assert "1 earlier event is left out" in long and long.count("<li>") == history.SHOWN_AT_MOST


def test_what_ended_the_last_attempt_decides_the_advice() -> None:
    codes = [attempts_used_up(3, Loss("x", hung=hung, killed=killed)).code for hung, killed in
             ((False, False), (False, True), (True, True))]  # fmt: skip
    assert codes == ["lost", "killed", "hung"]
