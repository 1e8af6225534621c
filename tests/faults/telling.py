"""One telling of a story: a process dies at the fault, is started again, and all goes on to the end."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.faults.processes import Place, run_app, run_judge, run_worker
from tests.faults.stories import STORIES

LONGEST_SECONDS = 300.0
POLL_SECONDS = 0.02
# To start a process looks at all others, and of two that look at one at once only one learns its end.
LOOKING = threading.Lock()


def server() -> ForkServerContext:
    """Where the processes come from: one that has imported the studio, so that starting takes no time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.processes"])
    return context


def start(process: BaseProcess) -> None:
    """Start a process of a telling, beside other tellings."""
    with LOOKING:
        process.start()


def exit_code(process: BaseProcess, wait_seconds: float = 0.0) -> int | None:
    """How a process ended; None where it has not after that time."""
    deadline = time.monotonic() + wait_seconds
    while True:
        with LOOKING:
            code = process.exitcode
        if code is not None or time.monotonic() >= deadline:
            return code
        time.sleep(POLL_SECONDS)


@dataclass
class Told:
    """How a telling went: which role died at the fault ("" where it never came), and what was wrong then.

    ``passings``: how often the point was passed by then.
    """

    died: str = ""
    passings: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Telling:
    """Tells one story in a folder of its own, which holds a prepared home."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.story = STORIES[place.story]
        self.number = int(place.fault.partition(":")[2] or 0)
        self.told = Told()
        self.running: dict[str, BaseProcess] = {}
        self.relieved = False

    def tell(self) -> Told:
        """Tell it to the end, and judge."""
        began = time.monotonic()
        deadline = began + LONGEST_SECONDS
        try:
            self.start("app", run_app)
            while self.follow_app() and not self.told.wrong:
                self.follow_worker()
                if time.monotonic() > deadline:
                    self.told.wrong.append(f"It did not come to its end within {LONGEST_SECONDS:g} s.")
                time.sleep(POLL_SECONDS)
            self.end_worker()
            if not self.told.wrong:
                self.judge()
        finally:
            for process in self.running.values():
                process.kill()
                exit_code(process, LONGEST_SECONDS)
        if self.has_fired() and not self.told.died:
            self.told.died = "child"
        self.told.passings = self.passings()
        self.told.seconds = time.monotonic() - began
        return self.told

    def has_fired(self) -> bool:
        """Whether the fault has come."""
        return 0 < self.number <= self.passings()

    def passings(self) -> int:
        """How often the point was passed."""
        return self.place.passed.stat().st_size if self.place.passed.exists() else 0

    def start(self, role: str, target: Callable[[Place], None]) -> None:
        """Start a process, without the fault once it has come."""
        place = replace(self.place, fault="") if self.has_fired() else self.place
        self.running[role] = server().Process(target=target, args=(place,), name=role)
        start(self.running[role])

    def follow_app(self) -> bool:
        """Start the app again where it was killed; False once it has done all."""
        code = exit_code(self.running["app"])
        if code == -signal.SIGKILL and not self.told.died:
            self.told.died = "app"
            self.start("app", run_app)
        elif code not in {None, 0}:
            self.told.wrong.append(f"The app ended with exit code {code}; see app.txt.")
        return code != 0

    def follow_worker(self) -> None:
        """Have a worker from the moment the story says, another one later, and again where it was killed."""
        done = self.place.commands_done()
        if self.story.worker_from not in done:
            return
        worker = self.running.get("worker")
        if worker is None:
            self.start("worker", run_worker)
            return
        if not self.relieved and self.story.relieved_after in done:
            self.relieved = True
            worker.terminate()
        code = exit_code(worker)
        if code is None:
            return
        if code == -signal.SIGKILL and not self.told.died:
            self.told.died = "worker"
        elif not self.relieved or code not in {0, -signal.SIGTERM}:
            self.told.wrong.append(f"The worker ended with exit code {code}; see worker.txt.")
            return
        self.start("worker", run_worker)

    def end_worker(self) -> None:
        """Stop the worker as a person does."""
        worker = self.running.get("worker")
        if worker is None:
            return
        worker.terminate()
        code = exit_code(worker, 30)
        if code is None and worker.pid:
            os.kill(worker.pid, signal.SIGUSR1)  # it writes down where it hangs
            exit_code(worker, 1)
        if code == -signal.SIGKILL and not self.told.died:
            self.told.died = "worker"
        elif code not in {0, -signal.SIGTERM}:
            self.told.wrong.append(f"The worker ended with exit code {code}; see worker.txt.")

    def judge(self) -> None:
        """Look at what has become of the home."""
        place = replace(self.place, fault="")
        judge = server().Process(target=run_judge, args=(place,))
        start(judge)
        code = exit_code(judge, 60)
        found = self.place.folder / "wrong.json"
        if code != 0 or not found.exists():
            judge.kill()
            self.told.wrong.append(f"The studio did not start again (exit code {code}); see app.txt.")
        else:
            self.told.wrong += json.loads(found.read_text())


def tell_at(story: str, fault: str, prepared: Path, folder: Path) -> Told:
    """Tell a story with a fault in a copy of the prepared home; the folder goes where nothing was wrong."""
    folder.mkdir(parents=True)
    shutil.copytree(prepared, folder / "home")
    told = Telling(Place(story, folder, fault)).tell()
    if not told.wrong:
        shutil.rmtree(folder)
    return told
