"""Homes with something in them, and what tests ask of them."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from jobs.database import make_engine
from jobs.queue import NewJob, Queue
from jobs.store import Store
from studio.bootstrap import open_studio
from studio.services.datasets import ImportRequest
from studio.settings import Settings
from studio.training.snapshots import Snapshots
from tests.results.kept_models import keep_model


def fill_home(settings: Settings, table: Path) -> None:
    """A dataset, a model trained on it, a job that runs, one that waits and one that ended."""
    with contextlib.closing(open_studio(settings)) as studio:
        dataset = studio.datasets.import_file(ImportRequest(path=table, name="small"))
        model = keep_model(studio, "small", "kept")
        weights = settings.models_dir / model.id / "folder" / "model.safetensors"
        weights.write_bytes(b"w" * 3_000_000)
        store = Store(studio.engine)
        queue = Queue(store, settings.jobs_dir)
        upload = settings.uploads_dir / "tables" / "abc" / "path" / "more.csv"
        upload.parent.mkdir(parents=True)
        upload.write_text("text,label\n")
        ended = queue.submit(NewJob("train", "nowhere", {"dataset_id": dataset.id}, title="ended"))
        queue.cancel(ended.id)
        queue.submit(NewJob("train", "nowhere", {"home": str(settings.home)}, title="running"))
        claim = store.claim_next("worker", "train", 60)
        assert claim is not None
        write_snapshot(settings.jobs_dir / claim.job_id, 1)
        (settings.jobs_dir / claim.job_id / "log.txt").write_text("it goes on\n")
        payload = {"folder": str(upload.parents[1]), "request": {"path": str(upload)}}
        queue.submit(NewJob("import", "nowhere", payload, title="waiting"))
    with contextlib.closing(sqlite3.connect(settings.database_path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def write_snapshot(workdir: Path, step: int) -> Path:
    """A snapshot as a training leaves it."""

    def write(folder: Path) -> None:
        (folder / "weights").write_bytes(bytes([step % 256]) * 1000)

    snapshots = Snapshots(workdir / "snapshots", {})
    snapshots.open()
    snapshots.write(step, {}, None, write)
    return snapshots.folder / f"snapshot-{step}"


@contextlib.contextmanager
def queue_of(settings: Settings) -> Iterator[Queue]:
    """The jobs of a home."""
    engine = make_engine(settings.database_url)
    try:
        yield Queue(Store(engine), settings.jobs_dir)
    finally:
        engine.dispose()


def content_of(home: Path) -> dict[str, str]:
    """Every file of a home with its hash, but for the database and what comes with a running program."""
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock", ".log", "studio.db"))
    }


def nothing(_done_bytes: int, _total_bytes: int) -> None:
    """For those who do not ask how far it is."""
