"""Steering the queue from its page: pause, resume, re-order, stop and keep the best; and a failed job."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.checkpoints.tiny_encoders import make_encoder
from tests.conftest import small_rows, write_csv
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
TRAINING_MILLISECONDS = 480_000
LONG = 100  # epochs of a training that only ends when it is asked to


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStudio]:
    """A studio with its worker and one small table."""
    folder: Path = tmp_path_factory.mktemp("steered")
    studio = ServedStudio(folder / "home").start()
    table = write_csv(folder / "small.csv", small_rows(), ("text", "label"))
    studio.run("dataset", "import", str(table), "--name", "small")
    yield studio
    studio.stop()


@pytest.fixture
def studio(served: ServedStudio) -> Iterator[ServedStudio]:
    """The same studio for each journey, with nothing left in its queue afterwards."""
    yield served
    for job in served.get("/jobs"):
        if job["state"] not in {"succeeded", "failed", "cancelled"}:
            served.call("POST", f"/jobs/{job['id']}/cancel")
            wait_for(served, job["id"], "cancelled")


def train(studio: ServedStudio, name: str, epochs: int, checkpoint: str = "minilm-l6") -> str:
    """Queue a training that goes through all its epochs; the job's id."""
    recipe = {"epochs": epochs, "early_stopping": 0}
    body = {"dataset": "small", "checkpoint": checkpoint, "name": name, "recipe": recipe}
    return str(studio.call("POST", "/jobs", body)["id"])


def wait_for(studio: ServedStudio, job: str, *states: str) -> Any:
    """Wait until a job is in one of the states."""
    index = next(number for number, each in enumerate(studio.get("/jobs")) if each["id"] == job)
    return studio.wait_for_job(*states, index=index)


def open_job(page: Page, studio: ServedStudio, job: str) -> None:
    """The page of a job, once its sentence is there."""
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("#jobs-headline h2")).to_be_visible()


def press(page: Page, name: str) -> None:
    """Press a button of the open job."""
    page.get_by_role("button", name=name, exact=True).click()


def says(page: Page, words: str, milliseconds: float = 60_000) -> None:
    """Wait until the head of the open job says something."""
    expect(page.locator("#jobs-headline")).to_contain_text(words, timeout=milliseconds)


def test_a_training_is_paused_and_resumed_and_its_curves_are_complete(
    studio: ServedStudio, page: Page
) -> None:
    job = train(studio, "paused", epochs=12)
    open_job(page, studio, job)
    says(page, "Validation accuracy", TRAINING_MILLISECONDS)
    press(page, "Pause")
    says(page, "goes on from where it was")
    page.reload(wait_until="commit")
    says(page, "goes on from where it was")
    expect(page.locator("#jobs-table")).to_contain_text("Paused")
    assert studio.get(f"/jobs/{job}")["state"] == "paused"
    press(page, "Resume")
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_hidden()
    page.reload(wait_until="commit")
    page.get_by_role("link", name="Open the results").wait_for(timeout=TRAINING_MILLISECONDS)
    expect(page.locator("#jobs-epochs tbody tr")).to_have_count(12)
    page.get_by_text("What happened").click()
    expect(page.locator("#jobs-history")).to_contain_text("Paused on request.")
    expect(page.locator("#jobs-history")).to_contain_text("It was resumed")


def drag(page: Page, row: Locator, before: Locator) -> None:
    """Drag a row to the place of another, while the page writes its table anew."""
    row.locator(".s-order").hover(position={"x": 90, "y": 10})
    page.mouse.down()
    for each in (row, before):
        each.evaluate("row => row.replaceWith(row.cloneNode(true))")
    box = before.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 20, steps=4)
    page.mouse.move(box["x"] + 60, box["y"] + 4)
    expect(before).to_have_class(re.compile("s-drop-above"))
    page.mouse.up()


def test_waiting_jobs_are_put_into_another_order_by_an_arrow_and_by_dragging(
    studio: ServedStudio, page: Page
) -> None:
    train(studio, "long", epochs=LONG)
    studio.wait_for_job("running")
    first, second = (train(studio, name, epochs=1) for name in ("first", "second"))
    open_job(page, studio, second)

    def rows(*names: str) -> None:
        waiting = page.locator("#jobs-table tr:has([data-place]) .s-pick")
        expect(waiting).to_have_text(list(names))

    rows("first", "second")
    page.get_by_role("button", name="Move second up").click()
    rows("second", "first")
    page.reload(wait_until="commit")
    rows("second", "first")
    drag(page, page.locator("tr", has_text="first"), page.locator("tr", has_text="second"))
    rows("first", "second")
    assert [studio.get(f"/jobs/{job}")["position"] for job in (first, second)] == [1, 2]
    train(studio, "third", epochs=1)
    rows("first", "second", "third")
    page.get_by_role("button", name="Move first down").hover()
    for number, names in ((1, ("second", "first", "third")), (2, ("second", "third", "first"))):
        page.mouse.down(click_count=number)
        page.mouse.up(click_count=number)
        rows(*names)


def test_a_training_that_is_stopped_early_keeps_its_best_which_results_shows(
    studio: ServedStudio, page: Page
) -> None:
    open_job(page, studio, train(studio, "stopped", epochs=LONG))
    says(page, "Validation accuracy", TRAINING_MILLISECONDS)
    press(page, "Stop and keep the best")
    expect(page.locator("#jobs-question")).to_contain_text("The best so far is epoch")
    page.reload(wait_until="commit")
    press(page, "Stop and keep the best")
    press(page, "Yes, stop and keep")
    page.get_by_role("link", name="Open the results").wait_for(timeout=TRAINING_MILLISECONDS)
    says(page, "Stopped on request")
    page.get_by_role("link", name="Open the results").click()
    expect(page.locator("#results-heading")).to_contain_text("stopped")
    expect(page.locator("#results-heading")).to_contain_text("Right on")


def test_a_failed_training_opens_on_its_reason_and_its_first_step_leads_on(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    encoder = make_encoder(tmp_path / "encoder")
    long = train(studio, "before", epochs=LONG)
    studio.wait_for_job("running")
    job = train(studio, "broken", epochs=1, checkpoint=str(encoder))
    shutil.rmtree(encoder)
    studio.call("POST", f"/jobs/{long}/cancel")
    open_job(page, studio, job)
    says(page, "Failed", TRAINING_MILLISECONDS)
    page.reload(wait_until="commit")
    says(page, f"There is no folder '{encoder}'")
    expect(page.locator("#jobs-advice li a").first).to_have_text("Change the settings")
    page.locator("#jobs-advice li a").first.click()
    expect(page.locator("#train-plan")).to_contain_text("Training rows")
    expect(page.locator("#train-dataset input")).to_have_value(re.compile("^small ·"))


def test_start_pressed_twice_in_a_row_is_one_job(studio: ServedStudio, page: Page) -> None:
    before = len(studio.get("/jobs"))
    page.goto(f"{studio.url}/train?dataset=small&checkpoint=minilm-l6", wait_until="commit")
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_enabled()
    start.dblclick()
    expect(page.locator("#jobs-headline h2")).to_be_visible()
    assert len(studio.get("/jobs")) == before + 1
