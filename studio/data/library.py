"""Datasets on disk: one folder each, Parquet per split, written whole or not at all."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jobs.durable import fsync_path, rename, temporary_name
from studio.data.dataset import Dataset, Profile
from studio.data.editing import Edit
from studio.data.fingerprints import fingerprint, fingerprint_rows
from studio.data.fixes import settled_in
from studio.data.importing import PreparedImport
from studio.data.profiles import read_profile, write_profile
from studio.data.splits import SPLITS
from studio.data.storing import StoredRows, write_rows
from studio.errors import InvalidInput, NotFound
from studio.files import read_json, remove_folder, write_json

DESCRIPTION, EDITS, PROFILE = "dataset.json", "edits.json", "profile.parquet"


class Library:
    """The folder in which datasets are kept; a dataset is never changed once saved."""

    def __init__(self, datasets_dir: Path) -> None:
        self.datasets_dir = datasets_dir

    def save(self, prepared: PreparedImport) -> Dataset:
        """Keep the rows; raises InvalidInput with all problems where an error stands in the way."""
        prepared.raise_if_blocking()
        return self.keep(describe(prepared, uuid.uuid4().hex), prepared.frames)

    def keep(
        self, dataset: Dataset, frames: Mapping[str, pd.DataFrame], edits: Sequence[Edit] = ()
    ) -> Dataset:
        """Write a dataset that is described already; ``edits`` are those that led to it from its parent."""
        self.datasets_dir.mkdir(parents=True, exist_ok=True)
        unfinished = temporary_name(self.datasets_dir / dataset.id)
        unfinished.mkdir()
        try:
            for split, frame in frames.items():
                write_rows(frame, dataset.roles, unfinished / f"{split}.parquet")
            if edits:
                write_json(unfinished / EDITS, [edit.to_json() for edit in edits])
            self._publish(unfinished, dataset)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return dataset

    def copy(self, source_id: str, dataset: Dataset) -> Dataset:
        """Keep a dataset with the rows, and what was found out later, of another."""
        source = self.folder(source_id)
        unfinished = temporary_name(self.datasets_dir / dataset.id)
        unfinished.mkdir()
        try:
            for path in source.glob("*.parquet"):
                shutil.copyfile(path, unfinished / path.name)
                fsync_path(unfinished / path.name)
            self._publish(unfinished, dataset)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return dataset

    def _publish(self, unfinished: Path, dataset: Dataset) -> None:
        write_json(unfinished / DESCRIPTION, dataset.to_json())
        rename(unfinished, self.datasets_dir / dataset.id)

    def ids(self) -> list[str]:
        """The ids of the datasets that are there in full."""
        if not self.datasets_dir.is_dir():
            return []
        return sorted(path.parent.name for path in self.datasets_dir.glob(f"[!.]*/{DESCRIPTION}"))

    def newest(self) -> list[Dataset]:
        """The newest version of each name that is there in full."""
        found: dict[str, Dataset] = {}
        for dataset in map(self.load, self.ids()):
            if dataset.name not in found or dataset.version > found[dataset.name].version:
                found[dataset.name] = dataset
        return list(found.values())

    def load(self, dataset_id: str) -> Dataset:
        """The description of a dataset; NotFound where there is none."""
        return Dataset.from_json(
            read_json(self.folder(dataset_id) / DESCRIPTION, "The description of this dataset")
        )

    def folder(self, dataset_id: str) -> Path:
        """Where a dataset's files are; NotFound where there is none of that id."""
        folder = self.datasets_dir / dataset_id
        if Path(dataset_id).name != dataset_id or not (folder / DESCRIPTION).is_file():
            raise NotFound(
                "The files of this dataset are not there any more.",
                "Import the table again, or restore the studio's folder from a backup.",
            )
        return folder

    def frame(self, dataset_id: str, split: str) -> pd.DataFrame:
        """All rows of a split: a text column per role, line (int64) and file."""
        stored = self.stored(dataset_id, split)
        return stored.read(stored.table_columns)

    def rows(self, dataset_id: str, split: str, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """A slice of a split as dicts, reading only the part of the file that holds it."""
        stored = self.stored(dataset_id, split)
        first, last = max(0, offset), min(len(stored), max(0, offset) + max(0, limit))
        return stored.take(np.arange(first, last), stored.table_columns).to_pylist()

    def stored(self, dataset_id: str, split: str) -> StoredRows:
        """The file of a split, opened; InvalidInput where there is no such split."""
        if split not in SPLITS:
            raise InvalidInput(f"There is no split '{split}'.", f"Use one of: {', '.join(SPLITS)}.")
        return StoredRows(self.folder(dataset_id) / f"{split}.parquet")

    def edits(self, dataset_id: str) -> tuple[Edit, ...]:
        """The edits that led to a version from its parent; empty where it was made in another way."""
        path = self.folder(dataset_id) / EDITS
        found = read_json(path, "The edits of this dataset") if path.is_file() else []
        return tuple(Edit.from_json(edit) for edit in found)

    def write_profile(self, dataset_id: str, profile: Profile) -> None:
        """Keep what was found out after the import; a later one replaces it. The rows stay as they are."""
        write_profile(self.folder(dataset_id) / PROFILE, profile)

    def profile(self, dataset_id: str) -> Profile | None:
        """What was found out after the import, or None where nothing was yet."""
        path = self.folder(dataset_id) / PROFILE
        return read_profile(path) if path.is_file() else None

    def profile_stamp(self, dataset_id: str) -> int:
        """A number that changes when what was found out changes; 0 where there is nothing."""
        path = self.folder(dataset_id) / PROFILE
        return path.stat().st_mtime_ns if path.is_file() else 0

    def delete(self, dataset_id: str) -> None:
        """Remove a dataset's files; nothing happens where they are gone already."""
        folder = self.datasets_dir / dataset_id
        if Path(dataset_id).name != dataset_id or not folder.is_dir():
            return
        remove_folder(folder)

    def sweep(self, known: Collection[str], older_than_seconds: float = 3600.0) -> None:
        """Remove datasets that an import wrote and did not come to enter: those of ids that nobody knows.

        Younger ones stay, since another process may be about to enter them.
        """
        latest = time.time() - older_than_seconds
        for dataset_id in self.ids():
            folder = self.datasets_dir / dataset_id
            if dataset_id not in known and folder.stat().st_mtime <= latest:
                remove_folder(folder)


def describe(prepared: PreparedImport, dataset_id: str) -> Dataset:
    """The description of a prepared import under a new id."""
    request = prepared.request
    splits = {split: fingerprint_rows(frame) for split, frame in prepared.frames.items()}
    return Dataset(
        id=dataset_id,
        name=request.name,
        task=request.task,
        fingerprint=fingerprint(request.task, prepared.labels, splits),
        roles=prepared.roles,
        labels=prepared.labels,
        rows=prepared.rows,
        reader=prepared.reader,
        problems=prepared.problems,
        created_at=datetime.now(UTC),
        class_counts=prepared.class_counts,
        lengths=prepared.lengths,
        split=prepared.split,
        split_fingerprints=splits,
        files=prepared.files,
        steps=prepared.steps,
        mark_codes=prepared.mark_codes,
        reading_codes=prepared.reading_codes,
        answered=settled_in(prepared.steps),
        sketches=prepared.sketches,
    )
