"""The processes of a telling: the app that gives the commands, the worker, and the one that judges."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import jobs.faults
from jobs.audit import Expected, audit, read_records
from jobs.bells import Stop
from jobs.processes import mark_of
from studio.bootstrap import Studio, make_worker, start_studio
from studio.keeping.integrity import check_home
from studio.keeping.sweep import find_unfinished
from tests.faults.stories import STORIES
from tests.faults.story import settings_of


@dataclass(frozen=True)
class Place:
    """Where a story is told, and which fault waits for it: ``point:n``, or none."""

    story: str
    folder: Path
    fault: str = ""

    @property
    def home(self) -> Path:
        """The studio's home."""
        return self.folder / "home"

    @property
    def passed(self) -> Path:
        """A byte for every passing of the point."""
        return self.folder / "passed"

    @property
    def done(self) -> Path:
        """The commands that were answered, a line each."""
        return self.folder / "done"

    def commands_done(self) -> list[str]:
        """Their names."""
        return self.done.read_text().splitlines() if self.done.exists() else []


def enter(place: Place, role: str) -> None:
    """Begin as a process of that role that was started with the fault in its environment."""
    for output in (sys.stdout, sys.stderr):
        with (place.folder / f"{role}.txt").open("ab") as log:
            os.dup2(log.fileno(), output.fileno())
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    os.environ |= {"STUDIO_HOME": str(place.home), "STUDIO_FAULT": place.fault, "OMP_NUM_THREADS": "1"}
    os.environ |= {"STUDIO_FAULT_MARK": str(place.passed)}
    jobs.faults.plan = jobs.faults.FaultPlan.from_environment()
    jobs.faults.take_role(role)


def run_app(place: Place) -> None:
    """Start the studio and give the commands that were not answered yet."""
    enter(place, "app")
    with contextlib.closing(start_studio(settings_of(place.home))) as studio:
        for name, command in STORIES[place.story].commands.items():
            if name not in place.commands_done():
                command(studio)
                with place.done.open("a") as done:
                    done.write(f"{name}\n")


def run_worker(place: Place) -> None:
    """Work until SIGTERM."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    enter(place, "worker")
    worker = make_worker(settings_of(place.home))
    worker.options = replace(worker.options, poll_seconds=0.05)
    worker.run(stop)


def run_judge(place: Place) -> None:
    """Write down what is wrong with the home."""
    enter(place, "app")
    (place.folder / "wrong.json").write_text(json.dumps(judge_home(place)))


def judge_home(place: Place) -> list[str]:
    """Start the studio once more, as somebody would later, and say what is wrong with it."""
    story = STORIES[place.story]
    with contextlib.closing(start_studio(settings_of(place.home))) as studio:
        wrong = [*story.judge(studio), *judge_jobs(studio, dict(story.expected(studio)))]
    wrong += check_home(place.home)
    return wrong + [f"A temporary file is left: {path}." for path in find_unfinished(place.home)]


def judge_jobs(studio: Studio, expected: dict[str, Expected]) -> list[str]:
    """What is wrong with the record, the folder or the process of each job."""
    wrong = []
    for record in read_records(studio.engine):
        wrong += audit(record, expected.get(record.row["submit_key"], Expected(ended=True)))
        folder = studio.settings.jobs_dir / record.row["id"]
        if (folder / "snapshots").exists():
            wrong.append(f"The snapshots of the ended job {folder.name} are still there.")
        with contextlib.suppress(FileNotFoundError, ValueError):
            known = json.loads((folder / "process.json").read_text())
            if mark_of(known["pid"]) == known["mark"]:
                wrong.append(f"A process of the ended job {folder.name} still runs.")
    return wrong
