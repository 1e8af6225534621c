"""Datasets on disk: one folder each, Parquet per split, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from studio.data.dataset import Dataset
from studio.data.importing import PreparedImport
from studio.data.splits import SPLITS
from studio.errors import InvalidInput, NotFound
from studio.files import read_json, write_json

DESCRIPTION = "dataset.json"
# Small groups, so that a page of 50 rows reads a few thousand and not a million.
ROWS_PER_GROUP = 10_000
UNFINISHED = ".unfinished-"
PLACE_COLUMNS = ("line", "file")


class Library:
    """The folder in which datasets are kept; a dataset is never changed once saved."""

    def __init__(self, datasets_dir: Path) -> None:
        self.datasets_dir = datasets_dir

    def save(self, prepared: PreparedImport) -> Dataset:
        """Keep the rows; raises InvalidInput with all problems where an error stands in the way."""
        prepared.raise_if_blocking()
        dataset = describe(prepared, uuid.uuid4().hex)
        self.datasets_dir.mkdir(parents=True, exist_ok=True)
        unfinished = self.datasets_dir / f"{UNFINISHED}{dataset.id}"
        unfinished.mkdir()
        try:
            for split, frame in prepared.frames.items():
                write_frame(frame, unfinished / f"{split}.parquet")
            write_json(unfinished / DESCRIPTION, dataset.to_json())
            sync_folder(unfinished)
            os.replace(unfinished, self.datasets_dir / dataset.id)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        sync_folder(self.datasets_dir)
        return dataset

    def ids(self) -> list[str]:
        """The ids of the datasets that are there in full."""
        if not self.datasets_dir.is_dir():
            return []
        return sorted(path.parent.name for path in self.datasets_dir.glob(f"[!.]*/{DESCRIPTION}"))

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
        return pq.ParquetFile(self._file(dataset_id, split)).read().to_pandas()

    def rows(self, dataset_id: str, split: str, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """A slice of a split as dicts, reading only the part of the file that holds it."""
        parquet = pq.ParquetFile(self._file(dataset_id, split))
        first, last = max(0, offset), max(0, offset) + max(0, limit)
        found: list[dict[str, Any]] = []
        start = 0
        for group in range(parquet.num_row_groups):
            end = start + parquet.metadata.row_group(group).num_rows
            if start < last and end > first:
                table = parquet.read_row_group(group)
                found += table.slice(max(0, first - start), last - max(first, start)).to_pylist()
            start = end
        return found

    def delete(self, dataset_id: str) -> None:
        """Remove a dataset's files; nothing happens where they are gone already."""
        folder = self.datasets_dir / dataset_id
        if Path(dataset_id).name != dataset_id or not folder.is_dir():
            return
        # Renamed first: a reader never meets a dataset of which half is gone.
        doomed = self.datasets_dir / f"{UNFINISHED}{uuid.uuid4().hex}"
        os.replace(folder, doomed)
        shutil.rmtree(doomed, ignore_errors=True)

    def sweep(self, known: Collection[str], older_than_seconds: float = 3600.0) -> None:
        """Remove what a stopped import or deletion has left: unfinished folders, and ids nobody knows.

        Younger ones stay, since another process may be about to finish them.
        """
        if not self.datasets_dir.is_dir():
            return
        latest = time.time() - older_than_seconds
        for path in self.datasets_dir.iterdir():
            ours = path.name.startswith(UNFINISHED) or (path / DESCRIPTION).is_file()
            if ours and path.name not in known and path.stat().st_mtime <= latest:
                shutil.rmtree(path, ignore_errors=True)

    def _file(self, dataset_id: str, split: str) -> Path:
        if split not in SPLITS:
            raise InvalidInput(f"There is no split '{split}'.", f"Use one of: {', '.join(SPLITS)}.")
        return self.folder(dataset_id) / f"{split}.parquet"


def describe(prepared: PreparedImport, dataset_id: str) -> Dataset:
    """The description of a prepared import under a new id."""
    frames = prepared.frames
    return Dataset(
        id=dataset_id,
        name=prepared.request.name,
        task=prepared.request.task,
        fingerprint=fingerprint(prepared.request.task, prepared.labels, frames),
        roles=prepared.roles,
        labels=prepared.labels,
        rows=prepared.rows,
        reader=prepared.reader,
        problems=prepared.problems,
        created_at=datetime.now(UTC),
        class_counts=prepared.class_counts,
        lengths=prepared.lengths,
        split=prepared.split,
        split_fingerprints={split: fingerprint_rows(frame) for split, frame in frames.items()},
        files=prepared.files,
    )


def fingerprint(task: str, labels: Sequence[str], frames: Mapping[str, pd.DataFrame]) -> str:
    """sha256 (hex) over task, labels and the rows of each split; not over names, files or line numbers."""
    content = {
        "task": task,
        "labels": list(labels),
        "splits": {split: fingerprint_rows(frames[split]) for split in SPLITS if split in frames},
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def fingerprint_rows(frame: pd.DataFrame) -> str:
    """sha256 (hex) over the cells of the role columns, in order of column name and row.

    Each column counts as its name, its rows, the lengths of its cells in UTF-8 bytes (little-endian int64)
    and the bytes of all cells.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in map(str, frame.columns) if name not in PLACE_COLUMNS):
        cells = pa.array(frame[name].to_numpy(dtype=object), type=pa.large_string())
        if isinstance(cells, pa.ChunkedArray):
            cells = cells.combine_chunks()
        _, offsets, data = cells.buffers()
        ends = np.frombuffer(offsets, dtype="<i8")[: len(cells) + 1] if len(cells) else np.zeros(1, "<i8")
        digest.update(f"{name}\n{len(cells)}\n".encode())
        digest.update(np.diff(ends).astype("<i8").tobytes())
        digest.update(memoryview(data)[: int(ends[-1])] if data is not None else b"")
    return digest.hexdigest()


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as Parquet and see it onto the disk."""
    schema = [pa.field(str(name), pa.int64() if name == "line" else pa.string()) for name in frame.columns]
    table = pa.Table.from_pandas(frame, schema=pa.schema(schema), preserve_index=False)
    with path.open("wb") as file:
        pq.write_table(table, file, row_group_size=ROWS_PER_GROUP, compression="zstd")
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """See a folder's entries onto the disk; Windows cannot and need not."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
