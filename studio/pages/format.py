"""Numbers, times and sizes as a person reads them; pure functions, text out."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from studio.checkpoints.catalogue import find_in_catalogue
from studio.results.wording import words_near_the_ends

MINUTE, HOUR, DAY = 60, 3600, 86400
ABSENT = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A measured number with three significant digits; very large and small ones stay readable.

    >>> number(0.97312), number(12.3456), number(1234.5), number(0), number(1e-5), number(None)
    ('0.973', '12.3', '1,234', '0', '1e-05', '–')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -3:
        return f"{value:.{digits}g}"
    places = max(0, digits - 1 - magnitude)
    return f"{value:,.{places}f}"


def count(value: int) -> str:
    """An exact whole number with thousands separated.

    >>> count(12480)
    '12,480'
    """
    return f"{value:,d}"


def percent(share: float | None, digits: int = 3) -> str:
    """A share as a percentage with three significant digits.

    >>> percent(0.97312), percent(1.0), percent(0.0431), percent(0.5, digits=2), percent(0), percent(None)
    ('97.3 %', '100 %', '4.31 %', '50 %', '0 %', '–')
    """
    if share is None or math.isnan(share):
        return ABSENT
    if words := words_near_the_ends(share, digits):
        return words
    value = share * 100
    places = digits - 1 - (math.floor(math.log10(value)) if value else 0)
    return f"{value:.{max(0, places)}f}".removesuffix(".00").rstrip() + " %" if value else "0 %"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval of a share, in percent.

    >>> interval(0.9351, 0.9904), interval(0.98, 1.0), interval(None, None)
    ('93.5-99.0 %', '98.0-100 %', '')
    """
    if low is None or high is None:
        return ""
    return f"{_bare(low)}-{_bare(high)} %"


def score(value: float | None, unit: str = "share") -> str:
    """A metric's value in its own unit: 'share' as percent, anything else as a number.

    >>> score(0.973), score(0.123, "number")
    ('97.3 %', '0.123')
    """
    return percent(value) if unit == "share" else number(value)


def points(difference: float) -> str:
    """A difference of two shares in percentage points, always signed.

    >>> points(-0.004), points(0.0213), points(0)
    ('−0.4 points', '+2.1 points', '±0 points')
    """
    value = round(difference * 100, 1)
    sign = "±" if value == 0 else "+" if value > 0 else "−"
    return f"{sign}{abs(value):g} points"


def duration(seconds: float | None) -> str:
    """A length of time in its two largest units.

    >>> [duration(s) for s in (0.21, 4.4, 38, 250, 360, 7500, 90000)]
    ['0.2 s', '4.4 s', '38 s', '4 min 10 s', '6 min', '2 h 5 min', '1 d 1 h']
    """
    if seconds is None:
        return ABSENT
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for size, name, smaller, smaller_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def rough_duration(seconds: float | None) -> str:
    """An estimate of a length of time, no more exact than it is known.

    >>> [rough_duration(s) for s in (3, 38, 250, 1000, 7500)]
    ['a few seconds', 'about 40 s', 'about 4 min', 'about 17 min', 'about 2 h']
    """
    if seconds is None:
        return ABSENT
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s"
    if seconds < 1.5 * HOUR:
        return f"about {max(1, round(seconds / MINUTE))} min"
    if seconds < 1.5 * DAY:
        return f"about {round(seconds / HOUR)} h"
    return f"about {round(seconds / DAY)} days"


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was.

    >>> from datetime import timedelta
    >>> now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    >>> [age(now - timedelta(seconds=s), now) for s in (2, 42, 200, 7200, 200000, 6000000)]
    ['just now', '42 s ago', '3 min ago', '2 h ago', '2 days ago', '13 Sep 2026']
    """
    if moment is None:
        return ABSENT
    now = now or datetime.now(UTC)
    seconds = (now - moment).total_seconds()
    if seconds < 10:
        return "just now"
    if seconds < MINUTE:
        return f"{seconds:.0f} s ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR:.0f} h ago"
    if seconds < 30 * DAY:
        days = int(seconds // DAY)
        return f"{days} day{'s' if days > 1 else ''} ago"
    return f"{moment.day} {moment:%b %Y}"


def exact_time(moment: datetime) -> str:
    """A moment in full, in the time zone of the machine.

    >>> exact_time(datetime(2026, 11, 1, 9, 5, tzinfo=UTC))[-8:-4]
    '9:05'
    """
    local = moment.astimezone()
    return f"{local.day} {local:%b %Y}, {local.hour}:{local:%M %Z}"


def clock_time(moment: datetime) -> str:
    """A moment to the second, in the time zone of the machine.

    >>> clock_time(datetime(2026, 11, 1, 9, 5, 7, tzinfo=UTC))[-5:]
    '05:07'
    """
    local = moment.astimezone()
    return f"{local.day} {local:%b}, {local.hour}:{local:%M:%S}"


def size(size_bytes: float | None) -> str:
    """A size in MB, or in GB from 1,000 MB on.

    >>> size(87_300_000), size(400), size(24_300_000_000), size(0), size(None)
    ('87.3 MB', 'under 0.1 MB', '24.3 GB', '0 MB', '–')
    """
    if size_bytes is None:
        return ABSENT
    if size_bytes == 0:
        return "0 MB"
    megabytes = size_bytes / 1e6
    if megabytes < 0.1:
        return "under 0.1 MB"
    return f"{number(megabytes)} MB" if megabytes < 1000 else f"{number(megabytes / 1000)} GB"


def shorten(text: str, length: int = 160) -> str:
    """A long text cut at a word, with an ellipsis.

    >>> shorten("where is my order, it should have come", 20)
    'where is my order, …'
    """
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    head = text[: length - 1]
    if " " in head:
        head = head[: head.rindex(" ") + 1]
    return head + "…"


def checkpoint(name: str, length: int = 40) -> str:
    """What a checkpoint is called: its title where the catalogue knows it, of a folder its own name.

    >>> checkpoint("minilm-l6"), checkpoint("someone/own-bert"), checkpoint("/home/me/own-bert/")
    ('MiniLM-L6', 'someone/own-bert', 'own-bert')
    """
    if known := find_in_catalogue(name):
        return known.title
    is_folder = name.startswith(("/", ".", "~")) or name.count("/") > 1
    return shorten(name.rstrip("/").rsplit("/", 1)[-1] if is_folder else name, length)


def _bare(share: float) -> str:
    value = share * 100
    return "100" if value >= 99.95 else f"{value:.1f}"
