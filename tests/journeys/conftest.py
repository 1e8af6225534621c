"""A served studio and a browser page that notes every console error and every request to another host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.browser import ARGUMENTS, require_browser
from tests.journeys.served import ServedStudio

KNOWN_NOISE = ("Vega-Lite", "vega-lite")
PATIENCE_MILLISECONDS = 30_000  # these machines have two cores and do other things too
LOCAL = {"127.0.0.1", "localhost", ""}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[ServedStudio]:
    """A fresh studio with its worker."""
    served = ServedStudio(tmp_path / "home").start()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all journeys."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=require_browser(), args=ARGUMENTS)
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        yield running
        running.close()


class Watch:
    """What a page complained about, and where it asked outside."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.expected: list[str] = []

    def follow(self, page: Page) -> Page:
        """Watch one page."""
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("console", lambda message: self.note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.note(str(error)))
        page.on("request", lambda request: self.ask(request.url))
        return page

    def note(self, text: str) -> None:
        """One complaint of the console."""
        if not any(noise in text for noise in KNOWN_NOISE):
            self.errors.append(text)

    def ask(self, url: str) -> None:
        """One request."""
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOCAL:
            self.strangers.append(url)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the journey where the console shows an error or a request leaves the host."""
    watching = Watch()
    yield watching
    errors = [text for text in watching.errors if not any(part in text for part in watching.expected)]
    assert not errors, errors
    assert not watching.strangers, watching.strangers


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of 1280 x 900 pixels."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield watch.follow(context.new_page())
    context.close()
