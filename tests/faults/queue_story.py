"""The story of a queue: jobs are cancelled, paused, stopped early, killed, and taken over."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import text

from jobs.audit import Expected
from jobs.database import write
from jobs.queue import JobView, NewJob
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, start_studio
from studio.errors import Conflict
from tests.faults.handlers import SNAPSHOT_EVERY, STEPS
from tests.faults.story import Command, Story, settings_of, wait_for

# What each job is asked to do, by its key; they are submitted in this order.
WORK = {
    "is killed": {"die": True, "publish": True},
    "waits": {},
    "is cancelled": {"hold": 70},
    "is paused and stopped": {"hold": 70, "hold_again": 110},
}
PAUSED = "is paused and stopped"
# It is stopped before the step it holds at; one that dies then ends with its newest snapshot, or later.
HELD_AT = WORK[PAUSED]["hold_again"]
STOPPED_AFTER = range(HELD_AT - HELD_AT % SNAPSHOT_EVERY, HELD_AT)


def prepare(home: Path) -> None:
    """An empty studio with a table for what a job publishes."""
    with contextlib.closing(start_studio(settings_of(home))) as studio:
        statement = text("CREATE TABLE published (job_id TEXT)")
        write(studio.engine, lambda connection: connection.execute(statement))


def job_of(studio: Studio, key: str) -> JobView:
    """The job with a key, which must be there."""
    job = studio.jobs.find_by_key(key)
    if job is None:
        raise LookupError(f"the job '{key}' was accepted and is not there")
    return job


def submit(key: str) -> Command:
    """Queue one of the jobs."""

    def command(studio: Studio) -> None:
        new = NewJob("train", "tests.faults.handlers.train", WORK[key], key=key, title=key, resumable=True)
        studio.jobs.submit(new)

    return command


def wait_holding(studio: Studio, key: str, mark: str = "holding") -> JobView:
    """Wait until a job has come to where something is to be asked of it."""
    path = studio.settings.jobs_dir / job_of(studio, key).id
    wait_for((path / mark).exists)
    return job_of(studio, key)


def cancel_waiting(studio: Studio) -> None:
    """Cancel a job before there is a worker."""
    studio.jobs.queue.cancel(job_of(studio, "waits").id)


def cancel_running(studio: Studio) -> None:
    """Cancel a job that runs."""
    studio.jobs.queue.cancel(wait_holding(studio, "is cancelled").id)


def pause(studio: Studio) -> None:
    """Pause a job that runs, and see it paused."""
    job = wait_holding(studio, PAUSED)
    studio.jobs.pause(job.id)
    wait_for(lambda: job_of(studio, PAUSED).state is JobState.PAUSED)


def resume(studio: Studio) -> None:
    """Let it go on, and not wait again."""
    job = job_of(studio, PAUSED)
    (studio.settings.jobs_dir / job.id / "go").touch()
    with contextlib.suppress(Conflict):  # where it was resumed already
        studio.jobs.resume(job.id)


def stop_early(studio: Studio) -> None:
    """Have a job end with what it has, as soon as it has something."""
    job = wait_holding(studio, PAUSED, "holding again")

    def has_heard() -> bool:
        with contextlib.suppress(Conflict):  # it is about to begin again
            studio.jobs.queue.stop(job.id)
            studio.jobs.stop(job.id)
        return job_of(studio, PAUSED).stop_asked

    wait_for(has_heard)


def see_them_end(studio: Studio) -> None:
    """Wait until every job has ended."""
    wait_for(lambda: all(job.state in TERMINAL for job in studio.jobs.list()))


def expected(studio: Studio) -> Mapping[str, Expected]:
    """All steps of the job that came to its end, and those of the one that was stopped up to then."""
    stopped = (job_of(studio, PAUSED).result or {}).get("steps", 0)
    series = ("train", "loss")
    return {
        "is killed": Expected({series: range(1, STEPS + 1)}, ended=True),
        "waits": Expected({series: []}, ended=True),
        PAUSED: Expected({series: range(1, stopped + 1)}, ended=True),
    }


def judge(studio: Studio) -> list[str]:
    """Every job ended as it should; none was lost or doubled; the row was published once."""
    wrong = []
    jobs = studio.jobs.list()
    if sorted(job.title for job in jobs) != sorted(WORK):
        wrong.append(f"The jobs are {sorted(job.title for job in jobs)}.")
    for job in jobs:
        was_cancelled = job.title in {"waits", "is cancelled"}
        wanted = JobState.CANCELLED if was_cancelled else JobState.SUCCEEDED
        if job.state is not wanted:
            wrong.append(f"The job '{job.title}' is {job.state}, not {wanted}: {job.error}.")
    kept = (job_of(studio, PAUSED).result or {}).get("steps")
    if kept not in STOPPED_AFTER:
        wrong.append(f"The job that was stopped early kept {kept} steps.")
    with studio.engine.connect() as connection:
        published = connection.scalars(text("SELECT job_id FROM published")).all()
    if published != [job_of(studio, "is killed").id]:
        wrong.append(f"Published was {published}.")
    return wrong


QUEUE = Story(
    name="queue",
    prepare=prepare,
    commands={
        **{f"submit '{key}'": submit(key) for key in WORK},
        "cancel what waits": cancel_waiting,
        "cancel what runs": cancel_running,
        "pause": pause,
        "resume": resume,
        "stop early": stop_early,
        "see them end": see_them_end,
    },
    judge=judge,
    expected=expected,
    worker_from="cancel what waits",
    relieved_after="cancel what runs",
)
