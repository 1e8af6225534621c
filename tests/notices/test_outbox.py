"""What has ended is told once to each, later where a server is down, and never lost where a process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.database import make_engine
from jobs.endings import Endings
from jobs.queue import JobView, NewJob
from jobs.reasons import LITTLE_ROOM
from studio.bootstrap import Studio, open_studio, telling_of_jobs
from studio.notices.outbox import NEWS_SECONDS, Outbox
from studio.records.notices import NoticeStore
from studio.settings import MailSettings, Settings, WebhookSettings
from tests.jobs.bench import wait_until
from tests.journeys.served import ROOT, free_port
from tests.notices.receivers import mail_receiver, web_receiver

HANDLERS = "tests.jobs.handlers_for_tests"


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def submit(studio: Studio, handler: str = "report_and_succeed", kind: str = "train") -> JobView:
    return studio.jobs.submit(NewJob(kind, f"{HANDLERS}.{handler}", {}, title="tickets"))


def cancel_one(studio: Studio, kind: str = "train") -> JobView:
    """A job that has ended, without a process."""
    return studio.jobs.cancel(submit(studio, kind=kind).id)


@contextmanager
def opened(settings: Settings) -> Iterator[Studio]:
    studio = open_studio(settings)
    try:
        yield studio
    finally:
        studio.close()


def outbox_of(studio: Studio, clock: Callable[[], float] = time.time) -> Outbox:
    """An outbox over the studio's database, opened."""
    engine = make_engine(studio.settings.database_url)
    outbox = Outbox(
        NoticeStore(engine), Endings(engine), studio.notices.channels, studio.notices.describe, clock
    )
    outbox.open()
    return outbox


def to_webhook(settings: Settings, url: str) -> Settings:
    return replace(settings, webhook=WebhookSettings(url))


def test_success_failure_and_cancel_are_told_by_every_way_with_the_job_and_a_link(settings: Settings) -> None:
    port = free_port()
    mail = MailSettings("127.0.0.1", ("me@example.org",), "studio@example.org", port, "none")
    with (
        web_receiver() as web,
        mail_receiver(port) as letters,
        opened(replace(to_webhook(settings, web.url), mail=mail, port=7999)) as studio,
    ):
        outbox = outbox_of(studio)
        ended = [submit(studio), submit(studio, "raise_told")]
        for job in ended:
            studio.jobs.wait(job.id)  # a worker of this process, which tells by itself
        cancelled = cancel_one(studio)
        outbox.work()
    assert [body["job"]["id"] for body in web.bodies] == [ended[0].id, ended[1].id, cancelled.id]
    assert [body["job"]["state"] for body in web.bodies] == ["succeeded", "failed", "cancelled"]
    assert {body["event"] for body in web.bodies} == {"job.ended"}
    assert web.bodies[0]["url"] == f"http://127.0.0.1:7999/jobs?job={ended[0].id}"
    assert web.bodies[0]["text"].startswith("The training 'tickets' is done.")
    assert web.bodies[1]["text"] == (
        "The training 'tickets' failed: The table has no column 'text'. Choose another column."
    )
    assert len({body["id"] for body in web.bodies}) == 3
    assert len(letters.letters) == 3


def test_a_pause_is_told_where_the_disk_was_the_reason_and_nobody_asked_for_it(settings: Settings) -> None:
    with web_receiver() as web, opened(to_webhook(settings, web.url)) as studio:
        outbox = outbox_of(studio)
        wishes = studio.jobs.queue.store.wishes
        wishes.pause(submit(studio).id, "Paused.")
        wishes.pause(full := submit(studio).id, LITTLE_ROOM)
        outbox.work()
    assert [(body["event"], body["job"]["id"]) for body in web.bodies] == [("job.paused", full)]
    assert web.bodies[0]["text"] == (
        "The training 'tickets' was paused, because the disk is nearly full. "
        "Free some space on the disk, then open it and resume it."
    )


def test_what_ended_before_news_was_asked_for_is_not_told_nor_what_the_studio_does_by_itself(
    settings: Settings,
) -> None:
    with web_receiver() as web, opened(to_webhook(settings, web.url)) as studio:
        cancel_one(studio)
        outbox = outbox_of(studio)
        cancel_one(studio, kind="profile")
        wanted = cancel_one(studio)
        outbox.work()
        outbox.work()
    assert [body["job"]["id"] for body in web.bodies] == [wanted.id]


def test_a_server_that_is_down_gets_its_news_when_it_is_up_again(settings: Settings) -> None:
    clock, port = Clock(), free_port()
    with opened(to_webhook(settings, f"http://127.0.0.1:{port}/x")) as studio:
        outbox = outbox_of(studio, clock)
        jobs = [cancel_one(studio) for _ in range(3)]
        clock.now = time.time()
        outbox.work()
        state = studio.notices.states()[0]
        assert (state.waiting, state.sent) == (3, 0) and "Connection refused" in state.error
        finding = next(one for one in studio.system.doctor() if one.title == "Notifications by webhook")
        assert not finding.ok and "3 waiting" in finding.sentence and "Connection refused" in finding.hint
        with web_receiver(port) as web:
            outbox.work()
            # The first that failed waits five seconds; those after it have not been tried.
            assert [body["job"]["id"] for body in web.bodies] == [jobs[1].id, jobs[2].id]
            clock.now += 5
            outbox.work()
            assert len(web.bodies) == 3
        state = studio.notices.states()[0]
        assert (state.waiting, state.sent, state.error) == (0, 3, "")
        assert state.last_sent_at


def test_after_a_day_of_failures_a_notice_is_given_up_and_doctor_says_so(settings: Settings) -> None:
    clock = Clock()
    with opened(to_webhook(settings, f"http://127.0.0.1:{free_port()}/x")) as studio:
        outbox = outbox_of(studio, clock)
        cancel_one(studio)
        outbox.work()
        clock.now += NEWS_SECONDS + 60
        outbox.work()
        clock.now += NEWS_SECONDS
        outbox.work()
        state = studio.notices.states()[0]
        assert (state.waiting, state.given_up) == (0, 1)


def test_news_that_is_older_than_a_day_when_it_is_found_is_not_told(settings: Settings) -> None:
    with web_receiver() as web, opened(to_webhook(settings, web.url)) as studio:
        clock = Clock()
        outbox = outbox_of(studio, clock)
        cancel_one(studio)
        clock.now += NEWS_SECONDS + 60
        outbox.work()
    assert web.bodies == []


def test_two_processes_that_tell_at_once_tell_everything_once(settings: Settings) -> None:
    with web_receiver() as web:
        chosen = to_webhook(settings, web.url)
        with opened(chosen) as studio, telling_of_jobs(chosen), telling_of_jobs(chosen):
            jobs = [cancel_one(studio) for _ in range(12)]
            wait_until(lambda: len(web.posts) >= len(jobs))
        assert [body["job"]["id"] for body in web.bodies] == [job.id for job in jobs]


def test_a_way_that_hangs_holds_up_neither_the_job_nor_the_end_of_its_worker(settings: Settings) -> None:
    release = threading.Event()
    with web_receiver() as web:
        web.on_post = lambda: release.wait(30)
        with opened(to_webhook(settings, web.url)) as studio:
            began = time.monotonic()
            assert studio.jobs.wait(submit(studio).id).state == "succeeded"
            assert time.monotonic() - began < 20
        release.set()


@pytest.mark.slow
def test_a_worker_killed_between_sending_and_marking_sends_again_under_the_same_id(
    settings: Settings, tmp_path: Path
) -> None:
    with web_receiver() as web, opened(to_webhook(settings, web.url)) as studio:
        environment = {**os.environ, "STUDIO_WEBHOOK_URL": web.url}
        command = [sys.executable, "-m", "studio", "--home", str(settings.home), "worker"]
        first = subprocess.Popen(command, cwd=ROOT, env=environment)
        web.on_post = first.kill
        try:
            wait_until(lambda: any(worker.alive for worker in studio.jobs.workers()), 60)
            job = cancel_one(studio)
            assert first.wait(30) == -signal.SIGKILL
        finally:
            first.kill()
        web.on_post = lambda: None
        second = subprocess.Popen([*command, "--once"], cwd=ROOT, env=environment)
        assert second.wait(60) == 0
        assert [body["job"]["id"] for body in web.bodies] == [job.id, job.id]
        assert web.bodies[0]["id"] == web.bodies[1]["id"]
        assert studio.notices.states()[0].waiting == 0
