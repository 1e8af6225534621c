"""What keeps jobs from starting, said on every page that shows jobs: no worker, or no room on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from jobs.queue import JobView, WorkerView
from jobs.states import ACTIVE, TERMINAL, JobState
from studio.pages import format as fmt
from studio.pages import layout, links
from studio.pages.commands import START_WORKER, naming_home
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.settings import Settings

W = words_of("hindrances")
NEARLY = 1.5  # the room at which a warning comes, in times of the room below which nothing starts


def find(studio: Services, jobs: Sequence[JobView], disk_free_bytes: float) -> Markup:
    """The notice of what keeps ``jobs`` from starting, or soon will; nothing where all is well."""
    return notice(studio.jobs.workers(), jobs, disk_free_bytes, studio.settings)


def notice(
    workers: Sequence[WorkerView], jobs: Sequence[JobView], disk_free_bytes: float, settings: Settings
) -> Markup:
    """As ``find``, from what was read."""
    least = settings.min_free_bytes
    alive = [worker for worker in workers if worker.alive]
    full = any(worker.stats.get("has_room") is False for worker in alive)
    if full or disk_free_bytes < NEARLY * least:
        words = W.full if full or disk_free_bytes < least else W.nearly_full
        message = words.message.say(free=fmt.size(disk_free_bytes), least=fmt.size(least))
        paused = any(job.state == JobState.PAUSED for job in jobs)
        hint = f"{W.make_room} {W.then_resume if paused else ''}".strip()
        ways = layout.button_link(W.models, links.link("results"))
        ways += layout.button_link(W.datasets, links.link("data"))
        more = layout.notice_actions(ways)
        return layout.notice("warning", message, hint, more)
    unfinished = any(job.state not in TERMINAL and job.state != JobState.PAUSED for job in jobs)
    if unfinished and not alive:
        words = W.no_worker.lost if any(job.state in ACTIVE for job in jobs) else W.no_worker.waiting
        worker = naming_home(START_WORKER, settings.home)
        return layout.notice("warning", words, W.no_worker.hint.say(worker=worker))
    return layout.EMPTY
