"""What killed processes left half-written goes at the next start; what a living one writes stays."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.durable import temporary_name
from jobs.queue import NewJob, Queue
from jobs.store import Store
from jobs.views import JobFailure
from studio.bootstrap import open_studio, start_studio
from studio.cli.main import main
from studio.keeping.leftovers import Leftovers
from studio.keeping.sweep import find_unfinished
from studio.records.schema import writing
from studio.services.datasets import ImportRequest
from studio.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from jobs.durable import temporary_name

for path in map(Path, sys.argv[1:]):
    folder = temporary_name(path)
    folder.mkdir(parents=True)
    (folder / "half").write_bytes(b"x")
os.kill(os.getpid(), signal.SIGKILL)
"""


def write_and_die(*paths: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITE_AND_DIE, *map(str, paths)], cwd=ROOT, check=False)


def reopen(settings: Settings) -> None:
    with contextlib.closing(start_studio(settings)):
        pass


def test_what_a_killed_process_left_in_any_room_is_gone_after_the_next_start(settings: Settings) -> None:
    reopen(settings)
    rooms = ("datasets", "uploads", "models/abc", "jobs/abc", "checkpoints/hub", "backups", ".")
    write_and_die(*(settings.home / room / "thing" for room in rooms))
    assert len(find_unfinished(settings.home)) == len(rooms)
    reopen(settings)
    assert find_unfinished(settings.home) == []


def test_what_a_living_process_writes_stays(settings: Settings) -> None:
    reopen(settings)
    ours = temporary_name(settings.datasets_dir / "thing")
    ours.mkdir()
    reopen(settings)
    assert find_unfinished(settings.home) == [ours]


def test_files_of_jobs_go_once_the_job_is_not_worked_on_and_others_stay(settings: Settings) -> None:
    with contextlib.closing(open_studio(settings)) as studio:
        store = Store(studio.engine)
        queue = Queue(store, settings.jobs_dir)
        running, waiting = (queue.submit(NewJob("train", "nowhere", {})) for _ in range(2))
        store.claim_next("worker", "train", 60)
        names = (f"models/{running.id}", f"models/{waiting.id}", f"jobs/{waiting.id}", "models/my-own-bert")
        for name in names:
            (settings.home / name / "folder.part").mkdir(parents=True)
        Leftovers(settings, queue).remove_all()
        left = [path.parent.relative_to(settings.home).as_posix() for path in find_unfinished(settings.home)]
        assert left == sorted([names[0], names[3]])
        assert store.fail(running.id, 1, JobFailure("It stopped."))
        Leftovers(settings, queue).remove_of(running.id)
        assert not (settings.home / names[0]).exists()


def test_a_download_that_broke_off_goes_on_later(settings: Settings) -> None:
    reopen(settings)
    part = settings.checkpoints_dir / "partial" / "google--bert" / "main" / "model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    reopen(settings)
    assert part.exists() and find_unfinished(settings.home) == []


@pytest.mark.parametrize("command", ["job list", "dataset list"])
def test_a_command_sweeps_nothing(settings: Settings, command: str) -> None:
    reopen(settings)
    write_and_die(settings.datasets_dir / "thing")
    assert main(["--home", str(settings.home), *command.split()]) == 0
    assert len(find_unfinished(settings.home)) == 1


def test_a_removal_that_was_cut_off_is_finished(settings: Settings, small_table: Path) -> None:
    with contextlib.closing(open_studio(settings)) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
        with writing(studio.engine) as connection:
            connection.exec_driver_sql("DELETE FROM datasets")
    folder = settings.datasets_dir / dataset.id
    folder.rename(folder.with_name(f".{dataset.id}.0123abcd.gone"))
    reopen(settings)
    assert list(settings.datasets_dir.iterdir()) == []
