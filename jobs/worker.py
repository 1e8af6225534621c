"""The worker: claims jobs, starts a child for each, keeps their leases, and settles how they end."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from jobs.child import EXIT_STOPPED
from jobs.launchers.launcher import Child, ChildOrder, Launcher
from jobs.launchers.local import LocalLauncher
from jobs.roster import WorkerIdentity
from jobs.states import ACTIVE, JobState
from jobs.store import Store
from jobs.views import Claim, JobFailure

logger = logging.getLogger(__name__)

LINGER_SECONDS = 10.0  # how long a child may live on after its job has ended
OVERTIME_SECONDS = 10.0  # how long a stopping worker waits for children that were killed


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker works; ``lanes`` gives the number of jobs of each lane that run at once.

    ``once``: end when nothing runs or waits. ``cancel_seconds`` and ``stop_seconds``: how long a child
    has between SIGTERM and SIGKILL when its job is cancelled, and when the worker itself ends.
    """

    jobs_dir: Path
    lanes: dict[str, int] = field(default_factory=lambda: {"train": 1, "light": 1})
    lease_seconds: float = 15.0
    poll_seconds: float = 0.5
    once: bool = False
    cancel_seconds: float = 15.0
    stop_seconds: float = 5.0


@dataclass
class Run:
    """One child at work; times are of the monotonic clock."""

    claim: Claim
    child: Child
    renewed_at: float
    kill_at: float | None = None
    release: bool = False

    def ask_to_end(self, kill_after_seconds: float) -> None:
        """Send SIGTERM once, and note when to stop waiting."""
        if self.kill_at is None:
            self.child.ask_to_end()
        self.kill_within(kill_after_seconds)

    def kill_within(self, seconds: float) -> None:
        """Note the time after which the child is killed, unless an earlier one is set."""
        kill_at = time.monotonic() + seconds
        self.kill_at = kill_at if self.kill_at is None else min(self.kill_at, kill_at)


class Worker:
    """Supervises the children of one worker process; call ``run`` once.

    ``after`` is called with a job's id once its child is gone, however that went and whatever follows.
    """

    def __init__(
        self,
        store: Store,
        options: WorkerOptions,
        launcher: Launcher | None = None,
        after: Callable[[str], None] | None = None,
    ) -> None:
        self.store = store
        self.options = options
        self.launcher = launcher or LocalLauncher()
        self.after = after or (lambda _job_id: None)
        host, pid = socket.gethostname(), os.getpid()
        self.identity = WorkerIdentity(f"{host}:{pid}:{secrets.token_hex(3)}", host, pid)
        self.runs: dict[str, Run] = {}
        self.beat_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set (or, with ``once``, until nothing is left), then end the children."""
        self.store.roster.register(self.identity, self.options.lease_seconds)
        try:
            while not stop.is_set():
                for step in (self.settle_ended, self.renew, self.follow, self.enforce, self.claim):
                    self.attempt(step)
                if self.options.once and not self.runs and not self.is_work_waiting():
                    break
                stop.wait(self.options.poll_seconds)
        finally:
            self.end_children()
            self.attempt(lambda: self.store.roster.leave(self.identity.id))

    def attempt(self, step: Callable[[], object]) -> None:
        """Do one step; an error in it is logged, and the next turn tries again."""
        try:
            step()
        except Exception:
            logger.exception("A step of the worker failed; it is tried again.")

    def is_work_waiting(self) -> bool:
        """Whether a job of our lanes is queued."""
        return self.store.waiting(self.options.lanes) > 0

    # The steps of one turn -------------------------------------------------------------------------

    def settle_ended(self) -> None:
        """See which children have ended, and record it where they could not do so themselves."""
        for job_id, run in list(self.runs.items()):
            code = run.child.exit_code()
            if code is None:
                continue
            run.child.end_now()  # what the child itself had started
            if run.release:
                self.store.release(run.claim, "The worker was stopped.")
            else:
                self.store.lose(run.claim, describe_exit(code), failure=failure_of_exit(code))
            del self.runs[job_id]
            self.attempt(partial(self.after, job_id))

    def renew(self) -> None:
        """Renew all leases when a third of the time has gone, and take over what others lost."""
        now = time.monotonic()
        if now - self.beat_at < self.options.lease_seconds / 3:
            return
        claims = [run.claim for run in self.runs.values()]
        held = self.store.beat(self.identity.id, claims, self.options.lease_seconds)
        self.beat_at = now
        for job_id in held:
            self.runs[job_id].renewed_at = now
        self.store.reclaim_stalled()

    def follow(self) -> None:
        """Look at the state of each job: a cancel was asked for, it ended, or it is another's by now."""
        for run in self.runs.values():
            state = self.store.state_under(run.claim.job_id, run.claim.fence)
            if state is JobState.CANCELLING:
                run.ask_to_end(self.options.cancel_seconds)
            elif state is None:
                run.kill_within(0.0)
            elif state not in ACTIVE:
                run.kill_within(LINGER_SECONDS)

    def enforce(self) -> None:
        """Kill the children whose time is over or whose lease could not be renewed."""
        now = time.monotonic()
        for run in self.runs.values():
            lease_lost = now - run.renewed_at > self.options.lease_seconds
            if lease_lost or (run.kill_at is not None and now >= run.kill_at):
                run.child.end_now()

    def claim(self) -> None:
        """Fill free slots with waiting jobs."""
        for lane, slots in self.options.lanes.items():
            busy = sum(run.claim.lane == lane for run in self.runs.values())
            for _ in range(slots - busy):
                claim = self.store.claim_next(self.identity.id, lane, self.options.lease_seconds)
                if claim is None:
                    break
                self.start(claim)

    def start(self, claim: Claim) -> None:
        """Start the child of a claimed job."""
        order = ChildOrder(
            database_url=self.store.engine.url.render_as_string(hide_password=False),
            job_id=claim.job_id,
            fence=claim.fence,
            workdir=self.options.jobs_dir / claim.job_id,
        )
        renewed_at = time.monotonic()
        try:
            child = self.launcher.start(order)
        except OSError as error:
            self.store.lose(claim, f"The job's process could not be started ({error.strerror or error}).")
            return
        self.runs[claim.job_id] = Run(claim, child, renewed_at)

    # The end ---------------------------------------------------------------------------------------

    def end_children(self) -> None:
        """Ask every child to end, kill those that do not, and put their jobs back in the queue."""
        for run in self.runs.values():
            run.release = True
            run.ask_to_end(self.options.stop_seconds)
        deadline = time.monotonic() + self.options.stop_seconds + OVERTIME_SECONDS
        while self.runs and time.monotonic() < deadline:
            for step in (self.settle_ended, self.renew, self.enforce):
                self.attempt(step)
            time.sleep(0.05)
        for run in self.runs.values():
            run.child.end_now()


def describe_exit(code: int) -> str:
    """Say in a sentence how a child ended that left no record.

    >>> describe_exit(3)
    "The job's process ended with exit code 3 and left no result."
    """
    if code == -signal.SIGKILL:
        return "The job's process was killed (SIGKILL), as happens when memory runs out."
    if code == EXIT_STOPPED:
        return "The job's process was asked to end by someone else."
    if code < 0:
        return f"The job's process was ended by signal {name_signal(-code)}."
    return f"The job's process ended with exit code {code} and left no result."


def failure_of_exit(code: int) -> JobFailure | None:
    """An exit that claims success without a result would do so again: it fails at once."""
    if code != 0:
        return None
    return JobFailure(
        "The job's process ended normally but left no result.",
        "See the log, then start it again.",
        "no_result",
    )


def name_signal(number: int) -> str:
    """The name of a signal, or its number where it has none here."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
