"""A web address becomes a file, or a sentence: nothing private is asked, nothing endless is read."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from studio.data.sources import Fetched, SourceRules, fetch_source
from studio.data.sources.addresses import is_public, parse_address
from studio.errors import InvalidInput, NotFound, StudioError, TooLarge, Unavailable
from tests.data.sources.loopback_web import Answer, drip, drip_headers, flood, reply, serve

RULES = SourceRules(max_bytes=200_000, private_hosts=("*",), stall_seconds=3, total_seconds=5)
TABLE = b"text,label\nhello,a\n"


def fetch(address: str, folder: Path, rules: SourceRules = RULES) -> Fetched:
    """Fetch without asking how far it is."""
    return fetch_source(address, rules, folder, lambda share, sentence: None)


def refusal(answer: Answer, folder: Path, rules: SourceRules = RULES, path: str = "/t.csv") -> StudioError:
    """What fetching from a server that answers so ends with; nothing may be left."""
    with serve(answer) as server, pytest.raises(StudioError) as caught:
        fetch(server + path, folder, rules)
    assert list(folder.iterdir()) == []
    assert caught.value.message and caught.value.hint
    return caught.value


def test_a_file_is_fetched_under_its_own_name_with_progress(tmp_path: Path) -> None:
    seen: list[float] = []
    with serve(reply(TABLE)) as server:
        fetched = fetch_source(
            f"{server}/a/my%20table.csv?key=1", RULES, tmp_path, lambda share, sentence: seen.append(share)
        )
    assert fetched.path.read_bytes() == TABLE
    assert fetched.name == "my table.csv"
    assert seen[-1] == 1.0


def test_a_name_given_by_the_server_is_used_without_its_path(tmp_path: Path) -> None:
    with serve(reply(TABLE, Content_Disposition='attachment; filename="../../../etc/May.csv"')) as server:
        assert fetch(f"{server}/download", tmp_path).path == tmp_path / "May.csv"
    with serve(reply(TABLE, Content_Disposition="attachment; filename*=UTF-8''%E8%A1%A8.csv")) as server:
        assert fetch(f"{server}/download", tmp_path).name == "表.csv"


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    with serve(reply(TABLE)) as server, serve(reply(b"", "302 Found", Location=f"{server}/t.csv")) as first:
        assert fetch(f"{first}/here", tmp_path).name == "t.csv"


def test_chunks_and_packed_answers_are_read(tmp_path: Path) -> None:
    chunked = b"6\r\ntext,l\r\n5\r\nabel\n\r\n0\r\n\r\n"
    with serve(reply(chunked, length=None, Transfer_Encoding="chunked")) as server:
        assert fetch(f"{server}/t.csv", tmp_path).path.read_bytes() == b"text,label\n"
    with serve(reply(gzip.compress(TABLE * 1000), Content_Encoding="gzip")) as server:
        assert fetch(f"{server}/t.csv", tmp_path).path.read_bytes() == TABLE * 1000


def test_private_addresses_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []
    strict = replace(RULES, private_hosts=())
    error = refusal(lambda _connection, request: asked.append(request), tmp_path, strict)
    assert isinstance(error, InvalidInput) and "own network" in error.message and not asked
    for host in (
        "localhost",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "169.254.169.254",
        "2130706433",
    ):
        with pytest.raises((InvalidInput, NotFound)):
            fetch(f"http://{host}/t.csv", tmp_path, strict)


def test_each_hop_of_a_redirect_is_checked(tmp_path: Path) -> None:
    rules = replace(RULES, private_hosts=("127.0.0.1",))
    for place in ("http://localhost:9/t.csv", "http://169.254.169.254/latest", "//127.0.0.2/t.csv"):
        error = refusal(reply(b"", "302 Found", Location=place), tmp_path, rules)
        assert isinstance(error, InvalidInput) and "own network" in error.message


def test_a_redirect_to_another_scheme_is_refused(tmp_path: Path) -> None:
    error = refusal(reply(b"", "302 Found", Location="file:///etc/passwd"), tmp_path)
    assert "only http and https" in error.message


def test_what_counts_as_public() -> None:
    for text in ("8.8.8.8", "2606:4700:4700::1111"):
        assert is_public(ipaddress.ip_address(text))
    for text in (
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "0.0.0.0", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:192.168.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "fec0::1", "240.0.0.1",
    ):  # fmt: skip
        assert not is_public(ipaddress.ip_address(text)), text


def test_a_redirect_loop_ends(tmp_path: Path) -> None:
    started = time.monotonic()
    error = refusal(reply(b"", "301 Moved", Location="/t.csv"), tmp_path)
    assert isinstance(error, Unavailable) and "without end" in error.message
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("answer", [drip, drip_headers])
def test_a_server_that_drips_is_cut_off(answer: Answer, tmp_path: Path) -> None:
    started = time.monotonic()
    error = refusal(answer, tmp_path, replace(RULES, total_seconds=1.0))
    assert isinstance(error, Unavailable) and "within 1 seconds" in error.message
    assert time.monotonic() - started < 3


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    error = refusal(lambda connection, request: time.sleep(2), tmp_path, replace(RULES, stall_seconds=0.5))
    assert "went silent" in error.message


def test_too_large_a_file_is_refused_however_its_length_is_stated(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a" * 5_000_000)
    assert len(bomb) < 10_000
    for answer in (
        reply(b"a" * 300_000),
        reply(b"a" * 300_000, length=None),
        flood,
        reply(bomb, Content_Encoding="gzip"),
    ):
        assert isinstance(refusal(answer, tmp_path), TooLarge)


def test_a_length_that_lies_is_noticed(tmp_path: Path) -> None:
    assert "broke off" in refusal(reply(TABLE, length=len(TABLE) + 10), tmp_path).message
    with serve(reply(TABLE + b"more", length=len(TABLE))) as server:
        assert fetch(f"{server}/t.csv", tmp_path).path.read_bytes() == TABLE


def test_errors_and_pages_become_sentences(tmp_path: Path) -> None:
    assert isinstance(refusal(reply(b"", "404 Not Found"), tmp_path), NotFound)
    assert "not for everyone" in refusal(reply(b"", "403 Forbidden"), tmp_path).message
    assert "(500)" in refusal(reply(b"", "500 Oops"), tmp_path).message
    assert "holds nothing" in refusal(reply(b""), tmp_path).message
    page = reply(b"<html></html>", Content_Type="text/html; charset=utf-8")
    assert "web page" in refusal(page, tmp_path).message
    assert "web page" in refusal(reply(b"  <!DOCTYPE html><p>Sign in"), tmp_path).message
    assert "packed as 'br'" in refusal(reply(TABLE, Content_Encoding="br"), tmp_path).message
    assert (
        "broke off"
        in refusal(lambda connection, request: connection.sendall(b"junk\r\n\r\n"), tmp_path).message
    )


def test_addresses_that_are_none_are_refused_and_no_password_is_repeated(tmp_path: Path) -> None:
    for address in (
        "ftp://example.org/t.csv",
        "http://",
        "http://[::1",
        "gopher://x",
        "t.csv",
        "http://a:b/c",
    ):
        with pytest.raises(InvalidInput):
            fetch(address, tmp_path)
    with pytest.raises(InvalidInput) as caught:
        fetch("http://ann:secret@example.org/t.csv", tmp_path)
    assert "secret" not in caught.value.message + caught.value.hint
    assert parse_address("https://example.org/t.csv?token=secret").shown == "https://example.org/t.csv"


def test_a_server_that_is_not_there_and_working_offline_are_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="does not answer"):
        fetch(f"http://127.0.0.1:{port}/t.csv", tmp_path)
    with pytest.raises(Unavailable, match="offline"):
        fetch("https://example.org/t.csv", tmp_path, replace(RULES, offline=True))
    with pytest.raises(NotFound, match="cannot be found"):
        fetch("https://no-such-name.invalid/t.csv", tmp_path)


def test_proxies_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serve(reply(TABLE)) as server:
        assert fetch(f"{server}/t.csv", tmp_path).path.read_bytes() == TABLE
