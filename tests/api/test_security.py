"""Who may call, and what an upload may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from studio.api.app import build_api
from studio.api.security import SecurityMiddleware, require_token_off_loopback
from studio.bootstrap import Studio
from studio.errors import InvalidInput
from studio.settings import Settings

API = "/api/v1"
TOKEN = "correct-horse"


@pytest.fixture
def guarded(studio: Studio) -> Iterator[TestClient]:
    """A studio that other machines may reach, with a token."""
    application = build_api(studio)
    settings = replace(studio.settings, host="0.0.0.0", token=TOKEN)
    application.add_middleware(SecurityMiddleware, settings=settings)
    with TestClient(application, base_url="http://studio.example:7860", follow_redirects=False) as made:
        yield made


def test_serving_others_without_a_token_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="without a token"):
        require_token_off_loopback(replace(settings, host="0.0.0.0"))
    require_token_off_loopback(replace(settings, host="0.0.0.0", token=TOKEN))
    require_token_off_loopback(settings)


def test_with_a_token_every_route_and_page_asks_for_it(guarded: TestClient) -> None:
    assert guarded.get(f"{API}/health").status_code == 401
    assert guarded.get(f"{API}/health", headers={"Authorization": "Bearer wrong"}).status_code == 401
    page = guarded.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert "Token of this studio" in page.text
    assert guarded.get(f"{API}/health", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_token_in_the_address_becomes_a_cookie_and_leaves_the_address(guarded: TestClient) -> None:
    answer = guarded.get(f"{API}/health?token={TOKEN}&x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{API}/health?x=1"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert guarded.get(f"{API}/health").status_code == 200


def test_another_site_may_not_change_anything(client: TestClient) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "null"):
        answer = client.post(f"{API}/jobs/x/cancel", headers={"Origin": origin})
        assert answer.status_code == 401, origin
    same = client.post(f"{API}/jobs/x/cancel", headers={"Origin": "http://127.0.0.1:7860"})
    assert same.status_code == 404


def test_on_loopback_only_loopback_names_are_answered(client: TestClient) -> None:
    answer = client.get(f"{API}/health", headers={"Host": "rebound.example:7860"})
    assert answer.status_code == 401
    assert client.get(f"{API}/health", headers={"Host": "localhost:7860"}).status_code == 200


def test_an_upload_over_the_limit_is_refused_before_it_is_read(client: TestClient, studio: Studio) -> None:
    length = str(studio.settings.max_upload_bytes + 2_000_000)
    answer = client.post(f"{API}/datasets", content=b"x", headers={"Content-Length": length})
    assert answer.status_code == 413
    assert "STUDIO_MAX_UPLOAD_MB" in answer.json()["error"]["hint"]
    assert list(studio.settings.uploads_dir.iterdir()) == []


def test_a_path_in_a_file_name_stays_a_name(client: TestClient, studio: Studio) -> None:
    content = b"text,label\n" + b"".join(b"row %d,%s\n" % (n, b"a" if n % 2 else b"b") for n in range(30))
    files = {"file": ("../../../escaped.csv", content)}
    answer = client.post(f"{API}/datasets", files=files, data={"name": "named"})
    assert answer.status_code == 201, answer.text
    assert not list(studio.settings.home.parent.rglob("escaped.csv"))
