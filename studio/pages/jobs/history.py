"""What happened to a job, from its events: a list to read, and how each attempt ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup, escape

from jobs.queue import EventView
from jobs.states import ACTIVE, JobState
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of

W = words_of("jobs")
SHOWN_AT_MOST = 200


@dataclass(frozen=True)
class Attempt:
    """One time that a worker took the job up; ``how`` it ended, empty while it runs."""

    began: datetime
    ended: datetime | None = None
    how: str = ""


def attempts_of(events: Sequence[EventView]) -> list[Attempt]:
    """Every time the job was taken up, the first one first."""
    found: list[Attempt] = []
    for event in events:
        if event.kind != "state":
            continue
        if event.data["to"] == JobState.RUNNING:
            found.append(Attempt(event.at))
        elif event.data["from"] in ACTIVE and event.data["to"] not in ACTIVE and found:
            found[-1] = replace(found[-1], ended=event.at, how=str(event.data["reason"]))
    return found


def attempts_list(events: Sequence[EventView]) -> Markup:
    """How each attempt of a failed job ended; nothing where there was only one, whose end is said above."""
    attempts = attempts_of(events)
    if len(attempts) < 2:
        return layout.EMPTY
    lines = (
        Markup("<li>{} <span>{}</span></li>").format(
            attempt.how, W.history.after.say(time=fmt.duration(seconds_of(attempt)))
        )
        for attempt in attempts
    )
    title = W.history.attempts.count(len(attempts))
    return Markup('<h3 class="s-next-title">{}</h3><ol class="s-attempts">{}</ol>').format(
        title, layout.join(lines)
    )


def seconds_of(attempt: Attempt) -> float:
    """How long an attempt took; 0 while it runs."""
    return (attempt.ended - attempt.began).total_seconds() if attempt.ended else 0.0


def history(events: Sequence[EventView]) -> Markup:
    """Everything that happened, the newest last."""
    shown = events[-SHOWN_AT_MOST:]
    left_out = len(events) - len(shown)
    before = layout.paragraph(W.history.earlier.count(left_out), quiet=True) if left_out else layout.EMPTY
    return before + Markup('<ol class="s-history">{}</ol>').format(
        layout.join(
            Markup('<li><time datetime="{}" title="{}">{}</time><div>{}{}</div></li>').format(
                event.at.isoformat(timespec="seconds"),
                fmt.exact_time(event.at),
                fmt.clock_time(event.at),
                sentence_of(event),
                technical(event),
            )
            for event in shown
        )
    )


def sentence_of(event: EventView) -> Markup:
    """What happened, in words; a change of state with its badge."""
    if event.kind != "state":
        words = W.history.get(event.kind)
        return escape(words.say(**event.data) if words else event.data.get("reason", event.kind))
    move = f"{event.data['from'] or 'new'}_{event.data['to']}"
    sentence = W.history.moves.get(move, str(event.data["reason"]))
    return Markup("{} {}").format(layout.state_badge(event.data["to"]), sentence)


def technical(event: EventView) -> Markup:
    """Attempt, machine and claim of a beginning, small: for who looks for a fault."""
    data = event.data
    if data.get("to") != JobState.RUNNING or not data.get("worker"):
        return layout.EMPTY
    host = str(data["worker"]).partition(":")[0]
    words = W.history.technical.say(attempt=data.get("attempt"), host=host, fence=data.get("fence"))
    return Markup("<small>{}</small>").format(words)
