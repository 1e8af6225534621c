"""Whether the record of a job keeps its promises: one fence at a time, ends that stay, steps that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select

from jobs.states import ACTIVE, ALLOWED, TERMINAL, JobState
from jobs.tables import events, jobs, metrics

Series = tuple[str, str]  # split and name
HELD_ONLY = ("slot", "lease_until")  # what a job has only while a worker holds it
SHOWN_STEPS = 5


@dataclass(frozen=True)
class Record:
    """All that is written of one job: its row, its events and its points, the oldest first."""

    row: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]] = ()
    points: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Expected:
    """What must be so besides: the steps of each series of a job's points, and that the job has ended."""

    steps: Mapping[Series, Sequence[int]] = field(default_factory=dict)
    ended: bool = False


def read_records(engine: Engine, newest: int | None = None, most_points: int | None = None) -> list[Record]:
    """The records of the newest jobs, or of all, as they stand at one moment.

    The older ones are left out from where the points of all would be more than ``most_points``.
    """
    wanted = select(jobs).order_by(jobs.c.number.desc()).limit(newest)
    counts = select(metrics.c.job_id, func.count()).group_by(metrics.c.job_id)
    with engine.connect() as connection:
        rows = connection.execute(wanted).mappings().all()
        if most_points is not None:
            points = dict(connection.execute(counts).tuples().all())
            totals = accumulate(points.get(row["id"], 0) for row in rows)
            rows = [row for row, total in zip(rows, totals, strict=True) if total <= most_points]
        return [
            Record(row, *(read_of(connection, table, row["id"]) for table in (events, metrics)))
            for row in rows
        ]


def read_of(connection: Connection, table: Table, job_id: str) -> Sequence[Mapping[str, Any]]:
    """The rows of one job in a table, the oldest first."""
    query = select(table).where(table.c.job_id == job_id).order_by(table.c.id)
    return connection.execute(query).mappings().all()


def audit(record: Record, expected: Expected | None = None) -> list[str]:
    """Every promise that the record of a job breaks, a sentence each."""
    expected = expected or Expected()
    broken = [
        *check_moves(record),
        *check_fences(record),
        *check_row(record.row),
        *check_points(record),
        *check_steps(record, expected.steps),
    ]
    if expected.ended and record.row["state"] not in TERMINAL:
        broken.append(f"it has not ended: it is {record.row['state']}")
    return [f"Job {record.row['id']}: {sentence}." for sentence in broken]


def moves_of(record: Record) -> list[Mapping[str, Any]]:
    """What the events say that change its state."""
    return [event["data"] for event in record.events if event["kind"] == "state"]


def check_moves(record: Record) -> Iterator[str]:
    """Moves follow from each other, are allowed, and lead to where the job is; an end is the last."""
    state: str | None = None
    for move in moves_of(record):
        source, target = move["from"], move["to"]
        if state in TERMINAL:
            yield f"it went to {target} after its end ({state})"
        elif source != state:
            yield f"it went from {source} to {target} while it was {state or 'not there'}"
        elif source is not None and target not in ALLOWED[JobState(source)]:
            yield f"it went from {source} to {target}, which no job may"
        elif source is None and target != JobState.QUEUED:
            yield f"it began as {target}"
        state = target
    if state != record.row["state"]:
        yield f"it is {record.row['state']}, but its last event says {state}"
    completions = sum(move["to"] == JobState.SUCCEEDED for move in moves_of(record))
    if completions > 1:
        yield f"it was completed {completions} times"


def check_fences(record: Record) -> Iterator[str]:
    """Each claim has a higher fence than all before, and until it ends nobody writes under another."""
    highest, held = 0, None
    for event in record.events:
        fence = event["data"].get("fence")
        if fence is None:
            continue
        what = event["data"].get("to", event["kind"])
        if what == JobState.RUNNING:
            if fence <= highest:
                yield f"it was claimed under fence {fence} after fence {highest}"
            held = fence
        elif held is not None and fence != held:
            yield f"'{what}' was written under fence {fence} while fence {held} held it"
        elif held is None and fence <= highest and event["kind"] == "note":
            yield f"'{what}' was written under fence {fence}, which had been given up"
        highest = max(highest, fence)
        if event["kind"] == "state" and what not in ACTIVE and what not in TERMINAL:
            held = None
    if record.row["fence"] < highest:
        yield f"its fence is {record.row['fence']}, but {highest} was given out"


def check_row(row: Mapping[str, Any]) -> Iterator[str]:
    """Its row says no more than its state allows, and all that it asks for."""
    state = JobState(row["state"])
    if state not in ACTIVE:
        yield from (f"it is {state} and still has its {name}" for name in HELD_ONLY if row[name] is not None)
    elif row["lease_until"] is None:
        yield f"it is {state} without a lease"
    if (row["finished_at"] is not None) != (state in TERMINAL):
        yield f"it is {state} and {'has' if row['finished_at'] else 'lacks'} a time of its end"
    if (row["result"] is not None) != (state is JobState.SUCCEEDED):
        yield f"it is {state} and {'has' if row['result'] is not None else 'lacks'} a result"
    if (row["error_message"] is not None) != (state is JobState.FAILED):
        yield f"it is {state} and {'has' if row['error_message'] else 'lacks'} a reason for its failure"
    if row["attempt"] > row["attempts_allowed"]:
        yield f"it was tried {row['attempt']} times, and {row['attempts_allowed']} are allowed"


def check_points(record: Record) -> Iterator[str]:
    """Points are written under fences that were claimed, never under one after a later one."""
    claimed = {move["fence"] for move in moves_of(record) if move["to"] == JobState.RUNNING}
    highest = 0
    last: dict[Series, int] = {}
    for point in record.points:
        series, step = (point["split"], point["name"]), point["step"]
        if point["fence"] not in claimed:
            yield f"step {step} of {shown(series)} was written under fence {point['fence']}, never claimed"
        if point["fence"] < highest:
            yield f"step {step} of {shown(series)} was written under fence {point['fence']} after {highest}"
        if step <= last.get(series, step - 1):
            yield f"step {step} of {shown(series)} comes after step {last[series]}"
        highest = max(highest, point["fence"])
        last[series] = step


def check_steps(record: Record, expected: Mapping[Series, Sequence[int]]) -> Iterator[str]:
    """Every expected step of a series is there once, and no other."""
    for series, steps in expected.items():
        told = [point["step"] for point in record.points if (point["split"], point["name"]) == series]
        wanted, found = Counter(steps), Counter(told)
        for word, missing in (("lost", wanted - found), ("told too often", found - wanted)):
            if missing:
                numbers = ", ".join(map(str, sorted(missing)[:SHOWN_STEPS]))
                more = " ..." if len(missing) > SHOWN_STEPS else ""
                yield f"steps of {shown(series)} are {word}: {numbers}{more}"


def shown(series: Series) -> str:
    """A series as it is named in sentences."""
    return "/".join(series)
