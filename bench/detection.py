"""How often a file is read cell for cell right by detection alone: the studio beside well-known libraries.

``python -m bench.detection`` prints two tables; ``--rate`` measures the studio alone on 2,000 files and fails
under its floor. Every file is made from a seed, so the same command gives the same numbers.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import charset_normalizer
import clevercsv
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from bench.tables import Sample, make_samples
from studio.data.readers import read_table
from studio.data.readers.encodings import decode_bytes
from studio.errors import StudioError

FLOOR = 0.98
RATE_FILES = 2000
FILES = 400
SEED = 20
USUAL = (",", ";", "\t", "|")
Cells = list[tuple[str, ...]]


def reads_right(sample: Sample, path: Path) -> str:
    """Read a file with the studio; "" where cells, names and header are right, else what went wrong."""
    try:
        table = read_table(path)
    except StudioError as error:
        return error.message
    rows = list(table.frame.itertuples(index=False, name=None))
    names = tuple(table.frame.columns) if table.report.header else None
    if rows == sample.rows and names == sample.names:
        return ""
    report = table.report
    return (
        f"read as {report.encoding} sep={report.delimiter!r} quote={report.quote} escape={report.escape} "
        f"header={report.header}, {report.rows_read} rows and {report.rows_dropped} dropped"
    )


@contextmanager
def written() -> Iterator[Path]:
    """A file to write samples to."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "table.txt"


def read_share(count: int, seed: int) -> tuple[float, list[str]]:
    """The share of generated files that the studio reads right, and a line about each of the others."""
    failed = []
    with written() as path:
        for sample in make_samples(count, seed):
            path.write_bytes(sample.data)
            if wrong := reads_right(sample, path):
                failed.append(f"{sample.shape}: {wrong}")
    return 1 - len(failed) / count, failed


def by_studio(path: Path) -> Cells:
    """The studio."""
    table = read_table(path)
    names = [tuple(table.frame.columns)] if table.report.header else []
    return [*names, *table.frame.itertuples(index=False, name=None)]


def by_duckdb(path: Path) -> Cells:
    """DuckDB's sniffer and reader, all cells as text."""
    place = str(path).replace("'", "''")
    header = duckdb.sql(f"select HasHeader from sniff_csv('{place}', all_varchar=true)").fetchall()[0][0]
    found = duckdb.sql(f"select * from read_csv('{place}', all_varchar=true)")
    names = [tuple(found.columns)] if header else []
    return [*names, *(tuple(cell or "" for cell in row) for row in found.fetchall())]


def by_clevercsv(path: Path) -> Cells:
    """CleverCSV's detector, and its reader."""
    text = path.read_bytes().decode()
    dialect = clevercsv.Detector().detect(text)
    return [tuple(row) for row in clevercsv.reader(io.StringIO(text, newline=""), dialect) if row]


def by_sniffer(path: Path) -> Cells:
    """Python's csv.Sniffer, and its reader."""
    text = path.read_bytes().decode()
    dialect = csv.Sniffer().sniff(text)
    return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), dialect) if row]


def by_pandas(path: Path) -> Cells:
    """pandas as it comes, without its changes to cells."""
    return frame_cells(pd.read_csv(path, dtype=str, keep_default_na=False))


def by_pandas_guessing(path: Path) -> Cells:
    """pandas that guesses the separator."""
    return frame_cells(pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python"))


def by_pyarrow(path: Path) -> Cells:
    """pyarrow as it comes."""
    convert = pyarrow.csv.ConvertOptions(strings_can_be_null=False)
    table = pyarrow.csv.read_csv(path, convert_options=convert)
    return frame_cells(
        table.cast(pa.schema([(name, pa.string()) for name in table.column_names])).to_pandas()
    )


def frame_cells(frame: pd.DataFrame) -> Cells:
    """The names and the rows of a frame."""
    return [tuple(map(str, frame.columns)), *frame.astype(str).itertuples(index=False, name=None)]


READERS: dict[str, Callable[[Path], Cells]] = {
    "the studio": by_studio,
    "DuckDB": by_duckdb,
    "CleverCSV": by_clevercsv,
    "csv.Sniffer": by_sniffer,
    "pandas": by_pandas,
    "pandas, sep=None": by_pandas_guessing,
    "pyarrow.csv": by_pyarrow,
}
FAULTS = (
    StudioError,
    duckdb.Error,
    clevercsv.exceptions.Error,
    csv.Error,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    pa.ArrowException,
)


def kinds_of(sample: Sample) -> list[str]:
    """The columns of the table of dialects in which a file counts."""
    shape = sample.shape
    one = len(shape.separator) == 1
    return [
        ", ; tab |" if shape.separator in USUAL else ("others" if one else "two or more characters"),
        f"quotes: {shape.quoting}",
        "lines above" if shape.above != "nothing" else "nothing above",
        "all",
    ]


def compare_dialects(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """Share of files read right by reader and kind; all in UTF-8, so that encodings play no part."""
    counts: dict[str, dict[str, list[bool]]] = {name: {} for name in READERS}
    with written() as path:
        for sample in samples:
            path.write_bytes(sample.data.decode(sample.shape.encoding).removeprefix("\ufeff").encode())
            expected = [*([sample.names] if sample.names else []), *sample.rows]
            for name, read in READERS.items():
                try:
                    right = read(path) == expected
                except FAULTS:
                    right = False
                for kind in kinds_of(sample):
                    counts[name].setdefault(kind, []).append(right)
    return {name: {kind: sum(r) / len(r) for kind, r in kinds.items()} for name, kinds in counts.items()}


def by_charset_normalizer(data: bytes) -> str:
    """What charset-normalizer takes for the most probable text."""
    best = charset_normalizer.from_bytes(data).best()
    return str(best) if best else ""


def by_utf8(data: bytes) -> str:
    """UTF-8 and nothing else, as most readers do."""
    return data.decode("utf-8", errors="replace")


DECODERS: dict[str, Callable[[bytes], str]] = {
    "the studio": lambda data: decode_bytes(data).text,
    "charset-normalizer": by_charset_normalizer,
    "UTF-8": by_utf8,
}
EAST = ("simplified", "traditional", "japanese", "korean")


def script_of(sample: Sample) -> str:
    """The column of the table of encodings in which a file counts."""
    if sample.shape.encoding.startswith("utf"):
        return "UTF-16 without a mark" if sample.shape.encoding.endswith(("le", "be")) else "other Unicode"
    return "East Asian" if sample.shape.language in EAST else "one byte"


def compare_encodings(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """Share of files whose text comes out right, by decoder and kind of encoding."""
    counts: dict[str, dict[str, list[bool]]] = {name: {} for name in DECODERS}
    for sample in samples:
        expected = sample.data.decode(sample.shape.encoding).removeprefix("\ufeff")
        for name, decode in DECODERS.items():
            right = decode(sample.data).removeprefix("\ufeff") == expected
            for kind in (script_of(sample), "all"):
                counts[name].setdefault(kind, []).append(right)
    return {name: {kind: sum(r) / len(r) for kind, r in kinds.items()} for name, kinds in counts.items()}


def print_table(shares: dict[str, dict[str, float]], title: str) -> None:
    """Shares as a table in Markdown, in per cent."""
    kinds = sorted({kind for row in shares.values() for kind in row})
    print(f"\n{title}\n\n| | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}")
    for name, row in shares.items():
        print(f"| {name} | {' | '.join(f'{100 * row[kind]:.0f}' for kind in kinds)} |")


def main() -> None:
    """Print the comparison, or measure the rate."""
    if "--rate" in sys.argv:
        share, failed = read_share(RATE_FILES, seed=0)
        print(*failed, f"{share:.4f} of {RATE_FILES:,} files are read right; the floor is {FLOOR}.", sep="\n")
        raise SystemExit(share < FLOOR)
    samples = list(make_samples(FILES, SEED))
    print_table(
        compare_dialects(samples), f"Per cent of {FILES} files read cell for cell, all given as UTF-8."
    )
    print_table(compare_encodings(samples), f"Per cent of {FILES} files decoded right.")


if __name__ == "__main__":
    main()
