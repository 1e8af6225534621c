"""Small handlers that child processes find by their dotted names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Connection, text

from jobs.context import JobContext, Outcome

LONG_SECONDS = 60.0


class ToldError(Exception):
    """An error in words for people."""

    message = "The table has no column 'text'."
    hint = "Choose another column."
    code = "invalid_input"


def report_and_succeed(context: JobContext) -> Outcome:
    """Report progress, metrics and log lines, and end well."""
    context.progress(fraction=0.25, step=1, steps=4, message="Reading", eta_seconds=3.0)
    for step in range(4):
        context.metric("loss", 1.0 / (step + 1), split="train", step=step, epoch=step / 4)
    context.log("half way")
    print("printed by a library")
    return Outcome({"answer": 42, "attempt": context.attempt, "given": context.payload})


def raise_told(context: JobContext) -> Outcome:
    """Fail with a sentence of its own."""
    context.metric("loss", 2.0, split="train", step=1)
    raise ToldError


def raise_untold(context: JobContext) -> Outcome:
    """Fail as foreign code does."""
    return Outcome({"value": {}[context.job_id]})


def return_nothing(context: JobContext) -> None:
    """Break the agreement."""


def exit_without_result(context: JobContext) -> Outcome:
    """End the process as if all were well."""
    os._exit(0)


def die_at_first(context: JobContext) -> Outcome:
    """Be killed in as many attempts as the payload says."""
    if context.attempt <= context.payload["deaths"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome({"attempt": context.attempt})


def wait_for_cancel(context: JobContext) -> Outcome:
    """Show that it runs, then wait to be asked to stop."""
    announce(context)
    deadline = time.monotonic() + LONG_SECONDS
    while time.monotonic() < deadline:
        context.raise_if_cancelled()
        time.sleep(0.02)
    return Outcome({})


def ignore_cancel(context: JobContext) -> Outcome:
    """Be deaf to SIGTERM, as foreign code may be."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce(context)
    time.sleep(LONG_SECONDS)
    return Outcome({})


def start_helper_and_wait(context: JobContext) -> Outcome:
    """Start a process of its own and wait, deaf to SIGTERM together with it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    helper = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG_SECONDS})"])
    (context.workdir / "helper").write_text(str(helper.pid))
    announce(context)
    time.sleep(LONG_SECONDS)
    return Outcome({})


def wait_on_first_attempt(context: JobContext) -> Outcome:
    """Wait for ever at first; end at once when started again."""
    announce(context)
    if len((context.workdir / "starts").read_text().split()) == 1:
        return wait_for_cancel(context)
    return Outcome({"attempt": context.attempt})


def print_without_end(context: JobContext) -> Outcome:
    """Fill the log until asked to stop."""
    announce(context)
    while True:
        context.raise_if_cancelled()
        print("x" * 1000, flush=True)
        time.sleep(0.001)


def publish_note(context: JobContext) -> Outcome:
    """Write a row of another room's table together with the success."""

    def publish(connection: Connection) -> None:
        connection.execute(text("INSERT INTO notes (body) VALUES (:body)"), {"body": context.job_id})
        if context.payload.get("broken"):
            raise ToldError
        if context.payload.get("full_at_first") and context.attempt == 1:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.execute(text("INSERT INTO notes (body) VALUES (:body)"), {"body": "x" * 100_000})

    return Outcome({"published": True}, publish)


def announce(context: JobContext) -> None:
    """Leave this process's id where the test looks for it; every start adds one word."""
    with (context.workdir / "starts").open("a") as starts:
        starts.write(f"{os.getpid()} ")
    ready = Path(context.workdir / "ready.part")
    ready.write_text(str(os.getpid()))
    ready.rename(context.workdir / "ready")
