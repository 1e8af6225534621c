"""The worker: claims jobs, starts a child for each, keeps their leases, and settles how they end."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from jobs.bells import Stop
from jobs.endings import Endings
from jobs.errors import NotPossibleNow
from jobs.latency import Latency
from jobs.launchers.launcher import ChildOrder, Launcher
from jobs.launchers.local import LocalLauncher
from jobs.leases import Watch
from jobs.logs import LOG_NAME, MAX_LOG_BYTES, limit_log
from jobs.moves import Loss
from jobs.processes import mark_of
from jobs.reasons import LITTLE_ROOM
from jobs.roster import WorkerIdentity
from jobs.run import Run
from jobs.slots import Lanes, Slot, count_slots
from jobs.states import ACTIVE, JobState
from jobs.store import Store
from jobs.views import Claim

logger = logging.getLogger(__name__)

LINGER_SECONDS = 10.0  # how long a child may live on after its job has ended
OVERTIME_SECONDS = 10.0  # how long a stopping worker waits for children that were killed


def default_lanes() -> Lanes:
    """One training and one light job at a time on this machine."""
    return count_slots(socket.gethostname(), {"train": 1, "light": 1})


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker works.

    ``lanes``: the places of each lane. ``once``: end when nothing runs or waits. ``cancel_seconds`` and
    ``stop_seconds``: how long a child has between SIGTERM and SIGKILL when its job is cancelled or paused,
    and when the worker itself ends. ``silent_seconds``: how long a child may tell nothing once it has made a
    step, and ``silent_start_seconds`` before. ``owner_limit``: jobs of one owner that run at once (0: any).
    ``min_free_bytes``: with less room on the disk nothing starts, and what can be paused is.
    ``max_log_bytes``: where a job's log is cut. ``idle_seconds``: where nothing runs so long after the start,
    the launcher makes ready for the first child (None: that waits for it).
    """

    jobs_dir: Path
    lanes: Lanes = field(default_factory=default_lanes)
    lease_seconds: float = 15.0
    poll_seconds: float = 0.5
    once: bool = False
    cancel_seconds: float = 15.0
    stop_seconds: float = 5.0
    silent_seconds: float = 600.0
    silent_start_seconds: float = 3600.0
    owner_limit: int = 0
    min_free_bytes: int = 0
    max_log_bytes: int = MAX_LOG_BYTES
    idle_seconds: float | None = None


class Worker:
    """Supervises the children of one worker process; call ``run`` once.

    ``after`` is called with a job's id once its child is gone, however that went and whatever follows, and
    when it was ended without one. That may take long, so a thread of its own does it: leases are renewed.
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
        self.identity = WorkerIdentity(f"{host}:{pid}:{secrets.token_hex(3)}", host, pid, mark_of(pid) or "")
        self.runs: dict[str, Run] = {}
        self.beat_at = 0.0
        self.watch = Watch()
        self.latency = Latency()
        self.endings = Endings(store.engine)
        self.seen = self.endings.newest()
        self.tidying = ThreadPoolExecutor(1, "tidying")
        self.has_room = True
        self.began = time.monotonic()
        self.is_prepared = False

    def run(self, stop: Stop) -> None:
        """Work until ``stop`` is set (or, with ``once``, until nothing is left), then end the children."""
        self.store.roster.register(self.identity, self.options.lease_seconds)
        try:
            while not stop.is_set():
                turn = (self.settle_ended, self.renew, self.follow, self.enforce, self.claim, self.prepare)
                for step in turn:
                    self.attempt(step)
                if self.options.once and not self.runs and not (self.has_room and self.is_work_waiting()):
                    break
                stop.wait(self.options.poll_seconds)
        finally:
            self.end_children()
            self.attempt(self.tidy_after_people)
            self.tidying.shutdown()
            self.launcher.close()
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
            logger.info("A job's process ended (exit code %s).", code, extra={"job": job_id})
            self.settle(run, code)
            del self.runs[job_id]
            self.attempt(partial(self.limit_log_of, job_id))
            self.tidy_after(job_id)

    def tidy_after(self, job_id: str) -> None:
        """Have seen to what a job leaves behind."""
        self.tidying.submit(self.attempt, partial(self.after, job_id))

    def tidy_after_people(self) -> None:
        """The same for jobs that people ended while they waited or were paused."""
        endings, self.seen = self.endings.after(self.seen)
        for ending in endings:
            if ending.worker is None:
                self.tidy_after(ending.job_id)

    def settle(self, run: Run, code: int) -> None:
        """Record the end of one child."""
        if run.release and not run.stray:
            self.store.release(run.claim, "The worker was stopped.")
        elif not self.store.lose(run.claim, run.loss(code)) and code != 0:
            standing = self.store.standing(run.claim.job_id, run.claim.fence)
            if standing is not None and standing.state is JobState.SUCCEEDED:
                text = f"Its process ended badly (exit code {code}), but only after the result was complete."
                self.store.note(run.claim.job_id, run.claim.fence, text)

    def renew(self) -> None:
        """Whenever a third of the lease has gone: renew all, take over what others lost, mind the disk."""
        now = time.monotonic()
        if now - self.beat_at < self.options.lease_seconds / 3:
            return
        claims = [run.claim for run in self.runs.values()]
        slots = [slot.name for lane in self.options.lanes.values() for slot in lane]
        stats = self.latency.to_json() | {"has_room": self.has_room, "slots": slots}
        held = self.store.leases.renew(self.identity.id, claims, self.options.lease_seconds, stats)
        self.beat_at = now
        for job_id in held:
            self.runs[job_id].renewed_at = now
        self.take_over()
        self.tidy_after_people()
        self.mind_the_disk()
        for job_id in self.runs:
            self.limit_log_of(job_id)

    def limit_log_of(self, job_id: str) -> None:
        """Cut the log of a job if it has grown too large."""
        limit_log(self.options.jobs_dir / job_id / LOG_NAME, self.options.max_log_bytes)

    def take_over(self) -> None:
        """Settle the jobs of workers that are lost."""
        stalled = self.watch.find_stalled(
            [held for held in self.store.leases.held() if held.claim.job_id not in self.runs],
            self.store.leases.gone_workers(),
            time.monotonic(),
        )
        for job_id in self.store.reclaim(stalled, "The worker that ran this job stopped answering."):
            self.tidy_after(job_id)

    def mind_the_disk(self) -> None:
        """Start nothing while the disk is nearly full, and pause what can go on later."""
        self.has_room = shutil.disk_usage(self.options.jobs_dir.parent).free >= self.options.min_free_bytes
        if self.has_room:
            return
        logger.warning("The disk is nearly full: no job is started.")
        for job_id in self.runs:
            try:
                self.store.wishes.pause(job_id, LITTLE_ROOM)
            except NotPossibleNow:
                logger.info("A job cannot be paused and goes on.", extra={"job": job_id})

    def follow(self) -> None:
        """Look at the state of each job: it should end, it has ended, it hangs, or it is another's by now."""
        for run in self.runs.values():
            standing = self.store.standing(run.claim.job_id, run.claim.fence)
            if standing is None:
                run.kill_within(0.0)
            elif standing.state in {JobState.CANCELLING, JobState.PAUSING}:
                run.ask_to_end(self.options.cancel_seconds)
            elif standing.state not in ACTIVE:
                run.kill_within(LINGER_SECONDS)
            else:
                run.listen(standing, self.options.silent_seconds, self.options.silent_start_seconds)

    def enforce(self) -> None:
        """Kill the children whose time is over or whose lease could not be renewed."""
        now = time.monotonic()
        for run in self.runs.values():
            if now - run.renewed_at > self.options.lease_seconds:
                run.stray = True
                run.child.end_now()
            elif run.kill_at is not None and now >= run.kill_at:
                run.child.end_now()

    def claim(self) -> None:
        """Fill free slots with waiting jobs."""
        if not self.has_room:
            return
        for lane, slots in self.options.lanes.items():
            taken = {run.claim.slot for run in self.runs.values()}
            free = [slot for slot in slots if slot.name not in taken]
            while free and (claim := self.claim_one(lane, free)):
                slot = next(slot for slot in free if slot.name == claim.slot)
                free.remove(slot)
                self.start(claim, slot)

    def prepare(self) -> None:
        """Use the first quiet moment to make ready for a child."""
        idle = self.options.idle_seconds
        if self.is_prepared or idle is None or self.runs or time.monotonic() - self.began < idle:
            return
        self.is_prepared = True
        self.launcher.prepare()

    def claim_one(self, lane: str, free: list[Slot]) -> Claim | None:
        """Claim a job for one of the free slots; those of other workers here may have taken them."""
        began = time.monotonic()
        names = [slot.name for slot in free]
        options = self.options
        claim = self.store.claim_next(
            self.identity.id, lane, options.lease_seconds, names, options.owner_limit
        )
        if claim is not None:
            self.latency.add(time.monotonic() - began)
        return claim

    def start(self, claim: Claim, slot: Slot) -> None:
        """Start the child of a claimed job."""
        order = ChildOrder(
            database_url=self.store.engine.url.render_as_string(hide_password=False),
            job_id=claim.job_id,
            fence=claim.fence,
            workdir=self.options.jobs_dir / claim.job_id,
            environment=slot.environment,
            handler=claim.handler,
        )
        now = time.monotonic()
        try:
            child = self.launcher.start(order)
        except OSError as error:
            reason = f"The job's process could not be started ({error.strerror or error})."
            self.store.lose(claim, Loss(reason))
            return
        logger.info("A job's process was started.", extra={"job": claim.job_id, "slot": claim.slot})
        self.runs[claim.job_id] = Run(claim, child, renewed_at=now, heard_at=now)

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
