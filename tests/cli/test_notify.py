"""notify says how people are told, and tries it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.cli.main import main
from tests.journeys.served import free_port
from tests.notices.receivers import web_receiver

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a home of its own: exit code, JSON value, stderr."""

    def call(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main(["--home", str(tmp_path), "--json", *arguments])
        out, errors = capsys.readouterr()
        return code, json.loads(out) if out.strip() else None, errors

    return call


def test_a_test_message_arrives(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_receiver() as web:
        monkeypatch.setenv("STUDIO_WEBHOOK_URL", web.url)
        code, trials, _ = run("notify", "--test")
        states = run("notify")[1]
    assert code == 0
    assert trials == [{"channel": "webhook", "to": "http://127.0.0.1", "ok": True, "error": ""}]
    assert web.bodies[0]["event"] == "test" and web.bodies[0]["job"] is None
    assert states[0]["channel"] == "webhook" and states[0]["waiting"] == 0


def test_a_test_message_that_is_not_taken_ends_with_one_and_the_reason(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_WEBHOOK_URL", f"http://127.0.0.1:{free_port()}/hook")
    code, trials, _ = run("notify", "--test")
    assert code == 1
    assert "Connection refused" in trials[0]["error"]


def test_where_nobody_is_told_it_says_what_to_set(run: Run) -> None:
    assert run("notify")[:2] == (0, [])
    code, _, errors = run("notify", "--test")
    assert code == 2
    assert "STUDIO_WEBHOOK_URL" in errors and "STUDIO_SMTP_HOST" in errors
