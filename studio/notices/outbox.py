"""From the events of jobs to messages that were sent, with nothing lost where a process dies between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from jobs.endings import Ending, Endings
from studio.errors import StudioError
from studio.notices.channels import Channel
from studio.notices.message import Message
from studio.records.notices import News, NoticeRecord, NoticeStore

QUIET_KINDS = {"profile"}  # begun by the studio itself, and nobody waits for them
NEWS_SECONDS = 86_400.0  # what is older is news to nobody
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 5.0, 3600.0

logger = logging.getLogger(__name__)


class Outbox:
    """Keeps what is to be told in the database before it is told, and marks it after: told at least once.

    ``describe`` makes the message of a piece of news, or None where its job is gone. One process at a time
    may call ``work``.
    """

    def __init__(
        self,
        store: NoticeStore,
        endings: Endings,
        channels: Sequence[Channel],
        describe: Callable[[NoticeRecord], Message | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._endings = endings
        self._channels = channels
        self._describe = describe
        self._clock = clock

    def open(self) -> None:
        """Let what happens from now on be told, by the channels that are used for the first time."""
        newest = self._endings.newest()
        for channel in self._channels:
            self._store.begin(channel.name, newest)
        self._store.forget_old(self._clock())

    def work(self) -> None:
        """Collect what has ended and tell it; a channel that fails is left alone until later."""
        for channel in self._channels:
            self.collect(channel)
            self.deliver(channel)

    def collect(self, channel: Channel) -> None:
        """Keep what has ended since the last look."""
        position = self._store.position(channel.name)
        found, read = self._endings.after(position)
        if read != position:
            news = [News(one.event_id, one.job_id, one.state, one.at) for one in found if self.is_news(one)]
            self._store.add(channel.name, news, read)

    def is_news(self, ending: Ending) -> bool:
        """Whether anybody waits to hear of it."""
        return ending.kind not in QUIET_KINDS and self._clock() - ending.at < NEWS_SECONDS

    def deliver(self, channel: Channel) -> None:
        """Send what is due through one channel, in turn, until one message is not taken."""
        for notice in self._store.due(channel.name, self._clock()):
            message = self._describe(notice)
            if message is None:
                self._store.give_up(notice, "The job is not there any more.", self._clock())
                continue
            try:
                channel.send(message)
            except StudioError as error:
                self.put_off(notice, error.message)
                return
            self._store.mark_sent(notice, self._clock())

    def put_off(self, notice: NoticeRecord, error: str) -> None:
        """Try a message again later, each time after twice as long, for a day."""
        now = self._clock()
        logger.warning("%s", error, extra={"job": notice.job_id, "channel": notice.channel})
        if now - notice.at.timestamp() > NEWS_SECONDS:
            self._store.give_up(notice, error, now)
        else:
            self._store.put_off(notice, error, now + retry_seconds(notice.attempts))


def retry_seconds(failures: int) -> float:
    """How long to wait after so many failures before.

    >>> [retry_seconds(failures) for failures in (0, 1, 5, 20)]
    [5.0, 10.0, 160.0, 3600.0]
    """
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, 20), LAST_RETRY_SECONDS)
