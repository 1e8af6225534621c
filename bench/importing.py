"""Rows a second and peak memory of an import, beside pandas.read_csv and DuckDB on the same file in one run.

Each measurement is a process of its own; peak memory is the most it held at once, imports included.
``--rows`` chooses the sizes, ``--rounds`` how often each is measured (the median counts).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median

from bench.command import describe_machine, run_program

SIZES = (10_000, 100_000, 1_000_000)
LABELS = ("billing", "delivery", "returns", "account", "technical", "other")
LIMIT_SECONDS, LIMIT_BYTES = 60.0, 1_500_000_000
MEGABYTE = 1e6

READ_PANDAS = "import pandas as pd; rows = len(pd.read_csv(path, dtype=str, keep_default_na=False))"
READ_DUCKDB = (
    "import duckdb; rows = duckdb.sql(f\"select * from read_csv('{path}', all_varchar=true)\").arrow()"
    ".read_all().num_rows"
)
READ_STUDIO = "from studio.data.readers import read_table; rows = len(read_table(path).frame)"
IMPORT_STUDIO = """
import tempfile
from pathlib import Path
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library
marks = []
def tell(share, sentence):
    if not marks or marks[-1][0] != sentence:
        marks.append((sentence, time.monotonic() - started))
prepared = prepare_import(ImportRequest(path=Path(path), name="bench"), progress=tell)
marks.append(("Writing the rows", time.monotonic() - started))
with tempfile.TemporaryDirectory() as folder:
    rows = sum(Library(Path(folder)).save(prepared).rows.values())
extra = marks
"""
MEASURES = {
    "pandas.read_csv": READ_PANDAS,
    "DuckDB read_csv": READ_DUCKDB,
    "studio, reading": READ_STUDIO,
    "studio, whole import": IMPORT_STUDIO,
}
PROGRAM = """
import json, resource, sys, time
path = sys.argv[1]
started = time.monotonic()
extra = []
{body}
seconds = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({{"rows": rows, "seconds": seconds, "peak": peak, "extra": extra}}))
"""


def sentences(seed: int) -> Iterator[str]:
    """Endless distinct messages of about 150 characters, the same for a seed."""
    draw = random.Random(seed)
    syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(20_000)]
    often = list(accumulate(1 / (rank + 10) for rank in range(len(words))))
    while True:
        for text in (draw.choices(words, cum_weights=often, k=26) for _ in range(1000)):
            yield " ".join(text)[: draw.randint(90, 200)]


def write_table(path: Path, rows: int) -> None:
    """A CSV of texts and labels; one text in fifty is in quotes because it holds a comma."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("text,label\n")
        for number, text in zip(range(rows), sentences(0), strict=False):
            cell = f'"{text}, and more"' if number % 50 == 0 else text
            file.write(f"{cell},{draw.choice(LABELS)}\n")


def main() -> int:
    """Print a table; exit code 0 where the largest import keeps to the limits of time and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"Machine: {describe_machine()}")
    print(f"{'rows':>9}  {'what':22} {'seconds':>8} {'rows/s':>10} {'peak MB':>8} {'x pandas':>8}")
    kept = True
    with tempfile.TemporaryDirectory(prefix="studio-import-") as folder:
        for rows in options.rows:
            path = Path(folder) / f"{rows}.csv"
            write_table(path, rows)
            # Interleaved, so that a slow moment of the machine meets all of them.
            rounds = [
                {name: run_program(PROGRAM.format(body=body), path) for name, body in MEASURES.items()}
                for _ in range(options.rounds)
            ]
            kept = report(rows, path, rounds) and kept
            path.unlink()
    return 0 if kept else 1


def report(rows: int, path: Path, rounds: list[dict[str, dict[str, float]]]) -> bool:
    """Print the medians of one size; whether the import kept to the limits."""
    seconds = {name: median(one[name]["seconds"] for one in rounds) for name in MEASURES}
    peaks = {name: max(one[name]["peak"] for one in rounds) for name in MEASURES}
    for name in MEASURES:
        read = rounds[0][name]["rows"]
        if read != rows:
            raise SystemExit(f"{name} read {read} of {rows} rows.")
        ratio = seconds[name] / seconds["pandas.read_csv"]
        print(
            f"{rows:>9,}  {name:22} {seconds[name]:>8.2f} {rows / seconds[name]:>10,.0f} "
            f"{peaks[name] / MEGABYTE:>8.0f} {ratio:>8.2f}"
        )
    whole = "studio, whole import"
    steps = "; ".join(f"{name} {start:.1f} s" for name, start in rounds[-1][whole]["extra"])
    print(f"{path.stat().st_size / MEGABYTE:.0f} MB; began after: {steps}")
    return seconds[whole] <= LIMIT_SECONDS and peaks[whole] <= LIMIT_BYTES


if __name__ == "__main__":
    sys.exit(main())
