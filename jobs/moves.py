"""Moving a job from one state to another: one guarded update, one event, one new revision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from jobs.states import JobState, is_allowed
from jobs.tables import events, jobs, revision
from jobs.views import JobFailure

IDLE = {
    "worker": None,
    "lease_until": None,
    "heartbeat_at": None,
    "fraction": None,
    "step": None,
    "steps": None,
    "eta_seconds": None,
    "started_at": None,
}


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


def apply_move(connection: Connection, move: Move, now: float) -> Row[Any] | None:
    """Carry out ``move`` and write its event; None, and nothing changed, where it no longer applies.

    Raises ValueError for a move that states.ALLOWED does not know.
    """
    if not is_allowed(move.source, move.target):
        raise ValueError(f"A job cannot go from {move.source.value} to {move.target.value}.")
    statement = (
        update(jobs)
        .where(jobs.c.id == move.job_id, jobs.c.state == move.source.value)
        .values(state=move.target.value, **move.changes)
        .returning(jobs)
    )
    if move.fence is not None:
        statement = statement.where(jobs.c.fence == move.fence)
    row = connection.execute(statement).one_or_none()
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


def add_event(connection: Connection, job_id: str, kind: str, data: dict[str, Any], now: float) -> None:
    """Write one event of a job and make the change visible as a new revision."""
    connection.execute(insert(events).values(job_id=job_id, at=now, kind=kind, data=data))
    bump_revision(connection)


def bump_revision(connection: Connection) -> None:
    """Count one more change, so that readers know when to look again."""
    connection.execute(update(revision).values(value=revision.c.value + 1))


def put_back(connection: Connection, row: Row[Any], reason: str, now: float, attempt: int) -> bool:
    """Queue a running job again; the new fence shuts out whoever still works on it."""
    changes = {**IDLE, "fence": row.fence + 1, "attempt": attempt, "message": f"{reason} It starts again."}
    move = Move(
        row.id, JobState.RUNNING, JobState.QUEUED, reason, row.fence, worker=row.worker, changes=changes
    )
    return apply_move(connection, move, now) is not None


def give_up(
    connection: Connection, row: Row[Any], reason: str, now: float, failure: JobFailure | None
) -> bool:
    """Settle a held job whose runner is gone: cancelled if that was asked, queued again while attempts
    are left, else failed; with ``failure`` it fails in any case.
    """
    ended: dict[str, Any] = {"finished_at": now, "lease_until": None, "eta_seconds": None}
    changes: dict[str, Any]
    if row.state == JobState.CANCELLING.value:
        source, target, changes = JobState.CANCELLING, JobState.CANCELLED, ended
    elif failure is None and row.attempt < row.attempts_allowed:
        return put_back(connection, row, reason, now, attempt=row.attempt)
    else:
        shown = failure or attempts_used_up(row.attempt, reason)
        source, target = JobState.RUNNING, JobState.FAILED
        changes = ended | {
            "error_message": shown.message,
            "error_hint": shown.hint,
            "error_code": shown.code,
        }
    move = Move(row.id, source, target, reason, row.fence, changes=changes)
    return apply_move(connection, move, now) is not None


def attempts_used_up(attempt: int, reason: str) -> JobFailure:
    """The failure of a job whose process was lost on its last attempt."""
    tried = f" It was tried {attempt} times." if attempt > 1 else ""
    return JobFailure(
        reason + tried,
        "Look at the end of the log. If memory ran out, choose smaller settings or close other programs, "
        "then start it again.",
        "lost",
    )
