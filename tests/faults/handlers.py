"""The work of the jobs of a story, done as those of the studio do theirs, with a few bytes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, text

from jobs.context import JobContext, Outcome
from studio.prediction.answers import Answerer
from studio.prediction.tables import FileRequest, predict_file
from studio.training.snapshots import Snapshots

STEPS, SNAPSHOT_EVERY, DIE_AT = 120, 50, 60
LONGEST_SECONDS = 240.0


def train(context: JobContext) -> Outcome:
    """Take steps, keep snapshots, go on from the newest one, and end as is asked.

    The payload may have it ``hold`` at a step until it is asked to end, or the file ``go`` is there, and
    ``hold_again`` at another; ``die`` once; and ``publish`` a row together with its success.
    """
    work = Work(context)
    for step in range(work.begin() + 1, STEPS + 1):
        if step == context.payload.get("hold"):
            hold(context, "holding", until="go")
        if step == context.payload.get("hold_again"):
            hold(context, "holding again", until="go on")
        if context.ending:
            work.end(step - 1)
        if context.should_stop_early:
            return Outcome({"steps": step - 1})
        work.take(step)
        if step == DIE_AT and context.payload.get("die"):
            die_once(context.workdir / "died")
    return Outcome({"steps": STEPS}, publish_for(context) if context.payload.get("publish") else None)


def answer(context: JobContext) -> Outcome:
    """Answer a file in small pieces."""
    request = FileRequest(
        source=Path(context.payload["source"]),
        to=context.workdir / "predictions.csv",
        overwrite=True,
        rows_per_piece=context.payload["rows_per_piece"],
    )
    answerer = Answerer(("no", "yes"), lambda rows, _tell: np.array([share_of(row["text"]) for row in rows]))
    made = predict_file(request, answerer, work=context.workdir / "snapshots")
    return Outcome({"file": request.to.name, "rows": made.rows})


def share_of(text: str) -> tuple[float, float]:
    """Odd numbers are a yes."""
    return (0.25, 0.75) if int(text.split()[-1]) % 2 else (0.75, 0.25)


class Work:
    """The snapshots and points of one job."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self.snapshots = Snapshots(context.workdir / "snapshots", {"job": context.job_id}, context.log)

    def begin(self) -> int:
        """The step of the newest snapshot, after its points were told again; 0 where there is none."""
        self.snapshots.open()
        newest = self.snapshots.newest()
        if newest is None:
            return 0
        if (newest.folder / "weights").read_bytes() != weights_after(newest.step):
            raise ValueError(f"the snapshot of step {newest.step} is not what was written")
        self.tell(range(1, newest.step + 1))
        return newest.step

    def take(self, step: int) -> None:
        """One step."""
        self.tell([step])
        self.context.progress(fraction=step / STEPS, step=step, steps=STEPS)
        if step % SNAPSHOT_EVERY == 0:
            self.keep(step)

    def tell(self, steps: Iterable[int]) -> None:
        """The points of some steps."""
        for step in steps:
            self.context.metric("loss", 1.0 / step, split="train", step=step)

    def keep(self, step: int) -> None:
        """Write a snapshot, where there is none of that step."""
        if step and not self.snapshots.has(step):
            self.snapshots.write(
                step, {}, None, lambda folder: write_bytes(folder / "weights", weights_after(step))
            )

    def end(self, step: int) -> None:
        """End because that was asked, with a last snapshot unless nobody will want it."""
        if self.context.ending != "cancel":
            self.keep(step)
        self.context.raise_if_cancelled()


def write_bytes(path: Path, content: bytes) -> None:
    """A file of a snapshot; it is made durable with the others."""
    path.write_bytes(content)


def weights_after(step: int) -> bytes:
    """What stands for the weights after a step."""
    return b"%d " % step * 500


def hold(context: JobContext, mark: str, until: str) -> None:
    """Show by a file that the job runs, and wait until something is asked of it or another file is there."""
    (context.workdir / mark).touch()
    deadline = time.monotonic() + LONGEST_SECONDS
    while not (context.ending or context.should_stop_early or (context.workdir / until).exists()):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing was asked of a job that waited for it")
        time.sleep(0.01)


def die_once(mark: Path) -> None:
    """Be killed, the first time."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def publish_for(context: JobContext):
    """Write a row of another room's table."""

    def publish(connection: Connection) -> None:
        connection.execute(text("INSERT INTO published (job_id) VALUES (:id)"), {"id": context.job_id})

    return publish
