"""Files of any kind, encoding and dialect to a table of text cells (no torch in here)."""

from studio.data.readers.reading import read_table
from studio.data.readers.sources import read_bytes
from studio.data.readers.table import LeftOut, Progress, ReaderReport, ReadOptions, Table

__all__ = ["LeftOut", "Progress", "ReadOptions", "ReaderReport", "Table", "read_bytes", "read_table"]
