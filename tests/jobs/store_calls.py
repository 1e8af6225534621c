"""Short names for what tests of the store do again and again, and a clock that they move."""

from __future__ import annotations

from jobs.store import Store
from jobs.views import Claim, JobView, NewJob

LEASE = 10.0  # seconds


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def claim(store: Store, worker: str = "one", lane: str = "train") -> Claim:
    """Claim the next job, which must be there."""
    found = store.claim_next(worker, lane, LEASE)
    assert found is not None
    return found


def cancelled(store: Store, job_id: str) -> JobView:
    """Cancel a job and show how it stands then."""
    store.wishes.cancel(job_id)
    return store.get(job_id)


def moved(store: Store, job_id: str, priority: int) -> JobView:
    """Give a job another priority and show how it stands then."""
    store.wishes.set_priority(job_id, priority)
    return store.get(job_id)


def reclaim(store: Store) -> int:
    """Take over everything that is held, as if no worker had beaten for a lease."""
    return len(store.reclaim([held.claim for held in store.leases.held()], "The worker stopped answering."))


def new(**fields: object) -> NewJob:
    """A job to add; no child ever runs it."""
    return NewJob("test", "nowhere.handler", **fields)
