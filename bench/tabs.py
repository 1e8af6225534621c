"""Open pages: what a tab asks the server for, tick after tick, without a browser or in one."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, Request, sync_playwright

from studio.pages.live import TICK_SECONDS
from tests.journeys.browser import ARGUMENTS, require_browser

TICK_PATH = "/gradio_api/run/predict"
ANSWER_SECONDS = 30.0
SKIPPED = {"__type__": "update"}


@dataclass(frozen=True)
class Tick:
    """One question of a page's timer: when it was asked, and seconds to its answer if one came."""

    at: float
    page: str
    seconds: float | None


@dataclass
class Ticks:
    """What all tabs have measured."""

    kept: list[Tick] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, tick: Tick) -> None:
        """Keep one."""
        with self.lock:
            self.kept.append(tick)


class Tab:
    """One page as the server sees it: the same request as the page's timer sends, with the same values.

    The page's hidden values are kept as a browser keeps them: what an answer brings is sent with the next.
    """

    def __init__(self, url: str, page: str) -> None:
        self.parts = urlsplit(url)
        self.page = page
        self.session = secrets.token_hex(6)
        self.line: http.client.HTTPConnection | None = None
        self.timer: dict[str, Any] = {}
        self.values: dict[int, Any] = {}

    def open(self) -> None:
        """Read what the page is made of."""
        config = json.loads(self.ask("GET", "/config"))
        wanted = set(config["page"][self.page.strip("/")]["dependencies"])
        self.timer = next(
            each
            for each in config["dependencies"]
            if each["id"] in wanted and any(event == "tick" for _, event in each["targets"])
        )
        starts = {each["id"]: each["props"].get("value") for each in config["components"]}
        self.values = {number: starts[number] or "" for number in self.timer["inputs"]}

    def choose(self, place: int, value: Any) -> None:
        """Put a value into a hidden field of the page, counted among what the timer sends."""
        self.values[self.timer["inputs"][place]] = value

    def tick(self) -> bool:
        """Ask once, as the page's timer does; whether anything on the page is new."""
        body = {
            "data": [self.values[number] for number in self.timer["inputs"]],
            "fn_index": self.timer["id"],
            "trigger_id": self.timer["targets"][0][0],
            "session_hash": self.session,
        }
        answer = json.loads(self.ask("POST", TICK_PATH, json.dumps(body)))["data"]
        changed = {
            number: value
            for number, value in zip(self.timer["outputs"], answer, strict=True)
            if value not in (SKIPPED, self.values.get(number, SKIPPED))
        }
        self.values |= {number: value for number, value in changed.items() if number in self.values}
        return bool(changed)

    def ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """One request on the tab's line; ConnectionError where the server is away or does not do it."""
        if self.line is None:
            self.line = http.client.HTTPConnection(
                str(self.parts.hostname), self.parts.port, timeout=ANSWER_SECONDS
            )
        try:
            self.line.request(method, path, body, {"Content-Type": "application/json"})
            answer = self.line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(str(error)) from error
        if answer.status != http.HTTPStatus.OK:
            raise ConnectionError(f"{path} answered {answer.status}: {content[:200]!r}")
        return content

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()
        self.line = None

    def stay(self, ticks: Ticks, stop: threading.Event) -> None:
        """Tick until told to stop, as an open page does; opened again where the server was away."""
        while not stop.wait(TICK_SECONDS):
            began = time.monotonic()
            try:
                if not self.timer:
                    self.open()
                    continue
                self.tick()
            except ConnectionError:
                self.timer = {}
                ticks.add(Tick(began, self.page, None))
                continue
            ticks.add(Tick(began, self.page, time.monotonic() - began))
        self.close()


def stay_in_browser(url: str, pages: Sequence[str], ticks: Ticks, stop: threading.Event) -> None:
    """Keep pages open in a real browser until told to stop, and time what their timers ask."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=ARGUMENTS)
        context = browser.new_context()
        opened = [watch(context.new_page(), name, ticks) for name in pages]
        for page, name in zip(opened, pages, strict=True):
            visit(page, url + name, stop)
        while opened and not stop.is_set():
            opened[0].wait_for_timeout(500)
        browser.close()


def visit(page: Page, address: str, stop: threading.Event) -> None:
    """Go to an address, again where the server was away."""
    while not stop.is_set():
        try:
            page.goto(address, wait_until="commit")
            return
        except Error:
            page.wait_for_timeout(1000)


def watch(page: Page, name: str, ticks: Ticks) -> Page:
    """Time every tick of a page, as its browser does."""

    def finished(request: Request) -> None:
        if request.url.endswith(TICK_PATH):
            ticks.add(Tick(time.monotonic(), f"{name} in a browser", request.timing["responseEnd"] / 1000))

    page.on("requestfinished", finished)
    return page
