"""One child at work, as its worker sees it."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from jobs.child import EXIT_STOPPED
from jobs.launchers.launcher import Child
from jobs.moves import Loss
from jobs.views import Claim, JobFailure, Standing

DUMP_SECONDS = 2.0  # how long a hanging child has to write down where it hangs


@dataclass
class Run:
    """A claim and its child; times are of the monotonic clock.

    ``release``: the worker ends. ``stray``: the lease could not be renewed. ``hung_after``: the seconds of
    silence for which it is being ended.
    """

    claim: Claim
    child: Child
    renewed_at: float
    heard_at: float
    told: int = 0
    kill_at: float | None = None
    release: bool = False
    stray: bool = False
    hung_after: float | None = None

    def ask_to_end(self, kill_after_seconds: float) -> None:
        """Send SIGTERM once, and note when to stop waiting."""
        if self.kill_at is None:
            self.child.ask_to_end()
        self.kill_within(kill_after_seconds)

    def kill_within(self, seconds: float) -> None:
        """Note the time after which the child is killed, unless an earlier one is set."""
        kill_at = time.monotonic() + seconds
        self.kill_at = kill_at if self.kill_at is None else min(self.kill_at, kill_at)

    def listen(self, standing: Standing, silent_seconds: float, silent_start_seconds: float) -> None:
        """Note signs of life; a child without one for too long writes down where it hangs, and is ended."""
        now = time.monotonic()
        if standing.told != self.told:
            self.told, self.heard_at = standing.told, now
        allowed = silent_start_seconds if standing.step is None else silent_seconds
        if now - self.heard_at > allowed and self.hung_after is None:
            self.hung_after = allowed
            self.child.dump_stacks()
            self.kill_within(DUMP_SECONDS)

    def loss(self, code: int) -> Loss:
        """What its end means for a job that has no record of it."""
        if self.stray:
            return Loss("The worker could not reach the database, so it ended the job's process.", stray=True)
        if self.hung_after is not None:
            minutes = f"{self.hung_after / 60:g} min" if self.hung_after >= 60 else f"{self.hung_after:g} s"
            reason = f"The job made no step for {minutes}, so its process was ended; its log says where."
            return Loss(reason, hung=True)
        return Loss(describe_exit(code), failure_of_exit(code), killed=code == -signal.SIGKILL)


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
