"""The closer look at a dataset that is too large to get it there and then: which, and as which job."""

from __future__ import annotations

from pathlib import Path

from jobs.queue import NewJob
from studio.data.near import ROWS_AT_ONCE

PROFILE, LANE = "profile", "data"


def needs_profile(rows: int) -> bool:
    """Whether a dataset of so many rows has more to be found out about it than its import told."""
    return rows > ROWS_AT_ONCE


def profile_job(home: Path, dataset_id: str, address: str) -> NewJob:
    """The job that looks closer at a dataset; submitted twice it is the same one."""
    return NewJob(
        kind=PROFILE,
        handler="studio.table_handlers.profile_table",
        payload={"home": str(home), "dataset": address, "dataset_id": dataset_id},
        lane=LANE,
        title=f"Look closer at {address}",
        key=f"{PROFILE}-{dataset_id}",
    )
