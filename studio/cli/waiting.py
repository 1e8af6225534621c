"""Waiting for a job: on stderr what it is and how far it is, and how to go on where a person leaves it."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from rich.cells import cell_len, set_cell_size

from jobs.queue import JobView
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio
from studio.cli.output import say
from studio.errors import Interrupted
from studio.keeping.opening import command_for

VERBS = {"train": "Train "}  # the title of a training is the name of its model alone


def wait_for_end(studio: Studio, job_id: str) -> JobView:
    """The job once it has ended; until then it is named on stderr, and followed where that is a terminal.

    Raises Interrupted, which says how to go on, where a person presses Ctrl+C: the job stays as it is.
    """
    job = studio.jobs.get(job_id)
    if job.state in TERMINAL:
        return job
    say(f"Waiting for job {job.id}: {VERBS.get(job.kind, '')}{job.title}")
    line = Line(sys.stderr)
    try:
        return studio.jobs.wait(job_id, tell=lambda job: line.show(describe(job)))
    except KeyboardInterrupt:
        raise left_alone(studio, job_id) from None
    finally:
        line.show("")


def left_alone(studio: Studio, job_id: str) -> Interrupted:
    """What becomes of a job for which nobody waits any more, with the commands for it."""
    job = studio.jobs.get(job_id)
    if job.state in TERMINAL:
        return Interrupted(f"The job has ended: {job.state}.")
    wait, cancel = (command_for(studio.settings, "job", verb, job_id) for verb in ("wait", "cancel"))
    what = "training" if job.kind == "train" else "job"
    if any(worker.alive for worker in studio.jobs.workers()):
        return Interrupted(f"The {what} goes on.", f"Wait for it again with: {wait}\nEnd it with: {cancel}")
    return Interrupted(
        f"The {what} is kept and waits, as no worker is running.",
        f"Go on with: {wait}\nEnd it with: {cancel}",
    )


def describe(job: JobView) -> str:
    """How far a job is, in one line."""
    if job.state == JobState.QUEUED and job.position:
        return f"queued, number {job.position} in line"
    parts = [str(job.state), "" if job.fraction is None else f"{job.fraction:.0%}", job.message]
    if job.state == JobState.RUNNING and job.eta_seconds is not None:
        parts.append(f"{time_left(job.eta_seconds)} left")
    return "  ".join(part for part in parts if part)


def time_left(seconds: float) -> str:
    """A length of time, no more exact than it is known.

    >>> time_left(4), time_left(250), time_left(9000)
    ('10 s', '4 min', '2.5 h')
    """
    if seconds < 55:
        return f"{max(1, round(seconds / 10)) * 10} s"
    return f"{max(1, round(seconds / 60))} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Line:
    """One line of a terminal that is written over and over; nothing where the stream is none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = 0

    def show(self, text: str) -> None:
        """Put ``text``, as much of it as fits, in the place of what stood there."""
        if not self._stream.isatty():
            return
        width = shutil.get_terminal_size().columns - 1
        cut = set_cell_size(text, min(cell_len(text), width))
        self._stream.write(f"\r{' ' * self._shown}\r{cut}")
        self._stream.flush()
        self._shown = cell_len(cut)
