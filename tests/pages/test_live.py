"""What every open page shows is made once, and costs the server no more the longer it is open."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from bench.tabs import Tab
from jobs.queue import NewJob
from studio.bootstrap import Studio
from studio.pages.app import OPEN_PAGES
from studio.pages.live import Snapshot


def test_pages_share_what_was_made_until_something_has_changed() -> None:
    revision, made = [1], []

    def make() -> int:
        made.append(revision[0])
        return len(made)

    shared = Snapshot(lambda: revision[0], make)
    first = [shared.get() for _ in range(3)]
    assert len(set(first)) <= 2, "once, or twice where the moment for ages fell between"
    before = len(made)
    revision[0] = 2
    shared.get()
    assert len(made) > before
    assert made[-1] == 2


class OpenPage(Tab):
    """A tab that asks a test client."""

    def __init__(self, client: TestClient, page: str, like: OpenPage | None = None) -> None:
        super().__init__("", page)
        self.client = client
        if like is None:
            self.open()
        else:
            self.timer, self.values = like.timer, dict(like.values)

    def ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """One request."""
        answer = self.client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.content


def pages_of(client: TestClient) -> Any:
    """The pages as Gradio serves them, with what it keeps of each that is open."""
    (pages,) = (
        route.app for route in client.app.routes if hasattr(getattr(route, "app", None), "state_holder")
    )
    return pages


def count_kept_parts(client: TestClient, page: OpenPage) -> int:
    """Of how many parts the server keeps a state for an open page."""
    return len(pages_of(client).state_holder[page.session].blocks_config.blocks)


@pytest.mark.parametrize("address", ["/", "/jobs", "/results"])
def test_a_page_that_stays_open_takes_no_more_memory_with_each_tick(
    browserless: TestClient, studio: Studio, address: str
) -> None:
    studio.jobs.submit(NewJob("import", "x.y", {"name": "t"}, title="t", lane="data"))
    page = OpenPage(browserless, address)
    assert page.tick(), "it shows the job"
    page.tick()
    kept = count_kept_parts(browserless, page)
    for number in range(10):
        if number % 2:
            studio.jobs.submit(
                NewJob("import", "x.y", {"name": f"t{number}"}, title=f"t{number}", lane="data")
            )
            assert page.tick(), "it shows the next job"
        page.tick()
    assert count_kept_parts(browserless, page) == kept > 0


def test_pages_that_were_closed_are_forgotten_before_one_that_stays_open(browserless: TestClient) -> None:
    stays = OpenPage(browserless, "/jobs")
    for number in range(OPEN_PAGES + 20):
        OpenPage(browserless, "/jobs", like=stays).tick()
        if number % 50 == 0:
            stays.tick()
    kept = pages_of(browserless).state_holder.session_data
    assert stays.session in kept and len(kept) == OPEN_PAGES
