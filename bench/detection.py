"""rate"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.tables import Sample, make_samples
from studio.data.readers import read_table
from studio.errors import StudioError


def reads_right(sample: Sample, path: Path) -> str:
    try:
        table = read_table(path)
    except StudioError as error:
        return error.message
    rows = list(table.frame.itertuples(index=False, name=None))
    names = tuple(table.frame.columns) if table.report.header else None
    if rows == sample.rows and names == sample.names:
        return ""
    return f"read as {table.report}"


def read_share(count: int, seed: int) -> tuple[float, list[str]]:
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.txt"
        for sample in make_samples(count, seed):
            path.write_bytes(sample.data)
            if wrong := reads_right(sample, path):
                failed.append(f"{sample.shape}: {wrong}")
    return 1 - len(failed) / count, failed
