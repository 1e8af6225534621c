"""The mounted pages: each under its address, nothing from elsewhere, and no file of the host to be had."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from studio.bootstrap import Studio
from studio.pages.app import CACHE_AGE_SECONDS, sweep
from studio.pages.headers import FOR_EVER, HEADERS
from studio.pages.registry import PAGES, Page
from studio.pages.theme import read_stylesheets

CONFIG = re.compile(r"window\.gradio_config = (\{.*?\});</script>", re.DOTALL)


def config_of(client: TestClient, path: str = "") -> dict[str, Any]:
    """What Gradio's page is told about the app."""
    found = CONFIG.search(client.get(f"/{path}").text)
    assert found
    return json.loads(found.group(1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.words)
def test_every_page_answers_under_its_own_address(browserless: TestClient, page: Page) -> None:
    answer = browserless.get(f"/{page.path}")
    assert answer.status_code == 200
    config = config_of(browserless, page.path)
    assert any(part["props"].get("elem_id") == "navigation" for part in config["components"])


def test_every_answer_carries_the_headers_that_keep_it_on_this_host(browserless: TestClient) -> None:
    for path in ("/", "/theme.css", "/config", "/favicon.ico", "/no-such-page"):
        found = browserless.get(path).headers
        assert {name: found.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'self'" in HEADERS["Content-Security-Policy"]


def test_a_mistyped_address_gets_a_page_with_a_way_home(browserless: TestClient) -> None:
    html = {"Accept": "text/html,application/xhtml+xml"}
    for path in ("/no-such-page", "/results/deep/客服", "/<script>"):
        answer = browserless.get(path, headers=html)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is no such page" in answer.text and '<a href="/">' in answer.text
        assert "<script>" not in answer.text
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    for path in ("/api/v1/nothing", "/assets/no-such-file.js"):
        assert "no such page" not in browserless.get(path, headers={"Accept": "*/*"}).text
    assert browserless.get("/data", headers=html).status_code == 200


def test_what_is_named_by_its_content_is_fetched_once_and_pages_always(browserless: TestClient) -> None:
    (script,) = set(re.findall(r"\./assets/(index-[\w-]+\.js)", browserless.get("/").text))
    assert browserless.get(f"/assets/{script}").headers["Cache-Control"] == FOR_EVER
    assert browserless.get("/theme.css?v=1").headers["Cache-Control"] == FOR_EVER
    for path in ("/", "/data", "/assets/no-such-file.js"):
        assert browserless.get(path).headers.get("Cache-Control") != FOR_EVER


def test_the_early_script_stands_before_gradios_and_the_length_counts_it(browserless: TestClient) -> None:
    for page in PAGES:
        answer = browserless.get(f"/{page.path}")
        assert 0 < answer.text.index("beforeunload") < answer.text.index("window.gradio_config")
        assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "beforeunload" not in browserless.get("/theme.css").text


def test_the_look_asks_nothing_of_other_hosts(browserless: TestClient) -> None:
    css = browserless.get("/theme.css").text
    assert "http" not in css.replace("http://www.w3.org", "")
    assert "@import" not in css
    assert ":focus-visible" in read_stylesheets()


def test_there_is_an_icon_of_its_own(browserless: TestClient) -> None:
    answer = browserless.get("/favicon.ico")
    assert answer.status_code == 200
    assert b"<svg" in answer.content


def test_no_event_is_offered_to_programs_and_no_run_is_kept(browserless: TestClient) -> None:
    config = config_of(browserless)
    assert {each["api_visibility"] for each in config["dependencies"]} == {"private"}
    assert not config.get("run_history")
    assert not config.get("analytics_enabled")


def test_no_page_keeps_a_connection_open_by_itself(browserless: TestClient) -> None:
    for page in PAGES:
        components = config_of(browserless, page.path)["components"]
        assert "state" not in {part["type"] for part in components}, page.path


def test_every_field_has_a_label(browserless: TestClient) -> None:
    kinds = {"textbox", "number", "dropdown", "checkbox", "radio", "file", "slider", "checkboxgroup"}
    for page in PAGES:
        for part in config_of(browserless, page.path)["components"]:
            if part["type"] in kinds and part["props"].get("visible") != "hidden":
                assert part["props"].get("label"), (page.path, part["props"].get("elem_id"))


@pytest.mark.parametrize("path", ["/etc/passwd", "{home}/studio.db", "{home}/uploads/../studio.db"])
def test_a_file_of_the_host_is_not_served(browserless: TestClient, studio: Studio, path: str) -> None:
    wanted = path.format(home=studio.settings.home)
    answer = browserless.get(f"/gradio_api/file={wanted}")
    assert answer.status_code in {403, 404}


def ask_event(client: TestClient, event: dict[str, Any], data: list[Any]) -> str:
    """Call an event as the browser does, through the queue where it has one; all that comes back, as text."""
    session = f"session-{event['id']}"
    body = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": None}
    if event["queue"] is False:
        return client.post("/gradio_api/run/predict", json=body).text
    assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    return client.get(f"/gradio_api/queue/data?session_hash={session}").text


def test_a_caller_cannot_make_an_event_read_a_file_of_the_host(
    browserless: TestClient, studio: Studio, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("text;label\nthe secret text;a\nanother text;b\n", encoding="utf-8")
    planted = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    asked = 0
    for page in PAGES:
        config = config_of(browserless, page.path)
        files = {part["id"] for part in config["components"] if part["type"] in {"file", "uploadbutton"}}
        for event in config["dependencies"]:
            if files & set(event["inputs"]):
                answer = ask_event(
                    browserless, event, [planted if part in files else None for part in event["inputs"]]
                )
                assert '"success":true' not in answer, (page.path, event["id"])
                assert "secret text" not in answer
                asked += 1
    assert asked
    assert not list(studio.settings.uploads_dir.rglob("secret.csv"))


def test_uploads_of_a_studio_that_was_killed_are_swept_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / "a" / "old.csv", tmp_path / "new.csv"
    old.parent.mkdir()
    old.write_text("x")
    new.write_text("x")
    os.utime(old, (0, 0))
    sweep(tmp_path, CACHE_AGE_SECONDS)
    assert new.exists() and not old.exists()
