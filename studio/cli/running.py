"""serve, worker, doctor and notify: what runs the studio, what this machine has, and who is told."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import Annotated

import typer

from jobs.bells import Stop
from jobs.faults import take_role
from studio.bootstrap import make_worker, telling_of_jobs
from studio.cli.output import say
from studio.logbook import keep_log

logger = logging.getLogger(__name__)

NO_CHANNEL = "Nobody is told. Set STUDIO_WEBHOOK_URL, or STUDIO_SMTP_HOST and STUDIO_SMTP_TO."
MARKS = {True: "ok     ", False: "missing"}


def register(app: typer.Typer) -> None:
    """Add this file's commands to the program."""
    app.command()(serve)
    app.command()(worker)
    app.command()(doctor)
    app.command()(notify)


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need STUDIO_TOKEN.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
    workers: Annotated[int, typer.Option(help="Workers beside the pages.", min=0, max=16)] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Serve the pages alone.")] = False,
) -> None:
    """Serve the studio's pages and API, with its worker."""
    from studio.server import ServeOptions  # not above: no other command needs a web server
    from studio.server import serve as serve_studio

    options = ServeOptions(workers=0 if no_worker else workers)
    raise typer.Exit(serve_studio(context.obj.settings(host=host, port=port), options))


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop when no job waits.")] = False,
    until_parent_ends: Annotated[
        int, typer.Option(help="Stop when the process of this id is no longer the parent (0: never).", min=0)
    ] = 0,
) -> None:
    """Run jobs from the queue until stopped."""
    take_role("worker")
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if until_parent_ends:
        threading.Thread(target=stop_with_parent, args=(until_parent_ends, stop), daemon=True).start()
    settings = context.obj.settings()
    made = make_worker(settings, once=once)
    keep_log(settings, "worker", on_terminal=not until_parent_ends)
    logger.info("The worker is ready.")
    if not until_parent_ends:
        say("The worker is ready.")
    with telling_of_jobs(settings):
        made.run(stop)


def stop_with_parent(parent: int, stop: Stop) -> None:
    """Set ``stop`` when the parent process has gone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    stop.set()


def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read all data too, and compare them with their hashes.")
    ] = False,
) -> None:
    """Say what this machine has, what is missing, and what to do."""
    with context.obj.new_studio() as studio:
        findings = studio.system.doctor(deep=deep)
    text = "\n".join(
        f"{MARKS[finding.ok]}  {finding.title}: {finding.sentence} {finding.hint}".rstrip()
        for finding in findings
    )
    ready = all(finding.ok for finding in findings if finding.needed)
    context.obj.show({"ready": ready, "findings": [finding.to_json() for finding in findings]}, text)
    if not ready:
        raise typer.Exit(1)


def notify(
    context: typer.Context,
    test: Annotated[bool, typer.Option("--test", help="Send a test message by every way.")] = False,
) -> None:
    """Say how people are told of jobs that have ended, or send them a test message."""
    with context.obj.studio() as studio:
        if not test:
            states = [state.to_json() for state in studio.notices.states()]
            columns = ["channel", "to", "waiting", "sent", "given_up", "last_sent_at", "error"]
            context.obj.show_table(states, columns, NO_CHANNEL)
            return
        trials = studio.notices.try_out()
    lines = [f"{trial.channel} to {trial.to}: {'sent' if trial.ok else trial.error}" for trial in trials]
    context.obj.show([trial.to_json() for trial in trials], "\n".join(lines))
    if not all(trial.ok for trial in trials):
        raise typer.Exit(1)
