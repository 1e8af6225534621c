"""What can go wrong when the queue is asked for something."""

from __future__ import annotations


class QueueError(Exception):
    """The queue cannot do what was asked: ``message`` says why, ``hint`` what to do next."""

    code = "queue_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnknownJob(QueueError, LookupError):
    """No job has this id."""

    code = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job '{job_id}'.", "Look at the list of jobs for the ids that exist.")


class JobNotEnded(QueueError):
    """The job still waits or runs, and what was asked needs it to have ended."""

    code = "job_not_ended"


class NotPossibleNow(QueueError):
    """What was asked does not fit the job, or not the state it is in."""

    code = "not_possible_now"


class CannotWrite(QueueError):
    """The database takes no write now, and nothing was changed; later it may."""

    code = "database_unavailable"


class SchemaTooNew(QueueError):
    """The database was written by a later version of this program."""

    code = "schema_too_new"
