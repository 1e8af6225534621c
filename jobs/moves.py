"""Moving a job from one state to another: one guarded update, one event, one new revision."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from jobs.states import JobState, is_allowed
from jobs.tables import events, jobs, revision
from jobs.views import JobFailure

SLOT_LEFT = {"slot": None, "lease_until": None, "eta_seconds": None}
IDLE = {
    **SLOT_LEFT,
    "worker": None,
    "heartbeat_at": None,
    "fraction": None,
    "step": None,
    "steps": None,
    "started_at": None,
}
STRAYS_ALLOWED = 10  # attempts that are given back because the worker was lost, and not the job's process
FIRST_BACKOFF_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 60.0
COUNT_ONE_MORE = update(revision).values(value=revision.c.value + 1)
ADD_EVENT = insert(events)
NEW = "new_"
MOVED = tuple(
    jobs.c[name] for name in ("id", "state", "worker", "slot", "fence", "attempt", "message", "handler")
)


@dataclass(frozen=True)
class Move:
    """One change of state; ``fence`` is given wherever a runner asks for it, and must still be the job's."""

    job_id: str
    source: JobState
    target: JobState
    reason: str
    fence: int | None = None
    worker: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    """Why a running job has no process any more.

    ``failure``: another attempt would end the same way. ``stray``: its worker was lost, which is no fault
    of the job's. ``killed``: the process was ended by SIGKILL, as happens when memory runs out.
    ``hung``: it was ended because it made no step.
    """

    reason: str
    failure: JobFailure | None = None
    stray: bool = False
    killed: bool = False
    hung: bool = False


def apply_move(connection: Connection, move: Move, now: float) -> Row[Any] | None:
    """Carry out ``move``, write its event and return the columns MOVED; None, and nothing changed, where it
    no longer applies.

    Raises ValueError for a move that states.ALLOWED does not know.
    """
    if not is_allowed(move.source, move.target):
        raise ValueError(f"A job cannot go from {move.source.value} to {move.target.value}.")
    changes = {**move.changes, "state": move.target.value}
    given = {f"{NEW}{name}": value for name, value in changes.items()}
    given |= {"of_job": move.job_id, "from_state": move.source.value}
    if move.fence is not None:
        given["under_fence"] = move.fence
    row = connection.execute(moving(tuple(sorted(changes)), move.fence is not None), given).one_or_none()
    if row is None:
        return None
    data = {
        "from": move.source.value,
        "to": move.target.value,
        "worker": move.worker or row.worker,
        "fence": row.fence if move.fence is None else move.fence,
        "attempt": row.attempt,
        "reason": move.reason,
    }
    add_event(connection, move.job_id, "state", data, now)
    return row


@functools.cache
def moving(columns: tuple[str, ...], is_fenced: bool) -> Any:
    """The statement of a move that sets these columns; to build it anew takes longer than to run it."""
    values = {name: bindparam(f"{NEW}{name}", type_=jobs.c[name].type) for name in columns}
    statement = update(jobs).where(jobs.c.id == bindparam("of_job"), jobs.c.state == bindparam("from_state"))
    if is_fenced:
        statement = statement.where(jobs.c.fence == bindparam("under_fence"))
    return statement.values(values).returning(*MOVED)


def add_event(connection: Connection, job_id: str, kind: str, data: dict[str, Any], now: float) -> None:
    """Write one event of a job and make the change visible as a new revision."""
    connection.execute(ADD_EVENT, {"job_id": job_id, "at": now, "kind": kind, "data": data})
    bump_revision(connection)


def bump_revision(connection: Connection) -> None:
    """Count one more change, so that readers know when to look again."""
    connection.execute(COUNT_ONE_MORE)


def put_back(
    connection: Connection, row: Row[Any], reason: str, now: float, changes: dict[str, Any] | None = None
) -> bool:
    """Queue a running job again; the new fence shuts out whoever still works on it."""
    every = {**IDLE, "fence": row.fence + 1, "message": f"{reason} It starts again.", **(changes or {})}
    move = Move(
        row.id, JobState.RUNNING, JobState.QUEUED, reason, row.fence, worker=row.worker, changes=every
    )
    return apply_move(connection, move, now) is not None


def pause(connection: Connection, row: Row[Any], now: float) -> bool:
    """Lay a job down that was asked to pause, for the reason it was asked; the attempt does not count."""
    asked = select(events.c.data).where(events.c.job_id == row.id, events.c.kind == "state")
    reason = connection.scalars(asked.order_by(events.c.id.desc()).limit(1)).one()["reason"]
    changes = {
        **SLOT_LEFT,
        "worker": None,
        "fence": row.fence + 1,
        "attempt": row.attempt - 1,
        "message": reason,
    }
    move = Move(
        row.id, JobState.PAUSING, JobState.PAUSED, reason, row.fence, worker=row.worker, changes=changes
    )
    return apply_move(connection, move, now) is not None


def give_up(connection: Connection, row: Row[Any], loss: Loss, now: float) -> bool:
    """Settle a held job whose runner is gone: cancelled or paused where that was asked for, queued again
    while attempts are left, else failed.
    """
    if row.state == JobState.CANCELLING.value:
        changes = SLOT_LEFT | {"finished_at": now}
        move = Move(row.id, JobState.CANCELLING, JobState.CANCELLED, loss.reason, row.fence, None, changes)
        return apply_move(connection, move, now) is not None
    if loss.failure is None and row.state == JobState.PAUSING.value:
        add_event(connection, row.id, "note", {"reason": loss.reason, "fence": row.fence}, now)
        return pause(connection, row, now)
    kills = row.kills + loss.killed
    if loss.failure is None and loss.stray and row.strays < STRAYS_ALLOWED:
        changes = {"strays": row.strays + 1, "attempts_allowed": row.attempts_allowed + 1, "kills": kills}
        return put_back(connection, row, loss.reason, now, changes)
    if loss.failure is None and row.attempt < row.attempts_allowed:
        later = now + backoff_seconds(row.attempt - row.strays)
        return put_back(connection, row, loss.reason, now, {"not_before": later, "kills": kills})
    return fail(connection, row, loss, now)


def fail(connection: Connection, row: Row[Any], loss: Loss, now: float) -> bool:
    """Record that a held job has failed."""
    shown = loss.failure or attempts_used_up(row.attempt, loss)
    changes = SLOT_LEFT | {
        "finished_at": now,
        "error_message": shown.message,
        "error_hint": shown.hint,
        "error_code": shown.code,
    }
    move = Move(row.id, JobState(row.state), JobState.FAILED, loss.reason, row.fence, None, changes)
    return apply_move(connection, move, now) is not None


def backoff_seconds(attempt: int) -> float:
    """How long a job waits after its process was lost, twice as long each time.

    >>> [backoff_seconds(attempt) for attempt in (1, 2, 3, 9)]
    [2.0, 4.0, 8.0, 60.0]
    """
    return min(FIRST_BACKOFF_SECONDS * 2.0 ** (max(attempt, 1) - 1), LONGEST_BACKOFF_SECONDS)


def attempts_used_up(attempt: int, loss: Loss) -> JobFailure:
    """The failure of a job whose process was lost on its last attempt."""
    tried = f" It was tried {attempt} times." if attempt > 1 else ""
    if loss.hung:
        return JobFailure(loss.reason + tried, "The end of the log says where it stood.", "hung")
    return JobFailure(
        loss.reason + tried,
        "Look at the end of the log. If memory ran out, choose smaller settings or close other programs, "
        "then start it again.",
        "killed" if loss.killed else "lost",
    )
