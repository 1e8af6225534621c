"""What runs goes on: without the page, and over a restart; and it can be cancelled and tried again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Watch
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser


def start_training(studio: ServedStudio, table: Path, epochs: int) -> str:
    """Import the table once and queue a training; the job's id."""
    if not studio.get("/datasets"):
        studio.run("dataset", "import", str(table), "--name", "small")
    body = {"dataset": "small", "checkpoint": "minilm-l6", "recipe": {"epochs": epochs}}
    return str(studio.call("POST", "/jobs", body)["id"])


def test_a_running_job_is_cancelled_and_tried_again_from_its_page(
    studio: ServedStudio, page: Page, small_table: Path
) -> None:
    job = start_training(studio, small_table, epochs=60)
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("#jobs-table")).to_contain_text("Running", timeout=60_000)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Yes, cancel it").click()
    studio.wait_for_job("cancelled", timeout_seconds=60)
    page.get_by_role("button", name="Try again").click()
    again = studio.wait_for_job("queued", "running")
    assert again["retry_of"] == job
    studio.call("POST", f"/jobs/{again['id']}/cancel")
    studio.wait_for_job("cancelled", timeout_seconds=60)


def test_closing_the_browser_changes_nothing(
    studio: ServedStudio, browser: Browser, watch: Watch, small_table: Path
) -> None:
    job = start_training(studio, small_table, epochs=2)
    first = browser.new_context()
    page = watch.follow(first.new_page())
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("#jobs-headline")).to_be_visible()
    first.close()
    studio.wait_for_job("succeeded")
    second = browser.new_context()
    page = watch.follow(second.new_page())
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.get_by_role("link", name="Open the results")).to_be_visible()
    expect(page.locator("#jobs-loss svg.marks").first).to_be_visible()
    second.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "killed"])
def test_a_training_goes_on_after_the_studio_was_started_again(
    studio: ServedStudio, page: Page, watch: Watch, small_table: Path, number: signal.Signals
) -> None:
    # The browser notes that the server was away, also where an answer had come in part.
    watch.expected += ["ERR_", "Failed to fetch", "Unable to preload"]
    watch.expected += ["TypeError: network error", "Unexpected error Connection errored out"]
    job = start_training(studio, small_table, epochs=6)
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    studio.wait_for_job("running")
    wait_for_first_epoch(studio, job)
    # The page has all its parts: one whose script is still being fetched would rightly complain.
    expect(page.locator("#jobs-loss svg.marks").first).to_be_visible()
    studio.stop(number)
    studio.start()
    done = studio.wait_for_job("succeeded")
    assert done["id"] == job
    assert done["retry_of"] is None
    log = (studio.home / "jobs" / job / "log.txt").read_text()
    assert log.count("start\n") >= 2
    assert log.count("Epoch 1:") == 1, "it started over instead of going on from its snapshot"
    expect(page.get_by_role("link", name="Open the results")).to_be_visible(timeout=60_000)


def wait_for_first_epoch(studio: ServedStudio, job: str) -> None:
    """Until a snapshot can exist."""
    path = studio.home / "jobs" / job / "log.txt"
    for _ in range(600):
        if path.exists() and "Epoch 2:" in path.read_text():
            return
        studio.wait_for_job("running", timeout_seconds=5)
        time.sleep(0.1)
    raise AssertionError("no epoch ended")
