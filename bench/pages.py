"""Seconds to the first content of each page, and ten tabs open at once that all stay live.

Target: first content under 2 s; every one of ten tabs shows a job's progress move.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from bench.command import describe_machine
from tests.journeys.browser import ARGUMENTS, require_browser
from tests.journeys.served import ServedStudio

PATHS = ("/", "/data", "/train", "/jobs", "/results", "/predict", "/compare")
TARGET_SECONDS = 2.0
TABS = 10
ROUNDS = 3


def seconds_to_content(browser: Browser, url: str) -> float:
    """From asking for a page in a fresh context to its first words on the screen."""
    context = browser.new_context()
    page = context.new_page()
    started = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator("#page h1").first.wait_for()
    seconds = time.monotonic() - started
    context.close()
    return seconds


def live_tabs(browser: Browser, studio: ServedStudio) -> int:
    """How many of ten tabs of one browser notice, by themselves, that a job has come."""
    context = browser.new_context()
    pages = [context.new_page() for _ in range(TABS)]
    for page in pages:
        page.goto(f"{studio.url}/jobs", wait_until="commit")
        page.locator("#page h1").first.wait_for()
    dataset = studio.run("dataset", "sample")["name"]
    studio.run(
        "train", "--dataset", dataset, "--checkpoint", "minilm-l6", "--preset", "quick", "--name", "tabs"
    )
    live = 0
    for page in pages:
        page.get_by_text("tabs", exact=False).first.wait_for(timeout=20_000)
        live += 1
    context.close()
    job = studio.get("/jobs")[0]
    studio.call("POST", f"/jobs/{job['id']}/cancel")
    return live


def main() -> int:
    """Exit code 0 where both targets are met."""
    print(f"Machine: {describe_machine()}")
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="studio-pages-") as folder, sync_playwright() as playwright:
        studio = ServedStudio(Path(folder) / "home").start()
        browser = playwright.chromium.launch(executable_path=require_browser(), args=ARGUMENTS)
        try:
            seconds_to_content(browser, studio.url)
            for path in PATHS:
                found = [seconds_to_content(browser, studio.url + path) for _ in range(ROUNDS)]
                slowest = max(slowest, median(found))
                print(
                    f"{path:10} first content after {median(found):.2f} s (of {ROUNDS}, max {max(found):.2f})"
                )
            live = live_tabs(browser, studio)
            print(f"{live} of {TABS} tabs open at once were live")
        finally:
            browser.close()
            studio.stop()
    return 0 if slowest < TARGET_SECONDS and live == TABS else 1


if __name__ == "__main__":
    sys.exit(main())
