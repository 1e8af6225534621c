"""The studio's own logs are JSON, stay small though several processes write them, and tell no secret."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.logbook import JsonLines, SharedLog
from studio.settings import MailSettings, Settings, WebhookSettings
from tests.journeys.served import ROOT

WRITE = """
import logging, sys
from pathlib import Path
from studio.logbook import JsonLines, SharedLog
handler = SharedLog(Path(sys.argv[1]), 20_000)
handler.setFormatter(JsonLines())
log = logging.getLogger("jobs.worker")
log.addHandler(handler)
log.setLevel(logging.INFO)
for number in range(500):
    log.info("turn %s", number, extra={"job": f"job-{sys.argv[2]}"})
"""


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("jobs.worker").makeRecord(
        "jobs.worker", logging.WARNING, __file__, 1, message, arguments, None, extra=extra
    )
    return made


def as_json(settings: Settings, made: logging.LogRecord) -> dict[str, Any]:
    return json.loads(JsonLines(settings.secrets).format(made))


def test_a_record_carries_the_job_in_a_field_of_its_own(settings: Settings) -> None:
    line = as_json(settings, record("Job %s was lost", "j1", job="j1", fence=3))
    assert line["message"] == "Job j1 was lost"
    assert (line["level"], line["logger"], line["job"], line["fence"]) == ("warning", "jobs.worker", "j1", 3)
    assert line["at"].endswith("Z")


def test_tokens_and_passwords_never_come_into_a_log(settings: Settings) -> None:
    told = replace(
        settings,
        token="tok en/1",
        hub_token="hf_secret",
        webhook=WebhookSettings("https://x.org/hook-secret", "sign-secret"),
        mail=MailSettings("h", ("a@b.c",), "a@b.c", password="mail-secret"),
    )
    line = as_json(
        told,
        record("?token=tok%%20en%%2F1 %s %s", "tok en/1", "hf_secret", url=told.webhook, all=told.secrets),
    )
    made = record("failed at https://x.org/hook-secret with %s", "mail-secret", key="sign-secret")
    trouble = ValueError(*told.secrets)
    try:
        raise trouble
    except ValueError:
        made.exc_info = sys.exc_info()
    text = json.dumps([line, as_json(told, made)])
    assert "secret" not in text and "tok en" not in text and "tok%20en" not in text
    assert "ValueError" in text


def test_processes_that_share_a_log_keep_it_small_and_whole_lines_in_it(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), str(number)], cwd=ROOT) for number in "ab"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    parts = sorted(tmp_path.glob("worker*.log"))
    assert [part.name for part in parts] == ["worker.1.log", "worker.log"]
    assert sum(part.stat().st_size for part in parts) < 60_000
    lines = path.read_text().splitlines()
    assert {json.loads(line)["job"] for line in lines} <= {"job-a", "job-b"}


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SharedLog(tmp_path / "no folder" / "app.log").emit(record("still here"))
    assert "still here" in capsys.readouterr().err
