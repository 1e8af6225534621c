"""The Start page: the way in for a newcomer, and the state of things for everyone else."""

from __future__ import annotations

from datetime import UTC, datetime

from jobs.queue import JobView
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.pages import layout, start
from studio.records.models import ModelRecord
from studio.services.system import Overview
from studio.tasks.registry import list_tasks

NOW = datetime.now(UTC)
MODEL = ModelRecord(
    id="m1", name="tickets-1", task="classification", checkpoint="minilm-l6", dataset="tickets",
    dataset_id="d1", dataset_fingerprint="f", recipe={}, labels=("a", "b"),
    metrics={"test": {"accuracy": 0.973}}, best_epoch=2.0, parameters=1, trainable_parameters=1,
    size_bytes=1, seconds=200.0, rows_per_second=1.0, created_at=NOW,
)  # fmt: skip
MACHINE = Overview(
    device="cpu", device_name="Some CPU", cpu_cores=2, memory_bytes=24_000_000_000,
    memory_used_bytes=3_000_000_000, disk_free_bytes=80_000_000_000, jobs_running=1, jobs_waiting=2,
    workers=1, network="off",
)  # fmt: skip


def job(state: JobState, **changes: object) -> JobView:
    values: dict[str, object] = dict(
        id="secret-id", kind="train", lane="train", title="tickets-1", handler="h", payload={}, state=state,
        fraction=None, step=None, steps=None, eta_seconds=None, message="", attempt=1, attempts_allowed=3,
        priority=0, position=None, created_at=NOW, started_at=None, finished_at=None, heartbeat_at=None,
        worker=None, error=None, result=None, retry_of=None,
    )  # fmt: skip
    return JobView(**{**values, **changes})  # type: ignore[arg-type]


def test_the_sample_is_one_click_from_a_training_in_the_quick_preset(studio: Studio) -> None:
    assert start.is_first_visit(studio)
    assert "The way from a table to a model" in start.render_board(studio)
    address = start.open_sample(studio, start.FIRST_TASK)
    assert address == "/train?dataset=customer-messages&preset=quick"
    assert start.open_sample(studio, start.FIRST_TASK) == address
    assert not start.is_first_visit(studio)
    assert "This machine" in start.render_board(studio)


def test_every_other_task_has_a_sample_to_try(studio: Studio) -> None:
    html = start.other_samples()
    for task in list_tasks():
        assert (f'data-pick="{task.key}"' in html) == (task.key != start.FIRST_TASK)
        assert start.open_sample(studio, task.key).startswith("/train?dataset=")
    assert {dataset.task for dataset in studio.datasets.list()} == {task.key for task in list_tasks()}


def test_what_runs_shows_how_far_it_is_and_how_long_still() -> None:
    html = start.render_now([job(JobState.RUNNING, fraction=0.62, eta_seconds=125.0)])
    assert "62 %, about 2 min left" in html
    assert 'href="/jobs?job=secret-id"' in html
    assert html.count("secret-id") == 1


def test_a_job_that_has_just_started_says_so_instead_of_zero_percent() -> None:
    assert "starting" in start.render_now([job(JobState.RUNNING)])


def test_what_waits_or_is_paused_is_counted_and_what_keeps_it_is_named() -> None:
    waiting = [job(JobState.QUEUED) for _ in range(3)]
    html = start.render_now(
        [*waiting, job(JobState.PAUSED)], hindrance=layout.notice("warning", "Nothing starts.")
    )
    assert "2 more wait" in html and "1 is paused" in html
    assert "Nothing starts." in html


def test_what_pauses_or_stops_early_is_among_what_runs() -> None:
    pausing = job(JobState.PAUSING, message="Paused on request.")
    html = start.render_now([pausing, job(JobState.RUNNING, stop_asked=True)])
    assert "Paused" not in html, "it is not paused yet"
    assert "Pausing" in html and "Stopping early" in html


def test_nothing_running_names_the_next_step() -> None:
    assert "Nothing is running." in start.render_now([])


def test_the_newest_model_shows_its_score_and_where_to_go() -> None:
    html = start.render_latest(MODEL, None)
    assert "97.3 %" in html and "3 min 20 s" in html
    assert 'href="/results?model=tickets-1"' in html
    assert 'href="/predict?model=tickets-1"' in html
    assert "There is no model yet." in start.render_latest(None, None)


def test_the_machine_is_described_in_round_numbers() -> None:
    html = start.render_machine(MACHINE)
    assert "3.00 GB of 24.0 GB used" in html
    assert "1 running, 2 waiting" in html
