"""Which news of jobs is still to be told, to whom, and how telling it went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping, delete, func, insert, select, update

from studio.records.schema import writing
from studio.records.tables import notice_positions, notices, to_moment

KEPT_SECONDS = 30 * 86_400.0


@dataclass(frozen=True)
class News:
    """A job came to a state that people want to hear of; ``at`` in seconds since 1970."""

    event_id: int
    job_id: str
    state: str
    at: float


@dataclass(frozen=True)
class NoticeRecord:
    """One piece of news for one channel; ``attempts`` are those that failed."""

    channel: str
    event_id: int
    job_id: str
    state: str
    attempts: int
    at: datetime


@dataclass(frozen=True)
class ChannelRecord:
    """How a channel does: what waits, what was given up, when it last worked, and the last error."""

    waiting: int
    given_up: int
    sent: int
    last_sent_at: datetime | None
    error: str


class NoticeStore:
    """The rows about news; ``next_at`` is empty once a piece of news was told or given up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, channel: str, first: int) -> None:
        """Read on from the event ``first`` for a channel that was never used before."""
        wanted = select(notice_positions.c.event_id).where(notice_positions.c.channel == channel)
        with writing(self._engine) as connection:
            if connection.scalar(wanted) is None:
                connection.execute(insert(notice_positions).values(channel=channel, event_id=first))

    def position(self, channel: str) -> int:
        """The last event that was read for a channel."""
        wanted = select(notice_positions.c.event_id).where(notice_positions.c.channel == channel)
        with self._engine.connect() as connection:
            return connection.scalar(wanted) or 0

    def add(self, channel: str, news: Iterable[News], position: int) -> None:
        """Keep news to be told, and how far the events were read, both or neither."""
        rows = [
            {
                "channel": channel,
                "event_id": one.event_id,
                "job_id": one.job_id,
                "state": one.state,
                "attempts": 0,
                "at": one.at,
                "next_at": 0.0,  # at once, whatever becomes of the clock
                "error": "",
            }
            for one in news
        ]
        with writing(self._engine) as connection:
            if rows:
                connection.execute(insert(notices), rows)
            connection.execute(
                update(notice_positions)
                .where(notice_positions.c.channel == channel)
                .values(event_id=position)
            )

    def due(self, channel: str, now: float, limit: int = 20) -> list[NoticeRecord]:
        """What is to be told now, the oldest first."""
        wanted = (
            select(notices)
            .where(notices.c.channel == channel, notices.c.next_at <= now)
            .order_by(notices.c.event_id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [from_row(row) for row in connection.execute(wanted).mappings()]

    def mark_sent(self, notice: NoticeRecord, now: float) -> None:
        """It was told."""
        self._settle(notice, next_at=None, ended_at=now, error="")

    def put_off(self, notice: NoticeRecord, error: str, next_at: float) -> None:
        """It could not be told; it is tried again at ``next_at``."""
        self._settle(notice, next_at=next_at, attempts=notice.attempts + 1, error=error)

    def give_up(self, notice: NoticeRecord, error: str, now: float) -> None:
        """It could not be told for so long that it is news no more."""
        self._settle(notice, next_at=None, ended_at=now, attempts=notice.attempts + 1, error=error)

    def _settle(self, notice: NoticeRecord, **values: object) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                update(notices)
                .where(notices.c.channel == notice.channel, notices.c.event_id == notice.event_id)
                .values(**values)
            )

    def forget_old(self, now: float) -> None:
        """Delete what was settled a month ago."""
        with writing(self._engine) as connection:
            connection.execute(delete(notices).where(notices.c.ended_at < now - KEPT_SECONDS))

    def channel(self, channel: str) -> ChannelRecord:
        """How a channel does."""
        mine = notices.c.channel == channel
        told = notices.c.ended_at.is_not(None) & (notices.c.error == "")
        counts = select(
            func.count(notices.c.next_at).label("waiting"),
            func.count(notices.c.ended_at).filter(~told).label("given_up"),
            func.count(notices.c.ended_at).filter(told).label("sent"),
            func.max(notices.c.ended_at).filter(told).label("last_sent_at"),
        ).where(mine)
        latest = (
            select(notices.c.error).where(mine, notices.c.error != "").order_by(notices.c.event_id.desc())
        )
        with self._engine.connect() as connection:
            row = connection.execute(counts).one()
            error = connection.scalar(latest.limit(1)) or ""
        last = None if row.last_sent_at is None else to_moment(row.last_sent_at)
        return ChannelRecord(row.waiting, row.given_up, row.sent, last, error)


def from_row(row: RowMapping) -> NoticeRecord:
    """A record from a row of the table."""
    return NoticeRecord(
        row["channel"], row["event_id"], row["job_id"], row["state"], row["attempts"], to_moment(row["at"])
    )
