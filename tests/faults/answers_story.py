"""The story of one file that is answered in pieces: killed at any moment, it comes out the same."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jobs.queue import NewJob
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, start_studio
from tests.faults.story import Story, settings_of, wait_for

KEY, TABLE = "answers", "texts.csv"
ROWS, ROWS_PER_PIECE = 35, 10


def prepare(home: Path) -> None:
    """An empty studio, and beside its rooms a table of texts."""
    with contextlib.closing(start_studio(settings_of(home))):
        rows = "".join(f"{number},text number {number}\n" for number in range(ROWS))
        (home / TABLE).write_text(f"id,text\n{rows}")


def answer(studio: Studio) -> None:
    """Queue the answering."""
    payload = {"source": str(studio.settings.home / TABLE), "rows_per_piece": ROWS_PER_PIECE}
    new = NewJob("predict", "tests.faults.handlers.answer", payload, key=KEY, title=KEY, resumable=True)
    studio.jobs.submit(new)


def see_it_end(studio: Studio) -> None:
    """Wait until it has ended."""
    wait_for(lambda: all(job.state in TERMINAL for job in studio.jobs.list()))


def judge(studio: Studio) -> list[str]:
    """The result holds every row once, in order, with its answer."""
    jobs = studio.jobs.list()
    if [job.state for job in jobs] != [JobState.SUCCEEDED]:
        return [f"The answerings are {[(job.state, job.error) for job in jobs]}."]
    made = studio.predictions.file_of(jobs[0].id).read_text().splitlines()
    expected = [
        f"{number},text number {number},{'yes' if number % 2 else 'no'},0.750000" for number in range(ROWS)
    ]
    found = [line.rsplit(",", 2)[0] for line in made[1:]]
    return [] if found == expected else [f"The rows are {made}."]


ANSWERS = Story(
    name="answers",
    prepare=prepare,
    commands={"answer": answer, "see it end": see_it_end},
    judge=judge,
    worker_from="answer",
    points=("commit", "fsync", "rename"),
)
