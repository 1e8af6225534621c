"""Whoever waits for a job sees what it is and how far it is, and may leave it to itself with Ctrl+C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.queue import NewJob
from jobs.roster import WorkerIdentity
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.cli.main import main
from studio.cli.output import say_now_and_then
from studio.cli.training import describe_written
from studio.cli.waiting import describe
from studio.prediction.tables import PredictedFile
from studio.services.training import TrainRequest
from tests.jobs.bench import wait_until
from tests.journeys.served import ROOT


class Terminal:
    """A command whose stderr is a terminal; ``stdout`` is a pipe, read once it has ended."""

    def __init__(self, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "studio", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            # Whoever runs the tests in the background may ignore Ctrl+C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        os.close(theirs)
        self.reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self.reader.start()

    def _read(self, end: int) -> None:
        try:
            while piece := os.read(end, 4096):
                self.shown += piece.decode(errors="replace")
        except OSError:  # the other end is closed
            os.close(end)

    def wait_to_see(self, text: str) -> None:
        """Until the terminal has shown it."""
        wait_until(lambda: text in self.shown or self.process.poll() is not None, seconds=60)
        assert text in self.shown

    def press_ctrl_c(self) -> tuple[int, str, str]:
        """Exit code, stdout, and the last lines of the terminal."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=60)
        self.reader.join(10)
        return self.process.returncode, out, self.shown.rsplit("\r", 1)[0]


@contextmanager
def worker_beside(studio: Studio) -> Iterator[None]:
    """A worker that is alive and takes nothing."""
    identity = WorkerIdentity("other:1:a", "another-machine", 1, "")
    studio.jobs.queue.store.roster.register(identity, lease_seconds=600)
    yield
    studio.jobs.queue.store.roster.leave(identity.id)


def test_ctrl_c_leaves_a_training_to_the_worker_and_says_how_to_go_on(
    studio: Studio, small_table: Path
) -> None:
    main(["--home", str(studio.settings.home), "dataset", "import", str(small_table), "--name", "small"])
    with worker_beside(studio):
        home = ["--home", str(studio.settings.home)]
        wish = ["train", "--dataset", "small", "--checkpoint", "minilm-l6", "--name", "mine"]
        terminal = Terminal(*home, *wish, "--wait", "--json")
        terminal.wait_to_see("number 1 in line")
        (job,) = studio.jobs.list()
        assert f"Waiting for job {job.id}: Train mine" in terminal.shown
        code, out, shown = terminal.press_ctrl_c()
    assert (code, out) == (130, "")
    assert "The training goes on." in shown
    for verb in ("wait", "cancel"):
        assert f"python -m studio --home {studio.settings.home} job {verb} {job.id}" in shown
    assert studio.jobs.get(job.id).state == JobState.QUEUED


@pytest.mark.slow
def test_ctrl_c_without_another_worker_says_that_the_job_waits(studio: Studio) -> None:
    job = studio.jobs.submit(
        NewJob("test", "tests.jobs.handlers_for_tests.count_slowly", {"steps": 600}, title="Count")
    )
    terminal = Terminal("--home", str(studio.settings.home), "job", "wait", job.id)
    terminal.wait_to_see("running")
    code, out, shown = terminal.press_ctrl_c()
    assert (code, out) == (130, "")
    assert "The job is kept and waits, as no worker is running." in shown
    assert f"job wait {job.id}" in shown
    assert studio.jobs.get(job.id).state == JobState.QUEUED


def test_a_pipe_gets_the_name_of_the_job_and_no_line_that_moves(
    studio: Studio, small_table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(studio.settings.home)]
    main([*home, "dataset", "import", str(small_table), "--name", "small"])
    job = studio.training.start(TrainRequest("small", "minilm-l6", name="mine"))
    capsys.readouterr()
    with worker_beside(studio):
        ending = threading.Timer(1.5, lambda: studio.jobs.cancel(job.id))
        ending.start()
        code = main([*home, "job", "wait", job.id, "--json"])
        ending.join()
    out, errors = capsys.readouterr()
    assert (code, json.loads(out)["state"]) == (1, "cancelled")
    assert errors.splitlines()[0] == f"Waiting for job {job.id}: Train mine"
    assert "\r" not in errors and "in line" not in errors


def test_how_far_a_job_is_stands_in_one_line(studio: Studio) -> None:
    job = studio.jobs.submit(NewJob("test", "nowhere.handler"))
    assert describe(studio.jobs.get(job.id)) == "queued, number 1 in line"
    running = replace(
        job, state=JobState.RUNNING, fraction=0.4, eta_seconds=250.0, message="Epoch 2 of 3", position=None
    )
    assert describe(running) == "running  40%  Epoch 2 of 3  4 min left"


def test_other_commands_say_that_they_were_interrupted(studio: Studio) -> None:
    job = studio.jobs.submit(NewJob("test", "nowhere.handler"))
    terminal = Terminal("--home", str(studio.settings.home), "job", "log", job.id, "--follow")
    wait_until(lambda: has_begun(terminal.process.pid), seconds=60)
    code, _, shown = terminal.press_ctrl_c()
    assert code == 130
    assert "Interrupted." in shown + terminal.shown


def has_begun(pid: int) -> bool:
    """Whether a process of Linux is the command, no copy of this one, and has opened the database."""
    process = Path(f"/proc/{pid}")
    is_command = b"--follow" in (process / "cmdline").read_bytes()
    return is_command and any(
        str(link.resolve()).endswith("studio.db") for link in (process / "fd").iterdir()
    )


def test_a_progress_that_has_spoken_says_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    tell = say_now_and_then(lambda done, total: f"{done} of {total} rows", seconds=0.2)
    tell(62, 62)
    assert capsys.readouterr().err == ""
    time.sleep(0.25)
    for done in (60, 61, 62):
        tell(done, 62)
    assert capsys.readouterr().err.splitlines() == ["60 of 62 rows", "62 of 62 rows"]


def test_what_was_written_counts_rows_and_predictions_apart(tmp_path: Path) -> None:
    to = tmp_path / "out.csv"
    assert describe_written(PredictedFile(to, 62, 0, {}, ())) == f"Wrote 62 rows to {to}."
    partly = describe_written(PredictedFile(to, 62, 2, {}, ()))
    assert partly == f"Wrote 62 rows, 60 of them with a prediction, to {to}."
