"""What is said of a job that has ended: in one sentence, with the next step, and for programs as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jobs.queue import JobView

NOUNS = {"train": "training"}
ENDS = {
    "succeeded": "is done",
    "failed": "failed",
    "cancelled": "was cancelled",
    "paused": "was paused",
}
NEXT_STEPS = {
    "succeeded": "Open it to see what came of it.",
    "cancelled": "Open it to start the same work again.",
    "paused": "Free some space on the disk, then open it and resume it.",
}
SUBJECT_LENGTH = 120


@dataclass(frozen=True)
class Message:
    """One piece of news; ``id`` is the same whenever it is sent, so that doubles can be dropped."""

    id: str
    event: str
    subject: str
    sentence: str
    next_step: str
    url: str
    job: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The whole of it as plain text."""
        return f"{self.sentence} {self.next_step}\n\n{self.url}\n"

    def to_json(self) -> dict[str, Any]:
        """As a webhook gets it; ``text`` is what chat programs show."""
        return {
            "id": self.id,
            "event": self.event,
            "text": f"{self.sentence} {self.next_step}",
            "url": self.url,
            "job": dict(self.job) or None,
        }


def make_message(event_id: int, state: str, job: JobView, shape: Mapping[str, Any], address: str) -> Message:
    """The news that a job came to ``state``; ``shape`` is the job's JSON, ``address`` that of the studio."""
    named = f"The {NOUNS.get(job.kind, 'job')} '{' '.join(job.title.split()) or job.id}' {ENDS[state]}"
    sentence, next_step = f"{named}.", NEXT_STEPS.get(state, "")
    if state == "failed" and job.error is not None:
        sentence, next_step = f"{named}: {job.error.message}", job.error.hint
    elif state == "paused":
        sentence = f"{named}, because the disk is nearly full."
    elif state == "succeeded" and (job.result or {}).get("sentence"):
        sentence = f"{named}. {(job.result or {})['sentence']}"
    return Message(
        id=f"{job.id}-{event_id}",
        event="job.paused" if state == "paused" else "job.ended",
        subject=shorten(named),
        sentence=sentence,
        next_step=next_step,
        url=f"{address}/jobs?job={quote(job.id)}",
        job=shape,
    )


def make_trial(address: str) -> Message:
    """The message that shows that a channel works."""
    return Message(
        id=f"test-{uuid.uuid4().hex[:12]}",
        event="test",
        subject="A test of Encoder Studio",
        sentence="Encoder Studio can reach you here.",
        next_step="You will be told when a job has ended.",
        url=address,
        job={},
    )


def shorten(text: str) -> str:
    """A subject in one line."""
    return text if len(text) <= SUBJECT_LENGTH else text[: SUBJECT_LENGTH - 1] + "…"
