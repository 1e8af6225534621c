"""What the buttons of the Jobs page offer, ask and do."""

from __future__ import annotations

from dataclasses import asdict

import gradio as gr
import pytest

from jobs.queue import MetricPoint, NewJob
from jobs.states import JobState
from jobs.telemetry import Batch
from studio.bootstrap import Studio
from studio.errors import Conflict
from studio.metrics.registry import METRICS
from studio.pages.jobs.page import JobsPage
from studio.pages.jobs.parts import lay_out
from studio.pages.jobs.steering import allowed, cancel_question, closing, stop_question
from studio.tasks.base import Task
from studio.tasks.registry import list_tasks
from tests.pages.test_jobs import NOW, RECIPE, job, points


def offered(state: JobState, **changes: object) -> set[str]:
    """The buttons of a training in a state, the second of three where it waits."""
    position = 2 if state == JobState.QUEUED else None
    shown = allowed(job(state, position=position, **{"resumable": True, **changes}), waiting=3)
    return {name for name, may in asdict(shown).items() if may}


def test_only_what_fits_the_state_is_offered() -> None:
    assert offered(JobState.QUEUED, attempt=0, fraction=None, told=0) == {
        "pause",
        "cancel",
        "earlier",
        "later",
    }
    assert offered(JobState.RUNNING) == {"pause", "stop", "cancel"}
    assert offered(JobState.PAUSING) == {"cancel"}
    assert offered(JobState.PAUSED) == {"resume", "stop", "cancel"}
    assert offered(JobState.PAUSED, attempt=0, fraction=None, told=0) == {"resume", "cancel"}
    assert offered(JobState.CANCELLING) == offered(JobState.SUCCEEDED) == set()
    assert offered(JobState.FAILED) == offered(JobState.CANCELLED) == {"retry"}


def test_what_could_not_go_on_is_not_paused_and_what_stops_is_not_stopped_again() -> None:
    assert offered(JobState.RUNNING, resumable=False) == {"cancel"}
    assert offered(JobState.RUNNING, stop_asked=True) == {"pause", "cancel"}
    assert offered(JobState.RUNNING, kind="predict") == {"pause", "cancel"}


def test_stopping_asks_with_the_best_epoch_or_says_that_none_was_judged() -> None:
    asked = stop_question(job(), points(0.8, 0.94, 0.93))
    assert "tickets-m" in asked and "epoch 2, with validation accuracy at 94.0 %" in asked
    assert "not been judged yet" in stop_question(job(), [])
    assert "through the line once more" in stop_question(job(JobState.PAUSED), points(0.8))


@pytest.mark.parametrize("task", list_tasks(), ids=lambda task: task.key)
def test_stopping_names_the_score_by_which_epochs_of_its_task_are_chosen(task: Task) -> None:
    metric = METRICS[task.primary_metric]
    measured = [MetricPoint(metric.name, "validation", 10, 1.0, 0.875, NOW)]
    written = "87.5 %" if metric.unit == "share" else "0.875"
    assert f"validation {metric.spoken} at {written}." in stop_question(job(), measured)


def test_cancelling_says_what_is_lost() -> None:
    assert "is lost" in cancel_question(job())
    assert "is lost" in cancel_question(job(JobState.QUEUED, attempt=1)), "it waits with what it has learnt"
    assert "out of the queue" in cancel_question(job(JobState.QUEUED, attempt=0))


@pytest.fixture
def page(studio: Studio) -> JobsPage:
    """The page over the real queue, without a browser."""
    with gr.Blocks():
        return JobsPage(studio, lay_out())


def submit(studio: Studio, title: str) -> str:
    """A training that waits for a worker."""
    payload = {"dataset": "tickets", "checkpoint": "minilm-l6", "recipe": RECIPE}
    new = NewJob("train", "studio.handlers.train", payload, title=title, resumable=True)
    return studio.jobs.submit(new).id


def test_the_order_of_waiting_jobs_is_changed_one_place_at_a_time_or_to_any_place(
    studio: Studio, page: JobsPage
) -> None:
    made = [submit(studio, title) for title in ("one", "two", "three")]
    first = studio.jobs.get(made[0]).position or 0

    def order() -> list[int]:
        return [(studio.jobs.get(job_id).position or 0) - first for job_id in made]

    page.steering.move(made[2], "up")
    assert order() == [0, 2, 1]
    page.steering.move(made[0], "down")
    assert order() == [1, 2, 0]
    page.steering.move(made[1], str(first))
    assert order() == [2, 0, 1]
    page.steering.move(made[1], "0")
    assert order() == [2, 0, 1], "before the first there is no place"


def test_cancel_asks_with_the_name_and_retry_turns_to_the_new_job(studio: Studio, page: JobsPage) -> None:
    job_id = submit(studio, "to cancel")
    shown, question, cancels, stops = page.steering.ask_cancel(job_id)
    assert (shown, cancels, stops) == tuple(gr.update(visible=it) for it in (True, True, False))
    assert "to cancel" in question
    assert closing(studio.jobs.cancel)(job_id) == gr.update(visible=False)
    assert studio.jobs.get(job_id).state == JobState.CANCELLED
    chosen, address, *_ = page.steering.retry(job_id)
    assert chosen != job_id and studio.jobs.get(chosen).retry_of == job_id
    assert address == f"/jobs?job={chosen}"
    assert page.steering.retry(job_id)[0] == chosen, "twice is once while the first has not ended"
    studio.jobs.cancel(chosen)


def test_a_running_training_is_paused_resumed_and_stopped(studio: Studio, page: JobsPage) -> None:
    for waiting in studio.jobs.unfinished():
        studio.jobs.cancel(waiting.id)
    job_id = submit(studio, "steered")
    store = studio.jobs.queue.store
    claim = store.claim_next("worker", "train", 60.0)
    assert claim is not None and claim.job_id == job_id
    store.telemetry.report(job_id, claim.fence, Batch({"fraction": 0.5}, []))
    closing(studio.jobs.pause)(job_id)
    closing(studio.jobs.pause)(job_id)
    assert studio.jobs.get(job_id).state == JobState.PAUSING
    assert (
        "writes down what it has learnt" in page.render(job_id, "")[page.outputs.index(page.parts.headline)]
    )
    with pytest.raises(Conflict, match="still pausing"):
        closing(studio.jobs.resume)(job_id)
    assert store.confirm_pause(job_id, claim.fence)
    assert page.steering.ask_stop(job_id)[3] == gr.update(visible=True)
    closing(studio.jobs.stop)(job_id)
    shown = studio.jobs.get(job_id)
    assert (shown.state, shown.stop_asked) == (JobState.QUEUED, True)
    assert "waits for its turn" in page.render(job_id, "")[page.outputs.index(page.parts.headline)]
