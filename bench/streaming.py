"""Rows a second and peak memory of answering a file, with answers that cost nothing.

So it shows reading, writing and memory alone. Each measurement is a process of its own, as a job is one, and
keeps its pieces as a job does; peak memory is the most it held at once, imports included. ``--rows`` chooses
the sizes: 10,000,000 rows make a file of 0.7 GB and a result of 1.3 GB in the temporary folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.command import clean_up_on_sigterm, describe_machine, run_program
from bench.importing import MEGABYTE, sentences

SIZES = (100_000, 1_000_000)
LONGEST_TEXT = 64
MOST_GROWTH = 1.15
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
from studio.prediction.answers import Answerer
from studio.prediction.tables import FileRequest, predict_file
source = Path(sys.argv[1])
to = source.with_name("answers.csv")
shares = np.full((4096, 4), 0.25)
marks = []
def read(share, sentence):
    marks[:] = [time.monotonic()]
started = time.monotonic()
answerer = Answerer(("a", "b", "c", "d"), lambda rows, tell: shares[:len(rows)])
made = predict_file(FileRequest(source, to), answerer, reading=read, work=source.with_name("work"))
seconds = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
reading = (marks[0] if marks else started) - started
print(json.dumps({"rows": made.rows, "seconds": seconds, "reading": reading, "peak": peak}))
"""


def texts() -> Iterator[str]:
    """Endless messages of up to 64 characters; the same few thousand again, each with its number."""
    known = [text[:LONGEST_TEXT] for text in islice(sentences(0), 5000)]
    number = 0
    while True:
        for text in known:
            yield f"{text[: -len(str(number))]}{number}"
            number += 1


def write_source(path: Path, rows: int) -> None:
    """A table with an id and a text; one text in fifty is in quotes because it holds a comma."""
    lines = path.suffix == ".jsonl"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("" if lines else "id,text\n")
        for number, text in enumerate(islice(texts(), rows)):
            if lines:
                file.write(json.dumps({"id": number, "text": text}) + "\n")
            else:
                file.write(f'{number},"{text}, and more"\n' if number % 50 == 0 else f"{number},{text}\n")


def main() -> int:
    """Print a table; exit code 0 where the largest file takes hardly more memory than the smallest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--kinds", default="csv,jsonl")
    options = parser.parse_args()
    clean_up_on_sigterm()
    print(f"Machine: {describe_machine()}")
    columns = f"{'seconds':>8} {'first reading':>14} {'rows/s':>8} {'peak MB':>8}"
    print(f"{'what':6} {'rows':>11} {'file MB':>8} {columns}")
    kept = True
    for kind in options.kinds.split(","):
        peaks = [measure(kind, rows) for rows in options.rows]
        kept = peaks[-1] <= MOST_GROWTH * peaks[0] and kept
    return 0 if kept else 1


def measure(kind: str, rows: int) -> float:
    """Answer a file of so many rows and print how that went; its peak memory in bytes."""
    with tempfile.TemporaryDirectory(prefix="studio-streaming-") as folder:
        path = Path(folder) / f"texts.{kind}"
        write_source(path, rows)
        found = run_program(PROGRAM, path)
        size = path.stat().st_size / MEGABYTE
    if found["rows"] != rows:
        raise SystemExit(f"{found['rows']} of {rows} rows were answered.")
    print(
        f"{kind:6} {rows:>11,} {size:>8,.0f} {found['seconds']:>8.1f} {found['reading']:>12.1f} s "
        f"{rows / found['seconds']:>8,.0f} {found['peak'] / MEGABYTE:>8.0f}",
        flush=True,
    )
    return float(found["peak"])


if __name__ == "__main__":
    sys.exit(main())
