"""What every open page shows is made once, and costs the server no more the longer it is open."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from bench.tabs import Tab
from jobs.queue import NewJob
from studio.bootstrap import Studio
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

    def __init__(self, client: TestClient, page: str) -> None:
        super().__init__("", page)
        self.client = client
        self.open()

    def ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """One request."""
        answer = self.client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.content


def count_kept_parts(client: TestClient, page: OpenPage) -> int:
    """Of how many parts the server keeps a state for an open page."""
    (pages,) = (
        route.app for route in client.app.routes if hasattr(getattr(route, "app", None), "state_holder")
    )
    return len(pages.state_holder[page.session].blocks_config.blocks)


@pytest.mark.parametrize("address", ["/", "/jobs", "/results"])
def test_a_page_that_stays_open_takes_no_more_memory_with_each_tick(
    browserless: TestClient, studio: Studio, address: str
) -> None:
    studio.jobs.submit(NewJob("import", "x.y", {"name": "t"}, title="t", lane="data"))
    page = OpenPage(browserless, address)
    assert page.tick(), "it shows the job"
    page.tick()
    kept = count_kept_parts(browserless, page)
    for _ in range(5):
        page.tick()
    assert count_kept_parts(browserless, page) == kept > 0
