"""Times as commands and the API print them."""

from __future__ import annotations

from datetime import UTC, datetime


def format_time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, or None.

    >>> format_time(datetime(2026, 11, 2, 8, 30, tzinfo=UTC))
    '2026-11-02T08:30:00Z'
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
