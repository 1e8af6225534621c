"""Read a file of any kind: recognise it by its content, and hand it to the reader of that kind."""

from __future__ import annotations

from pathlib import Path

from studio.data.readers.delimited import read_delimited
from studio.data.readers.kinds import refuse_other_kinds
from studio.data.readers.sources import read_bytes
from studio.data.readers.table import Progress, ReadOptions, Table


def read_table(
    path: Path | str,
    options: ReadOptions | None = None,
    file_name: str | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read a table, whatever the name of its file.

    Raises NotFound where there is no such file, InvalidInput where it cannot be read or holds no table.
    """
    options = options or ReadOptions()
    path = Path(path)
    name = file_name or path.name
    data = read_bytes(path, name)
    refuse_other_kinds(data, name)
    return read_delimited(path, options, name, progress)
