"""Telling people of jobs that have ended: how it is set up, how it goes, and a trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from jobs.queue import UnknownJob
from studio.errors import InvalidInput, StudioError
from studio.notices.channels import channels_of
from studio.notices.message import Message, make_message, make_trial
from studio.records.notices import NoticeRecord, NoticeStore
from studio.services.jobs import JobService
from studio.services.times import format_time
from studio.settings import Settings


@dataclass(frozen=True)
class ChannelState:
    """How one way to people does; ``to`` is where it leads, ``error`` the last one, if any."""

    channel: str
    to: str
    waiting: int
    sent: int
    given_up: int
    last_sent_at: str | None
    error: str

    def to_json(self) -> dict[str, Any]:
        """As doctor prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Trial:
    """Whether a test message was taken."""

    channel: str
    to: str
    ok: bool
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        return asdict(self)


class NoticeService:
    """Every question about notices."""

    def __init__(self, settings: Settings, store: NoticeStore, jobs: JobService) -> None:
        self._settings = settings
        self._store = store
        self._jobs = jobs
        self.channels = channels_of(settings)

    def describe(self, notice: NoticeRecord) -> Message | None:
        """What to say; None where the job is gone."""
        try:
            job = self._jobs.queue.get(notice.job_id)
        except UnknownJob:
            return None
        shape = self._jobs.to_json(job)
        return make_message(notice.event_id, notice.state, job, shape, self._settings.address)

    def states(self) -> list[ChannelState]:
        """How every way that is set up does."""
        found = []
        for channel in self.channels:
            record = self._store.channel(channel.name)
            last = format_time(record.last_sent_at)
            counts = (record.waiting, record.sent, record.given_up)
            found.append(ChannelState(channel.name, channel.shown, *counts, last, record.error))
        return found

    def try_out(self) -> list[Trial]:
        """Send a test message by every way; InvalidInput where none is set up."""
        if not self.channels:
            raise InvalidInput(
                "No way to tell you of jobs is set up.",
                "Set STUDIO_WEBHOOK_URL, or STUDIO_SMTP_HOST and STUDIO_SMTP_TO.",
            )
        found = []
        for channel in self.channels:
            try:
                channel.send(make_trial(self._settings.address))
                found.append(Trial(channel.name, channel.shown, True))
            except StudioError as error:
                found.append(Trial(channel.name, channel.shown, False, f"{error.message} {error.hint}"))
        return found
