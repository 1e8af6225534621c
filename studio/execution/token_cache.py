"""Token ids on disk, as Arrow files, so that the same texts are not tokenised twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tokenizers

from jobs.durable import replacing
from studio.execution.rows import FACTS, EncodedRows, Places
from studio.tasks.base import ABOUT, OF_ROW, PLACES, Row, Task

LIMIT_BYTES = 2 * 1024**3
SUFFIX = ".arrow"
# What of a tokenizer its backend does not hold.
SETTINGS_OF_TOKENIZERS = ("truncation_side", "split_special_tokens")
CHECKSUM = b"crc32"
LAYOUT = 3  # of the files; another number makes the old ones unknown


@dataclass(frozen=True)
class TokenCache:
    """A folder of tokenised rows by fingerprint; with more than ``limit_bytes`` the longest unused go.

    ``reserve_bytes`` of the disk stay free.
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES
    reserve_bytes: int = 0

    def get(self, fingerprint: str) -> EncodedRows | None:
        """Rows without labels, read as they are used; None where they are not there whole."""
        path = self.folder / f"{fingerprint}{SUFFIX}"
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
                batch, known = reader.get_batch(0), reader.schema.metadata
            path.touch()
        except (OSError, pa.ArrowException):
            return None
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        rows = rows_of(columns)
        return rows if known == {CHECKSUM: checksum_of(rows)} else None

    def put(self, fingerprint: str, rows: EncodedRows) -> None:
        """Keep rows; leave it where they are too many, or the disk takes none."""
        columns = columns_of(rows)
        fields = [pa.field(name, column.type) for name, column in columns.items()]
        schema = pa.schema(fields, metadata={CHECKSUM: checksum_of(rows)})
        batch = pa.record_batch(list(columns.values()), schema=schema)
        if batch.nbytes > self.limit_bytes:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free - batch.nbytes < self.reserve_bytes:
                return
            with (
                replacing(self.folder / f"{fingerprint}{SUFFIX}") as waiting,
                pa.OSFile(str(waiting), "wb") as sink,
                pa.ipc.new_file(sink, batch.schema) as writer,
            ):
                writer.write_batch(batch)
            self._make_room()

    def _make_room(self) -> None:
        left = self.limit_bytes
        newest_first = sorted(
            self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True
        )
        for path in newest_first:
            left -= path.stat().st_size
            if left < 0:
                path.unlink(missing_ok=True)


def columns_of(rows: EncodedRows) -> dict[str, pa.Array]:
    """A row for each sequence: lists of ids, and of places where there are some; and to which row it belongs.

    The last one only where rows are several sequences. What is known about places stands one after another.
    """
    flat = rows.sequences or rows
    columns = {name: list_column(part, flat.lengths) for name, part in flat.parts.items()}
    if flat.places is not None:
        columns[PLACES] = list_column(flat.places.values, flat.places.counts)
        if flat.places.about is not None:
            columns[ABOUT] = list_column(flat.places.about.ravel(), FACTS * flat.places.counts)
    if rows.counts is not None:
        columns[OF_ROW] = pa.array(np.repeat(np.arange(len(rows)), rows.counts))
    return columns


def list_column(values: np.ndarray, lengths: np.ndarray) -> pa.LargeListArray:
    """Lists of these lengths."""
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]))
    return pa.LargeListArray.from_arrays(offsets, pa.array(values))


def rows_of(columns: dict[str, pa.Array]) -> EncodedRows:
    """What columns_of was given."""
    of_row, places, about = (columns.pop(name, None) for name in (OF_ROW, PLACES, ABOUT))
    lengths = np.diff(columns["input_ids"].offsets.to_numpy())
    rows = EncodedRows(
        lengths,
        {name: column.values.to_numpy() for name, column in columns.items()},
        places=None
        if places is None
        else Places(
            places.values.to_numpy(),
            np.diff(places.offsets.to_numpy()),
            None if about is None else about.values.to_numpy().reshape(-1, FACTS),
        ),
    )
    return rows if of_row is None else rows.grouped(np.bincount(of_row.to_numpy()))


def checksum_of(rows: EncodedRows) -> bytes:
    """CRC-32 over all that is kept, in hex."""
    flat = rows.sequences or rows
    found = zlib.crc32(np.ascontiguousarray(flat.lengths, dtype=np.int64))
    for part in flat.parts.values():
        found = zlib.crc32(np.ascontiguousarray(part, dtype=np.int32), found)
    places = () if flat.places is None else (flat.places.values, flat.places.counts, flat.places.about)
    for part in filter(is_there, (*places, rows.counts)):
        found = zlib.crc32(np.ascontiguousarray(part, dtype=np.int64), found)
    return f"{found:08x}".encode()


def is_there(part: np.ndarray | None) -> bool:
    """Whether rows have the part."""
    return part is not None


def fingerprint_tokenizer(tokenizer: Any) -> str | None:
    """What tells a tokenizer from others, in hex; None for one that cannot be written down."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return None
    told = json.loads(backend.to_str())
    # How far the last call cut and padded; the next one says so itself.
    told |= {"truncation": None, "padding": None, "inputs": sorted(tokenizer.model_input_names)}
    told |= {name: str(getattr(tokenizer, name, None)) for name in SETTINGS_OF_TOKENIZERS}
    told["library"] = tokenizers.__version__
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def fingerprint_rows(task: Task, rows: Sequence[Row], tokenizer: str, max_length: int) -> str:
    """What tells tokenised rows from others, in hex: their texts, and how they were tokenised."""
    digest = hashlib.blake2b(f"{LAYOUT} {task.key} {tokenizer} {max_length}".encode(), digest_size=16)
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        for text in row.values():
            encoded = text.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little"))
            digest.update(encoded)
    return digest.hexdigest()
