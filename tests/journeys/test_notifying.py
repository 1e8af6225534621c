"""The browser tells of a job that a person asked to be told of, and of no other, while any page is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import small_rows, write_csv
from tests.journeys.conftest import Watch
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
# Stands in for the window of the desktop, which no test can look at.
DESKTOP = """(answer) => {
  window.told = []; window.asked = 0;
  window.Notification = class {
    static permission = answer === "granted" ? "granted" : "default";
    static async requestPermission() { window.asked++; return (this.permission = answer); }
    constructor(title, options) { window.told.push([title, options.body]); }
  };
}"""


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStudio]:
    """A studio with a dataset and without a worker: its jobs end when the test says so."""
    folder: Path = tmp_path_factory.mktemp("idle")
    served = ServedStudio(folder / "home", "--no-worker").start()
    table = write_csv(folder / "small.csv", small_rows(), ("text", "label"))
    served.run("dataset", "import", str(table), "--name", "small")
    yield served
    served.stop()


def queue_training(studio: ServedStudio, name: str) -> str:
    body = {"dataset": "small", "checkpoint": "minilm-l6", "name": name}
    return str(studio.call("POST", "/jobs", body)["id"])


def open_job(page: Page, studio: ServedStudio, job: str, answer: str) -> Any:
    """The page of a job, with a desktop that answers so when it is asked; gives the button."""
    page.add_init_script(f"({DESKTOP})({answer!r})")
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    button = page.get_by_role("button", name="Tell me when it is done")
    expect(button).to_be_visible()
    assert page.evaluate("window.asked") == 0
    return button


def test_a_job_is_told_once_by_the_desktop_and_on_every_page(
    idle: ServedStudio, browser: Browser, watch: Watch
) -> None:
    job, other = queue_training(idle, "told"), queue_training(idle, "not told")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    first, second = watch.follow(context.new_page()), watch.follow(context.new_page())
    second.add_init_script(f"({DESKTOP})('granted')")
    second.goto(f"{idle.url}/data", wait_until="commit")
    button = open_job(first, idle, job, "granted")
    button.click()
    expect(first.get_by_role("button", name="You will be told")).to_have_attribute("aria-pressed", "true")
    idle.call("POST", f"/jobs/{other}/cancel")
    idle.call("POST", f"/jobs/{job}/cancel")
    for page in (first, second):
        expect(page.locator(".s-news")).to_have_count(1)
        expect(page.locator(".s-news")).to_contain_text("'told' was cancelled.")
    told = [news for page in (first, second) for news in page.evaluate("window.told")]
    assert told == [["'told' was cancelled.", ""]], "one window tells it for all"
    expect(first.get_by_role("button", name="Tell me when it is done")).to_have_count(0)
    second.locator(".s-news").get_by_role("link", name="Open it").click()
    expect(second.locator("#jobs-headline")).to_contain_text("told")
    first.locator(".s-news").get_by_role("button", name="Close").click()
    expect(first.locator(".s-news")).to_have_count(0)
    context.close()


def test_a_browser_that_is_not_allowed_to_tell_says_it_on_the_page_and_in_the_title(
    idle: ServedStudio, page: Page
) -> None:
    job = queue_training(idle, "quiet")
    page.add_init_script("document.hasFocus = () => false")
    open_job(page, idle, job, "denied").click()
    expect(page.get_by_role("button", name="You will be told")).to_be_visible()
    assert page.evaluate("window.asked") == 1
    idle.call("POST", f"/jobs/{job}/cancel")
    expect(page.locator(".s-news")).to_contain_text("'quiet' was cancelled.")
    expect(page).to_have_title("'quiet' was cancelled. · Jobs · Encoder Studio")
    assert page.evaluate("window.told") == []
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page).to_have_title("Jobs · Encoder Studio")


def test_who_changes_their_mind_is_left_alone(idle: ServedStudio, page: Page) -> None:
    job = queue_training(idle, "unasked")
    open_job(page, idle, job, "granted").click()
    page.get_by_role("button", name="You will be told").click()
    expect(page.get_by_role("button", name="Tell me when it is done")).to_have_attribute(
        "aria-pressed", "false"
    )
    idle.call("POST", f"/jobs/{job}/cancel")
    expect(page.locator("#jobs-headline")).to_contain_text("cancelled")
    page.wait_for_timeout(4000)
    expect(page.locator(".s-news")).to_have_count(0)
