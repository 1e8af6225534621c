"""Every error a person may see: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class StudioError(Exception):
    """Something went wrong that a person can act on.

    ``message`` says what happened, with the value; ``hint`` says what to do next;
    ``problems`` lists findings of a check, where the error sums up several; ``shell_hint`` is
    what only the command line adds: which command or option helps.
    """

    code = "error"
    http_status = 400
    exit_code = 2

    def __init__(
        self, message: str, hint: str = "", *, problems: Sequence[Any] = (), shell_hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)
        self.shell_hint = shell_hint


class InvalidInput(StudioError):
    """The request cannot be carried out as it stands."""

    code = "invalid_input"
    http_status = 422


class NotFound(StudioError):
    """The thing asked for does not exist."""

    code = "not_found"
    http_status = 404


class Conflict(StudioError):
    """The thing exists already, or is in use."""

    code = "conflict"
    http_status = 409


class TooLarge(StudioError):
    """The upload is larger than the studio accepts."""

    code = "too_large"
    http_status = 413


class Unauthorized(StudioError):
    """The request carries no valid token."""

    code = "unauthorized"
    http_status = 401


class Forbidden(StudioError):
    """The request comes from a place that may not change anything."""

    code = "forbidden"
    http_status = 401


class Unavailable(StudioError):
    """Something outside the studio (network, hub, worker) cannot be reached now."""

    code = "unavailable"
    http_status = 503


class AnswererEnded(Unavailable):
    """The process that answers was killed over a request, and again when it was asked once more."""

    exit_code = 1


class Damaged(StudioError):
    """A file of the studio is there but cannot be read."""

    code = "damaged"
    http_status = 503


class WorkFailed(StudioError):
    """A job was carried out and ended without success."""

    code = "work_failed"
    http_status = 409
    exit_code = 1


class Interrupted(StudioError):
    """A person no longer waits for work that is not lost by that."""

    code = "interrupted"
    exit_code = 130


class Diverged(WorkFailed):
    """A training whose loss or weights are no longer worth anything."""

    code = "diverged"


class NotKept(WorkFailed):
    """A compiled form that loses too much, or is not faster."""

    code = "not_kept"


class OutOfMemory(WorkFailed):
    """The memory did not suffice, however small the parts of the work."""

    code = "out_of_memory"


class PartnerKilled(WorkFailed):
    """A process was killed of those that do the work of one job together."""


MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")
# What oneDNN, which computes for torch on a processor, says where it gets no memory: no more than that.
MEMORY_SENTENCES = ("could not create a primitive", "could not create a memory object")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, torch or CUDA says that the memory did not suffice."""
    if isinstance(error, RuntimeError):
        text = str(error).lower()
        return text in MEMORY_SENTENCES or any(words in text for words in MEMORY_WORDS)
    return isinstance(error, MemoryError)
