"""What a handler can say and ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.context import JobCancelled, JobContext
from jobs.reporter import Reporter
from jobs.states import JobState
from jobs.views import Assignment, Standing


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(
        lambda batch: Standing(JobState.RUNNING), lambda: Standing(JobState.RUNNING), lambda: None
    )


@pytest.fixture
def context(reporter: Reporter, tmp_path: Path) -> JobContext:
    return JobContext(Assignment("abc", 2, 1, "x.y", {"a": 1}), tmp_path, reporter)


def test_it_knows_its_job(context: JobContext, tmp_path: Path) -> None:
    assert (context.job_id, context.attempt, context.payload, context.workdir) == (
        "abc",
        2,
        {"a": 1},
        tmp_path,
    )


def test_progress_is_kept_within_its_limits(context: JobContext, reporter: Reporter) -> None:
    context.progress(fraction=1.7, step=3)
    context.progress(message="Epoch 1")
    assert reporter.batch.progress == {"fraction": 1.0, "step": 3, "message": "Epoch 1"}


def test_a_value_that_is_no_number_is_logged_once_and_not_drawn(
    context: JobContext, reporter: Reporter, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in (7, 8):
        context.metric("loss", float("nan"), split="train", step=step)
    context.metric("loss", 0.5, split="train", step=9)
    assert [point.step for point in reporter.batch.points] == [9]
    assert capsys.readouterr().out.count("nan at step 7") == 1


def test_a_note_goes_into_history_and_log(
    context: JobContext, reporter: Reporter, capsys: pytest.CaptureFixture[str]
) -> None:
    context.note("It goes on with 16 rows at a time.")
    assert reporter.batch.notes == ["It goes on with 16 rows at a time."]
    assert "16 rows" in capsys.readouterr().out


def test_it_raises_only_when_asked_to_stop(context: JobContext, reporter: Reporter) -> None:
    context.raise_if_cancelled()
    assert context.ending is None
    reporter.release()
    assert context.ending == "release"
    with pytest.raises(JobCancelled):
        context.raise_if_cancelled()
