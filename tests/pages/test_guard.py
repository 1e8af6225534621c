"""Whatever fails on a page becomes a plain sentence, and only uploaded files are opened."""

from __future__ import annotations

import os
from pathlib import Path

import gradio as gr
import pytest

from studio.errors import InvalidInput, NotFound
from studio.pages import guard
from studio.pages.words import words_of


def raise_known() -> None:
    raise NotFound("There is no dataset '<b>x</b>'.", "Look at the list.")


def raise_unknown() -> None:
    raise ZeroDivisionError("secret detail")


def test_a_known_error_becomes_its_own_sentence_with_its_hint_escaped() -> None:
    with pytest.raises(gr.Error) as raised:
        guard.with_toast(raise_known)()
    assert "&lt;b&gt;x&lt;/b&gt;" in raised.value.message
    assert "Look at the list." in raised.value.message


def test_an_unexpected_error_is_described_plainly_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error) as raised:
        guard.with_toast(raise_unknown)()
    assert "secret" not in raised.value.message
    assert str(words_of("frame").unexpected.message) in raised.value.message.replace("&#39;", "'")
    assert "secret detail" in caplog.text


def test_a_part_of_a_page_that_fails_shows_why_in_its_place() -> None:
    html = guard.with_notice(raise_known)()
    assert 'role="alert"' in html
    assert "Look at the list." in html


def test_a_guarded_handler_keeps_the_signature_that_gradio_reads() -> None:
    def handler(name: str, request: gr.Request) -> str:
        return name

    assert guard.with_toast(handler).__wrapped__ is handler


def test_only_a_file_that_was_uploaded_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads, secret = tmp_path / "uploads", tmp_path / "secret.csv"
    uploads.mkdir()
    secret.write_text("text,label\n")
    (uploads / "table.csv").write_text("text,label\n")
    os.symlink(secret, uploads / "link.csv")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    assert guard.uploaded(uploads / "table.csv") == (uploads / "table.csv").resolve()
    for path in (
        secret,
        uploads / "link.csv",
        uploads / ".." / "secret.csv",
        uploads / "absent.csv",
        "/etc/passwd",
    ):
        with pytest.raises(InvalidInput):
            guard.uploaded(path)
