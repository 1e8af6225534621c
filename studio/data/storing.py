"""Rows on the disk: Parquet that a page reads a few thousand rows of, seen onto the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.durable import fsync_file
from studio.data.columns import main_text

# A page of rows that a search found all over the split reads as many groups as it has rows.
ROWS_PER_GROUP = 5_000
ROWS_PER_WRITE = 50_000
MEASURED = ("length", "marks")  # not rows of the table: what browsing asks of them


def write_rows(frame: pd.DataFrame, roles: Mapping[str, str], path: Path) -> None:
    """Write the role columns, line, file, length (characters, int32) and marks (int64, where it has them)."""
    written = [role for role in roles if role in frame]
    measured = main_text(written) or next(iter(written), None)
    schema = pa.schema(
        [
            *(pa.field(role, pa.string()) for role in written),
            pa.field("line", pa.int64()),
            pa.field("file", pa.string()),
            *([pa.field("length", pa.int32())] if measured else []),
            *([pa.field("marks", pa.int64())] if "marks" in frame else []),
        ]
    )
    with path.open("wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for start in range(0, max(1, len(frame)), ROWS_PER_WRITE):
                part = frame.iloc[start : start + ROWS_PER_WRITE]
                columns = {name: to_arrow(part[name], schema) for name in schema.names if name in part}
                if measured:
                    columns["length"] = pc.utf8_length(columns[measured]).cast(pa.int32())
                table = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
                writer.write_table(table, row_group_size=ROWS_PER_GROUP)
        fsync_file(file)


def to_arrow(column: pd.Series, schema: pa.Schema) -> pa.Array | pa.ChunkedArray:
    """A column as the schema wants it."""
    return pa.array(column, type=schema.field(column.name).type, from_pandas=True)


class StoredRows:
    """The rows of one split on the disk, of this release or an earlier one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pq.ParquetFile(path)
        sizes = [self._file.metadata.row_group(group).num_rows for group in range(self.groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def groups(self) -> int:
        """How many groups of rows there are."""
        return self._file.num_row_groups

    @property
    def columns(self) -> list[str]:
        """All columns, with length and marks where they are there."""
        return list(self._file.schema_arrow.names)

    @property
    def table_columns(self) -> list[str]:
        """The role columns, line and file."""
        return [name for name in self.columns if name not in MEASURED]

    def __len__(self) -> int:
        return int(self._starts[-1])

    def start_of(self, group: int) -> int:
        """The index of the first row of a group."""
        return int(self._starts[group])

    def read(self, columns: list[str]) -> pd.DataFrame:
        """Some columns of all rows."""
        return self._file.read(columns=columns).to_pandas()

    def read_groups(self, groups: list[int], columns: list[str]) -> pa.Table:
        """Some columns of some groups; each call opens the file anew, so that threads may share this."""
        with pq.ParquetFile(self._path, metadata=self._file.metadata) as file:
            return file.read_row_groups(groups, columns=columns, use_threads=False)

    def take(self, indices: np.ndarray, columns: list[str]) -> pa.Table:
        """Some columns of some rows, given in ascending order; reads the groups that hold them."""
        of_row = np.searchsorted(self._starts, indices, side="right") - 1
        parts = []
        for group in np.unique(of_row):
            local = indices[of_row == group] - self._starts[group]
            parts.append(self._file.read_row_group(int(group), columns=columns).take(pa.array(local)))
        if not parts:
            return self._file.schema_arrow.empty_table().select(columns)
        return pa.concat_tables(parts)
