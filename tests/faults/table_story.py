"""The story of two uploads: one imported at once, one in the background by a worker's process."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, start_studio
from studio.data.importing import ImportRequest
from studio.errors import Conflict
from tests.conftest import small_rows, write_csv
from tests.faults.story import Command, Story, settings_of, wait_for

TABLE = "given.csv"


def prepare(home: Path) -> None:
    """An empty studio, and beside its rooms a table to upload."""
    with contextlib.closing(start_studio(settings_of(home))):
        write_csv(home / TABLE, small_rows(), ("text", "label"))


def request(studio: Studio, name: str) -> ImportRequest:
    """What is asked for."""
    return ImportRequest(path=studio.settings.home / TABLE, name=name)


def import_here(studio: Studio) -> None:
    """Import the table; where a killed command had done so already, its name is taken."""
    with contextlib.suppress(Conflict):
        studio.datasets.import_file(request(studio, "here"))


def import_there(studio: Studio) -> None:
    """Queue an import of it."""
    with contextlib.suppress(Conflict):
        studio.imports.start(request(studio, "there"))


def see_it_end(studio: Studio) -> None:
    """Wait until the import has ended."""
    wait_for(lambda: all(job.state in TERMINAL for job in studio.jobs.list()))


def judge(studio: Studio) -> list[str]:
    """Both datasets are there, once, with the same rows, and no copy of the upload is kept."""
    wrong = []
    made = studio.datasets.list()
    if sorted(dataset.name for dataset in made) != ["here", "there"]:
        wrong.append(f"The datasets are {[dataset.address for dataset in made]}.")
    if len({dataset.fingerprint for dataset in made}) != 1:
        wrong.append("The same table was read in two ways.")
    jobs = studio.jobs.list()
    if [job.state for job in jobs] != [JobState.SUCCEEDED]:
        wrong.append(f"The imports are {[(job.state, job.error) for job in jobs]}.")
    needed = {job.payload["folder"] for job in jobs}
    kept = [path for path in (studio.settings.uploads_dir / "tables").glob("*") if str(path) in needed]
    return wrong + [f"The upload of an ended import is still there: {path}." for path in kept]


COMMANDS: dict[str, Command] = {
    "import here": import_here,
    "import there": import_there,
    "see it end": see_it_end,
}
TABLES = Story(
    name="tables",
    prepare=prepare,
    commands=COMMANDS,
    judge=judge,
    worker_from="import there",
)
