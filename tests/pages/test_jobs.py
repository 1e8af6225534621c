"""The Jobs page: how a job goes in one sentence, the order of those that wait, and what the buttons do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import gradio as gr
import pytest

from jobs.queue import JobFailure, JobView, MetricPoint, NewJob
from jobs.states import JobState
from jobs.telemetry import Batch, NewPoint
from studio.bootstrap import Studio
from studio.errors import NotFound
from studio.pages.jobs import course, detail, listing, steering
from studio.pages.jobs.curves import REDRAW_SECONDS, Curves
from studio.pages.jobs.page import UNCHOSEN, JobsPage
from studio.pages.jobs.parts import lay_out

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECIPE = {"preset": "quick", "epochs": 3, "learning_rate": 1e-4, "batch_size": 16, "max_length": 64}


def job(state: JobState = JobState.RUNNING, **changes: object) -> JobView:
    """A training as the queue shows it."""
    made = JobView(
        id="a1", kind="train", lane="train", title="tickets-m", handler="h",
        payload={"dataset": "tickets", "checkpoint": "minilm-l6", "model": "tickets-m", "recipe": RECIPE},
        state=state, fraction=0.25, step=10, steps=40, eta_seconds=130.0, message="Training, epoch 1 of 3",
        attempt=1, attempts_allowed=3, priority=0, position=None, created_at=NOW, started_at=NOW,
        finished_at=None, heartbeat_at=NOW, worker="w", error=None, result=None, retry_of=None, told=3,
    )  # fmt: skip
    return replace(made, **changes)


def points(*scores: float, losses: tuple[float, ...] = ()) -> list[MetricPoint]:
    """Two measured points of training and one of validation for each epoch."""
    made = []
    for epoch, score in enumerate(scores, 1):
        for part, value in ((0.5, 0.4), (1.0, 0.2)):
            step = int((epoch - 1 + part) * 10)
            made.append(MetricPoint("loss", "train", step, epoch - 1 + part, value, NOW))
            made.append(MetricPoint("accuracy", "train", step, epoch - 1 + part, 1 - value, NOW))
        loss = losses[epoch - 1] if losses else 0.5
        made.append(MetricPoint("accuracy", "validation", epoch * 10, float(epoch), score, NOW))
        made.append(MetricPoint("loss", "validation", epoch * 10, float(epoch), loss, NOW))
    return made


def test_numbers_are_summed_up_by_epoch() -> None:
    first, second = course.epochs_of(points(0.8, 0.9))
    assert (first.number, second.number) == (1, 2)
    assert first.training["loss"] == pytest.approx(0.3), "of the loss the mean"
    assert first.training["accuracy"] == 0.8, "of the running accuracy the last"
    assert first.validation == {"accuracy": 0.8, "loss": 0.5}


def test_the_score_of_an_epoch_cut_short_is_its_own() -> None:
    cut = [*points(0.8, 0.9), MetricPoint("accuracy", "validation", 23, 2.3, 0.95, NOW)]
    assert [epoch.validation["accuracy"] for epoch in course.epochs_of(cut)] == [0.8, 0.9, 0.95]


def test_of_two_equal_scores_the_one_with_the_lower_loss_is_best() -> None:
    best = course.best_of(course.epochs_of(points(0.9, 0.9, 0.8, losses=(0.5, 0.4, 0.1))))
    assert best is not None and best.number == 2
    assert course.best_of([]) is None


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_its_sentence_and_its_row(state: JobState) -> None:
    one = job(state)
    assert course.describe(one, []).endswith(".")
    row = listing.jobs_table([listing.Line(one)], "", "cpu")
    assert "tickets-m" in row and "MiniLM-L6" in row
    assert detail.headline(one, [], None).count("<h2>") == 1


def test_a_waiting_job_that_is_opened_says_when_it_is_expected_to_start() -> None:
    waiting = job(JobState.QUEUED, position=3)
    assert listing.wait_words(waiting, 600.0) in detail.headline(waiting, [], None, 600.0)
    assert "10" in listing.wait_words(waiting, 600.0)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((0.9,), "90.0 % after the first epoch."),
        ((0.8, 0.9), "risen from 80.0 % to 90.0 %, its best so far, in epoch 2"),
        ((0.8, 0.94, 0.93), "rose to 94.0 % in epoch 2 and has not been higher since"),
        ((0.94, 0.93), "was 94.0 % after the first epoch and has not been higher since"),
    ],
)
def test_a_running_training_says_how_it_goes(scores: tuple[float, ...], words: str) -> None:
    assert words in course.describe(job(), points(*scores))


def test_a_finished_training_says_what_the_engine_found() -> None:
    done = job(JobState.SUCCEEDED, result={"sentence": "Best at epoch 2 of 3."})
    assert course.describe(done, points(0.8, 0.9)) == "Best at epoch 2 of 3."


def test_a_cancelled_job_says_how_far_it_had_come() -> None:
    cancelled = job(JobState.CANCELLED)
    assert "after 2 epochs" in course.describe(cancelled, points(0.8, 0.9))
    assert "before its first score" in course.describe(cancelled, [])
    assert "before it began" in course.describe(replace(cancelled, attempt=0), [])
    assert "before it was done" in course.describe(replace(cancelled, kind="score"), [])


def test_a_failed_job_opens_on_its_reason_and_hint() -> None:
    failed = job(JobState.FAILED, error=JobFailure("The memory did not suffice.", "Halve the batch size."))
    shown = detail.headline(failed, [], None)
    assert "The memory did not suffice." in shown and "Halve the batch size." in shown
    assert "s-error" in shown


def test_a_waiting_job_says_how_many_go_before_it() -> None:
    assert "next in line" in course.describe(job(JobState.QUEUED, position=1), [])
    assert "1 job goes before it" in course.describe(job(JobState.QUEUED, position=2), [])
    assert "number 3 in line" in listing.progress_cell(listing.Line(job(JobState.QUEUED, position=3)))


def test_a_waiting_job_says_when_it_is_expected_to_start() -> None:
    def shown(**values: object) -> str:
        starts_in = values.pop("starts_in", None)
        return listing.progress_cell(listing.Line(job(JobState.QUEUED, **values), starts_in=starts_in))

    assert "next, in about 2 min" in shown(position=1, starts_in=130.0)
    assert "number 2 in line, in about 4 min" in shown(position=2, starts_in=240.0)
    assert "number 2 in line<" in shown(position=2)
    assert "next in line" in shown(position=1)
    held_back = datetime.now(UTC) + timedelta(seconds=7.5)
    assert "tried again in 8 s" in shown(position=1, not_before=held_back, starts_in=7.5)


def test_a_waiting_job_among_others_can_be_moved_by_arrows_that_say_its_name() -> None:
    shown = listing.progress_cell(listing.Line(job(JobState.QUEUED, position=1), waiting=2))
    assert 'data-pick="a1/up"' in shown and 'data-pick="a1/down"' in shown
    assert shown.count('aria-disabled="true"') == 1, "the first cannot go further up"
    assert "Move tickets-m down" in shown
    assert "data-pick" not in listing.progress_cell(listing.Line(job(JobState.QUEUED, position=1), waiting=1))


def test_a_job_says_where_it_runs() -> None:
    assert listing.device_of(job(slot="box/cpu"), "cpu") == "Processor"
    assert listing.device_of(job(slot="box/cuda:1#2"), "cuda") == "Graphics card 2"
    assert listing.device_of(job(started_at=None), "cpu") == "–"


def test_a_paused_job_says_why_and_that_it_goes_on_from_where_it_was() -> None:
    paused = job(JobState.PAUSED, message="Paused because the disk is full.", attempt=0)
    assert course.describe(paused, []) == (
        "Paused because the disk is full. It goes on from where it was once you resume it."
    )
    unbegun = job(JobState.PAUSED, message="Paused on request.", attempt=0, fraction=None, told=0)
    assert "its place in the line" in course.describe(unbegun, [])
    assert "25 %" in listing.progress_cell(listing.Line(paused))


def test_a_training_that_stops_early_says_so() -> None:
    assert "Stopping early" in listing.badge_of(job(stop_asked=True))
    assert "makes a model of its best" in course.describe(job(stop_asked=True), points(0.8))
    assert "waits for its turn" in course.describe(job(JobState.QUEUED, stop_asked=True, position=1), [])


def test_a_running_job_shows_how_far_it_is_and_how_long_it_takes() -> None:
    shown = listing.progress_cell(listing.Line(job()))
    assert 'aria-valuenow="25"' in shown and "25 % · about 2 min left" in shown
    assert listing.progress_words(job(eta_seconds=None)) == "25 %"
    ended = job(JobState.SUCCEEDED, finished_at=NOW + timedelta(seconds=250))
    assert listing.progress_cell(listing.Line(ended)) == "took 4 min 10 s"


def test_a_checkpoint_goes_by_its_title_and_a_long_name_may_wrap() -> None:
    known = listing.cells(listing.Line(job()), "", "cpu")[3]
    assert ">MiniLM-L6<" in known
    own = job(payload={"checkpoint": "/home/me/models/customer-messages-minilm-l6", "model": "m"})
    cell = listing.cells(listing.Line(own), "", "cpu")[3]
    assert ">customer-messages-minilm-l6<" in cell and "white-space: normal" in cell
    scoring = job(kind="evaluate", payload={"model": "tickets-m"})
    assert listing.start_of(scoring) == "tickets-m"


def test_names_are_written_as_text() -> None:
    rude = job(title="<img src=x onerror=alert(1)>", message="<b>bold</b>")
    assert "<img" not in listing.jobs_table([listing.Line(rude)], "", "cpu")
    assert "<img" not in detail.headline(rude, [], None) and "<b>" not in detail.headline(rude, [], None)
    assert "<img" not in steering.cancel_question(rude)


def test_the_numbers_stand_beside_the_curves_with_the_best_epoch_marked() -> None:
    table = detail.epochs_table(points(0.8, 0.94, 0.93))
    assert table.count("<tr") == 4
    assert table.count("best") == 1
    assert "94.0 %" in table and "Validation accuracy" in table
    assert detail.epochs_table([]) == ""


def test_links_lead_on_once_there_is_a_model() -> None:
    done = detail.job_links(job(JobState.SUCCEEDED), "tickets m")
    assert "/results?model=tickets+m" in done and "/train?from=a1" in done
    assert "/results" not in detail.job_links(job(), None)


def test_running_jobs_come_first_then_the_waiting_ones_in_their_order() -> None:
    jobs = [
        job(JobState.SUCCEEDED, id="new"),
        job(JobState.QUEUED, id="second", position=2),
        job(JobState.QUEUED, id="next", position=1),
        job(JobState.PAUSED, id="paused"),
        job(JobState.RUNNING, id="runs"),
    ]
    assert [one.id for one in listing.in_order(jobs)] == ["runs", "next", "second", "paused", "new"]
    assert listing.choose_first(jobs) == "runs"
    assert listing.choose_first([]) == ""


def test_the_curves_of_a_running_job_are_drawn_at_intervals_and_those_of_an_ended_one_at_once() -> None:
    now = [100.0]
    curves = Curves(clock=lambda: now[0])
    first = curves.of(job(), points(0.8))
    assert curves.of(job(), points(0.8, 0.9)) is first
    now[0] += REDRAW_SECONDS
    second = curves.of(job(), points(0.8, 0.9))
    assert second.mark != first.mark
    assert curves.of(job(JobState.SUCCEEDED), points(0.8, 0.9, 0.7)).mark != second.mark


@pytest.fixture
def page(studio: Studio) -> JobsPage:
    """The page over the real queue, without a browser."""
    with gr.Blocks():
        return JobsPage(studio, lay_out())


def submit(studio: Studio, title: str) -> str:
    """A training that waits for a worker."""
    payload = {"dataset": "tickets", "checkpoint": "minilm-l6", "recipe": RECIPE}
    return studio.jobs.submit(NewJob("train", "studio.handlers.train", payload, title=title)).id


def is_skip(value: object) -> bool:
    """Whether a component stays as it is."""
    return value == gr.skip()


def test_before_the_first_job_the_page_says_what_it_is_for(page: JobsPage) -> None:
    assert page.first(None) == (UNCHOSEN, "")
    shown = page.render(UNCHOSEN, "")
    assert "No jobs yet" in shown[1] and "/train" in shown[1]
    assert shown[2] == gr.update(visible=False)


def test_a_page_that_has_not_read_its_address_shows_nothing_yet(page: JobsPage) -> None:
    assert all(is_skip(value) for value in page.render_if_chosen("", ""))


def test_the_chosen_job_is_shown_and_what_is_drawn_is_not_drawn_again(studio: Studio, page: JobsPage) -> None:
    job_id = submit(studio, "first model")
    shown = page.render(job_id, "")
    assert len(shown) == len(page.outputs)
    assert "first model" in shown[1] and "first model" in shown[3]
    drawn = shown[page.outputs.index(page.parts.drawn)]
    again = page.render(job_id, drawn)
    assert all(is_skip(value) for value in again[-len(page.curve_outputs) :])


def test_a_warning_stands_where_jobs_wait_and_no_worker_is_alive(studio: Studio, page: JobsPage) -> None:
    job_id = submit(studio, "lonely")
    assert "No worker is running" in page.render(job_id, "")[0]


def test_an_address_of_a_job_that_is_gone_says_so(studio: Studio, page: JobsPage) -> None:
    submit(studio, "here")
    chosen, problem = page.first("nothing")
    assert "not there any more" in problem
    assert studio.jobs.get(chosen)
    with pytest.raises(NotFound):
        studio.jobs.get("nothing")


def test_a_running_training_shows_its_curves_and_its_best_score(studio: Studio, page: JobsPage) -> None:
    for waiting in studio.jobs.list():
        if waiting.state == JobState.QUEUED:
            studio.jobs.cancel(waiting.id)
    job_id = submit(studio, "running")
    store = studio.jobs.queue.store
    claim = store.claim_next("worker", "train", 60.0)
    assert claim is not None and claim.job_id == job_id
    measured = [
        NewPoint(p.name, p.value, p.split, p.step, p.epoch, p.at.timestamp()) for p in points(0.8, 0.94)
    ]
    store.telemetry.report(job_id, claim.fence, Batch({"fraction": 0.5, "eta_seconds": 60.0}, measured))
    shown = dict(zip([id(part) for part in page.outputs], page.render(job_id, ""), strict=True))
    parts = page.parts
    assert '94.0 %<span class="s-kind">accuracy</span>' in shown[id(parts.table)]
    assert "50 %" in shown[id(parts.table)]
    assert "risen from 80.0 % to 94.0 %" in shown[id(parts.headline)]
    assert shown[id(parts.curves)] == gr.update(visible=True)
    assert "best: epoch 2" in shown[id(parts.score)].plot
    assert '"height":230' in shown[id(parts.loss)].plot.replace(" ", "")
    assert "Validation accuracy" in shown[id(parts.epochs)]
