"""Who may call, and what an upload may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from studio.api.app import build_api
from studio.api.security import SecurityMiddleware, require_token_off_loopback
from studio.bootstrap import Studio
from studio.errors import InvalidInput
from studio.settings import Settings

API = "/api/v1"
TOKEN = "correct-horse"


def guard(studio: Studio, **changes: object) -> TestClient:
    """A studio that other machines may reach, with a token, and with some settings changed."""
    application = build_api(studio)
    settings = replace(studio.settings, **{"host": "0.0.0.0", "token": TOKEN, **changes})
    application.add_middleware(SecurityMiddleware, settings=settings)
    return TestClient(
        application,
        base_url="http://studio.example:7860",
        follow_redirects=False,
        raise_server_exceptions=False,
    )


@pytest.fixture
def guarded(studio: Studio) -> Iterator[TestClient]:
    """A studio that other machines may reach, with a token."""
    with guard(studio) as made:
        yield made


def test_serving_others_without_a_token_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="without a token"):
        require_token_off_loopback(replace(settings, host="0.0.0.0"))
    with pytest.raises(InvalidInput, match="every address of this machine"):
        require_token_off_loopback(replace(settings, host=""))
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


def test_a_cookie_is_found_among_cookies_of_any_form(guarded: TestClient) -> None:
    for other in ("a=b c", "a/b=1", "{}", 'a="b'):
        cookies = f"{other}; studio_token={TOKEN}"
        assert guarded.get(f"{API}/health", headers={"Cookie": cookies}).status_code == 200, cookies
    assert guarded.get(f"{API}/health", headers={"Cookie": "a/b=1"}).status_code == 401


def test_a_token_of_any_letters_is_known_in_header_address_and_cookie(studio: Studio) -> None:
    with guard(studio, token="schlüssel 钥匙;%41") as client:
        sent = "schlüssel 钥匙;%41".encode()
        assert client.get(f"{API}/health", headers={"Authorization": b"Bearer " + sent}).status_code == 200
        assert client.get(f"{API}/health", headers={"Authorization": b"Bearer \xff"}).status_code == 401
        assert client.get(f"{API}/health", params={"token": sent.decode()}).status_code == 303
        assert client.get(f"{API}/health").status_code == 200


def test_signing_in_leads_to_the_address_asked_for_and_never_to_another_host(guarded: TestClient) -> None:
    for path in ("//other.host/x", "/%2Fother.host/x", "/\\other.host/x"):
        guarded.cookies.clear()
        location = guarded.get(f"http://studio.example:7860{path}?token={TOKEN}").headers["location"]
        assert urlsplit(location).netloc == "" and location[:2] not in {"//", "/\\"}, location
    guarded.cookies.clear()
    asked = '/results?model=客服&note="><b>&empty='
    page = guarded.get(asked, headers={"Accept": "text/html"})
    assert '<input type="hidden" name="model" value="客服">' in page.text
    assert '<input type="hidden" name="empty" value="">' in page.text
    assert "<b>" not in page.text
    location = guarded.get(asked, params={"token": TOKEN, "model": "客服", "empty": ""}).headers["location"]
    assert parse_qs(urlsplit(location).query, keep_blank_values=True) == {"model": ["客服"], "empty": [""]}


def test_another_site_may_not_change_anything(client: TestClient) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "null", "http://[::1"):
        answer = client.post(f"{API}/jobs/x/cancel", headers={"Origin": origin})
        assert answer.status_code == 401, origin
    same = client.post(f"{API}/jobs/x/cancel", headers={"Origin": "http://127.0.0.1:7860"})
    assert same.status_code == 404


def test_on_loopback_only_loopback_names_are_answered(client: TestClient) -> None:
    for host in ("rebound.example:7860", "[::1", "[rebound]"):
        answer = client.get(f"{API}/health", headers={"Host": host})
        assert answer.status_code == 401, host
        assert answer.json()["error"]["code"] == "forbidden"
    assert client.get(f"{API}/health", headers={"Host": "localhost:7860"}).status_code == 200


def test_an_upload_over_the_limit_is_refused_before_it_is_read(client: TestClient, studio: Studio) -> None:
    length = str(studio.settings.max_upload_bytes + 2_000_000)
    answer = client.post(f"{API}/datasets", content=b"x", headers={"Content-Length": length})
    assert answer.status_code == 413
    assert "STUDIO_MAX_UPLOAD_MB" in answer.json()["error"]["hint"]
    assert list(studio.settings.uploads_dir.iterdir()) == []


def test_an_upload_that_does_not_say_its_length_is_refused_at_the_limit(studio: Studio) -> None:
    rows = b"".join(b"text number %d of some length,%s\n" % (n, b"ab"[n % 2 :][:1]) for n in range(120_000))
    form = {"files": {"file": ("large.csv", b"text,label\n" + rows)}, "data": {"name": "large"}}
    with guard(studio, host="127.0.0.1", token=None, max_upload_bytes=1024 * 1024) as client:
        whole = client.build_request("POST", f"http://127.0.0.1:7860{API}/datasets", **form)
        headers = {"Content-Type": whole.headers["content-type"]}
        answer = client.post(str(whole.url), content=in_pieces(whole.read()), headers=headers)
        assert answer.status_code == 413
        assert "STUDIO_MAX_UPLOAD_MB" in answer.json()["error"]["hint"]
        assert studio.datasets.list() == []
        assert list(studio.settings.uploads_dir.iterdir()) == []
        small = client.post(str(whole.url), content=in_pieces(b"{}"), headers=headers)
        assert small.status_code in {400, 422}


def in_pieces(body: bytes) -> Iterator[bytes]:
    """A body that is sent piece by piece, without its length."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


def test_a_path_in_a_file_name_stays_a_name(client: TestClient, studio: Studio) -> None:
    content = b"text,label\n" + b"".join(b"row %d,%s\n" % (n, b"a" if n % 2 else b"b") for n in range(30))
    files = {"file": ("../../../escaped.csv", content)}
    answer = client.post(f"{API}/datasets", files=files, data={"name": "named"})
    assert answer.status_code == 201, answer.text
    assert not list(studio.settings.home.parent.rglob("escaped.csv"))
