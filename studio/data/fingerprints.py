"""What tells whether two datasets, or two splits, hold the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.data.splits import SPLITS

BESIDE_ROLES = ("line", "file", "split", "length", "marks")


def fingerprint(task: str, labels: Sequence[str], splits: Mapping[str, str]) -> str:
    """sha256 (hex) over task, labels and {split: fingerprint of its rows}; not over names or line numbers."""
    content = {
        "task": task,
        "labels": list(labels),
        "splits": {split: splits[split] for split in SPLITS if split in splits},
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def fingerprint_rows(frame: pd.DataFrame) -> str:
    """sha256 (hex) over the cells of the role columns, in order of column name and row.

    Each column counts as its name, its rows, the lengths of its cells in UTF-8 bytes (little-endian int64)
    and the bytes of all cells.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in map(str, frame.columns) if name not in BESIDE_ROLES):
        chunks = arrow_chunks(frame[name])
        digest.update(f"{name}\n{len(frame)}\n".encode())
        for chunk in chunks:
            digest.update(np.diff(ends_of(chunk)).astype("<i8").tobytes())
        for chunk in chunks:
            ends, data = ends_of(chunk), chunk.buffers()[2]
            digest.update(memoryview(data)[int(ends[0]) : int(ends[-1])] if data is not None else b"")
    return digest.hexdigest()


def arrow_chunks(column: pd.Series) -> list[pa.Array]:
    """The cells as Arrow large strings, without a Python object per cell where they are Arrow already."""
    cells = pa.array(column, type=pa.large_string(), from_pandas=True)
    chunks = cells.chunks if isinstance(cells, pa.ChunkedArray) else [cells]
    return [chunk.fill_null("") if chunk.null_count else chunk for chunk in chunks if len(chunk)]


def ends_of(chunk: pa.Array) -> np.ndarray:
    """Where each cell of a chunk begins in its bytes, and where the last ends."""
    offsets = np.frombuffer(chunk.buffers()[1], dtype="<i8")
    return offsets[chunk.offset : chunk.offset + len(chunk) + 1]
