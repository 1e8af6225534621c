"""What the queue is given and what it hands out: frozen rows without a database behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.states import JobState


@dataclass(frozen=True)
class NewJob:
    """A job to be queued; ``handler`` is the dotted name of the function that does the work.

    Two submits with the same ``key`` are one job. A point of ``priority`` is worth an hour of waiting.
    ``owner``: whose job it is, for limits ("": nobody's). ``resumable``: its handler keeps snapshots, so
    that it may be paused half-way, and stopped early where what it has by then is of use.
    """

    kind: str
    handler: str
    payload: dict[str, Any] = field(default_factory=dict)
    lane: str = "train"
    title: str = ""
    priority: int = 0
    key: str | None = None
    attempts_allowed: int = 3
    retry_of: str | None = None
    owner: str = ""
    resumable: bool = False


@dataclass(frozen=True)
class JobFailure:
    """Why a job failed, and what to do next."""

    message: str
    hint: str = ""
    code: str = "unexpected"


@dataclass(frozen=True)
class JobView:
    """One job as it stands; times are aware and in UTC, ``position`` counts from 1 within its lane.

    ``not_before``: when a job that lost its process is tried again. ``strays``: attempts given back because
    a worker was lost. ``slot``: the place it runs in. ``fence`` and ``told``: which claim it has come to,
    and how often that one's runner has reported.
    """

    id: str
    kind: str
    lane: str
    title: str
    handler: str
    payload: dict[str, Any]
    state: JobState
    fraction: float | None
    step: int | None
    steps: int | None
    eta_seconds: float | None
    message: str
    attempt: int
    attempts_allowed: int
    priority: int
    position: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    worker: str | None
    error: JobFailure | None
    result: dict[str, Any] | None
    retry_of: str | None
    owner: str = ""
    resumable: bool = False
    stop_asked: bool = False
    strays: int = 0
    not_before: datetime | None = None
    slot: str | None = None
    fence: int = 0
    told: int = 0


@dataclass(frozen=True)
class EventView:
    """One thing that happened to a job; ``id`` grows with time."""

    id: int
    at: datetime
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class MetricPoint:
    """One measured value of the series (split, name)."""

    name: str
    split: str
    step: int
    epoch: float | None
    value: float
    at: datetime


@dataclass(frozen=True)
class WorkerView:
    """One worker process; ``alive``: it was seen within its lease, and its process
    is still there if it is on this machine; ``stats`` is what it has measured, see jobs.worker.
    """

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    alive: bool
    stats: dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """A job that a worker may run in ``slot``, for as long as ``fence`` is the job's fence.

    ``handler`` is known to the worker that has just claimed it.
    """

    job_id: str
    fence: int
    attempt: int
    lane: str
    slot: str
    handler: str = field(default="", compare=False)


@dataclass(frozen=True)
class Standing:
    """A job as its runner sees it; ``told`` counts the runner's reports."""

    state: JobState
    stop_asked: bool = False
    told: int = 0
    step: int | None = None


@dataclass(frozen=True)
class Held:
    """A running job as another worker sees it; the lease is in seconds."""

    claim: Claim
    worker: str
    heartbeat_at: float
    lease_seconds: float


@dataclass(frozen=True)
class Assignment:
    """What the child process needs to know of its job; ``kills``: attempts that ended by SIGKILL."""

    job_id: str
    attempt: int
    kills: int
    handler: str
    payload: dict[str, Any]
