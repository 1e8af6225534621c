"""Small handlers that child processes find by their dotted names."""

from __future__ import annotations

import atexit
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Connection, text

from jobs.context import JobContext, Outcome
from jobs.errors import CannotWrite

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
    if context.payload.get("busy_at_first") and context.attempt == 1:
        raise CannotWrite("The database is busy.", "Try again in a moment.")

    def publish(connection: Connection) -> None:
        connection.execute(text("INSERT INTO notes (body) VALUES (:body)"), {"body": context.job_id})
        if context.payload.get("broken"):
            raise ToldError
        if context.payload.get("full_at_first") and context.attempt == 1:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.execute(text("INSERT INTO notes (body) VALUES (:body)"), {"body": "x" * 100_000})

    return Outcome({"published": True}, publish)


def end_badly_after_success(context: JobContext) -> Outcome:
    """Leave a complete result, and then an exit code that says otherwise."""
    atexit.register(os._exit, 1)
    return Outcome({"answer": 42})


def hang_at_first(context: JobContext) -> Outcome:
    """Stop making steps in the first attempt, after the first one or before; work in the next."""
    if context.attempt == 1:
        if context.payload["step"]:
            context.progress(step=1, steps=2)
        time.sleep(LONG_SECONDS)
    return Outcome({"attempt": context.attempt})


def tell_device(context: JobContext) -> Outcome:
    """Take a moment, and tell which device this process may see, from when to when."""
    began = time.monotonic()
    time.sleep(0.3)
    return Outcome(
        {"device": os.environ.get("CUDA_VISIBLE_DEVICES"), "began": began, "ended": time.monotonic()}
    )


def count_slowly(context: JobContext) -> Outcome:
    """Tell a step every tenth of a second, as many as the payload says, and end early where asked to."""
    kept = context.workdir / "steps"
    first = int(kept.read_text()) if kept.exists() else 0
    for step in range(1, context.payload["steps"] + 1):
        context.metric("count", step, split="train", step=step)
        if step <= first:
            continue
        context.raise_if_cancelled()
        context.progress(step=step, steps=context.payload["steps"])
        full = context.workdir / "full"
        (full if full.exists() else kept).write_text(str(step))
        time.sleep(0.1)
    return Outcome({"first": first})


def publish_log_lines(context: JobContext) -> Outcome:
    """Write into the log by the context alone."""
    context.log("half way")
    context.note("Something to know.")
    return Outcome({})


def report_while_full(context: JobContext) -> Outcome:
    """Tell a point each second; where ``limited``, this process may write no file for the first seconds."""
    announce(context)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for step in range(1, 6):
        limit = 0 if context.payload["limited"] and step < 4 else soft
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        context.metric("count", step, split="train", step=step)
        time.sleep(1.0)
    return Outcome({})


def announce(context: JobContext) -> None:
    """Leave this process's id where the test looks for it; every start adds one word."""
    with (context.workdir / "starts").open("a") as starts:
        starts.write(f"{os.getpid()} ")
    ready = Path(context.workdir / "ready.part")
    ready.write_text(str(os.getpid()))
    ready.rename(context.workdir / "ready")
