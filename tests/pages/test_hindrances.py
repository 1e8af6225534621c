"""What is said where jobs cannot start."""

from __future__ import annotations

from html import unescape
from pathlib import Path

from jobs.queue import WorkerView
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.pages import hindrances
from studio.settings import Settings
from tests.pages.test_jobs import NOW, job

GIGABYTE = 10**9


def worker(alive: bool = True, **stats: object) -> WorkerView:
    """A worker with what it has measured."""
    return WorkerView("w", "box", 1, NOW, NOW, alive, stats)


def shown(workers: list[WorkerView], *states: JobState, free: float = 80 * GIGABYTE) -> str:
    """The notice over jobs in such states."""
    settings = Settings(home=Path("/srv/my texts"), min_free_bytes=GIGABYTE)
    return str(hindrances.notice(workers, [job(state) for state in states], free, settings))


def test_nothing_is_said_where_all_is_well() -> None:
    assert shown([worker(has_room=True)], JobState.QUEUED) == ""
    assert shown([], JobState.SUCCEEDED, JobState.PAUSED) == "", "nothing needs a worker"


def test_a_missing_worker_is_named_with_how_to_start_one() -> None:
    assert "nothing that waits will start" in shown([worker(alive=False)], JobState.QUEUED)
    assert "goes on from where it was" in shown([], JobState.RUNNING)
    hint = unescape(shown([], JobState.QUEUED))
    assert "python -m studio --home '/srv/my texts' worker" in hint


def test_a_full_disk_is_named_with_where_to_make_room() -> None:
    said = shown([worker(has_room=False)], JobState.PAUSED, free=0.4 * GIGABYTE)
    assert "nothing starts" in said and "400 MB" in said and "once you resume it" in said
    assert 'href="/results"' in said and 'href="/data"' in said
    assert "resume" not in shown([worker(has_room=False)], JobState.QUEUED, free=0.4 * GIGABYTE)


def test_a_disk_that_fills_up_is_named_before_anything_stops() -> None:
    assert "filling up" in shown([worker(has_room=True)], free=1.2 * GIGABYTE)


def test_what_was_read_is_that_of_the_studio(studio: Studio) -> None:
    assert "filling up" in hindrances.find(studio, [], 1.2 * studio.settings.min_free_bytes)
    assert studio.system.disk_free_bytes() > 0
