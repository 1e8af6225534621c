"""Milliseconds to a page of 50 rows in a dataset of a million, for each kind of question, and to export it.

``--rows`` chooses another size. Each question is asked once of a fresh browser, and once more for a page
deep in what it found; the memory is the most that the process held while it browsed, above what it held
before.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa

from bench.command import describe_machine
from bench.importing import LABELS
from studio.data.browsing import Browser, RowQuery
from studio.data.dataset import Dataset
from studio.data.exporting import MEDIA_TYPES, export_rows
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library, describe
from studio.data.splits import SPLITS
from studio.files import folder_bytes

ROWS, FEW = 1_000_000, 2_000
FIRST_SECONDS, DEEP_SECONDS = 1.0, 0.2
CODES = ("duplicate_text", "long_text")
QUESTIONS = {
    "no filter": RowQuery(),
    "a split": RowQuery(split="test"),
    "a label": RowQuery(label=LABELS[0]),
    "a finding": RowQuery(finding="long_text"),
    "a length": RowQuery(shortest=120, longest=130),
    "a search, found often": RowQuery(search="NUMBER 1"),
    "a search, found rarely": RowQuery(search="number 77777"),
    "a search, found never": RowQuery(search="zzzz"),
    "a search with label and length": RowQuery(label=LABELS[1], longest=200, search="number 1"),
}


def make_texts(rows: int) -> list[str]:
    """Distinct texts of 90 to 220 characters from 20,000 words, the same each time."""
    draw = np.random.default_rng(1)
    letters = np.array(list("etaoinshrdlucmfgypwbvk"))
    words = np.array(["".join(draw.choice(letters, size)) for size in draw.integers(2, 10, 20_000)])
    places = (20_000 * draw.random((rows, 24)) ** 3).astype(np.int64)  # some words are much more common
    counts = draw.integers(14, 25, rows)
    return [
        f"{' '.join(words[place[:count]])} number {row}"
        for row, (place, count) in enumerate(zip(places, counts, strict=True))
    ]


def make_dataset(library: Library, folder: Path, rows: int) -> Dataset:
    """A dataset of that many rows, 80 % of them to train on; only a part is imported, the rest is put in."""
    texts = make_texts(rows)
    labels = [LABELS[row % len(LABELS)] for row in range(rows)]
    frame = pd.DataFrame({"text": texts, "label": labels})
    small = folder / "small.csv"
    frame.head(FEW).to_csv(small, index=False)
    dataset = describe(prepare_import(ImportRequest(path=small, name="bench")), "b" * 32)
    at = np.arange(rows)
    marks = (at % 50 == 0) * 1 + (at % 1000 == 0) * 2
    frame = frame.assign(line=at + 2, file="small.csv", marks=marks)
    sides = np.asarray(SPLITS, dtype=object)[np.minimum(np.maximum(at % 10 - 7, 0), 2)]
    frames = {split: frame[sides == split].reset_index(drop=True) for split in SPLITS}
    counts = {split: len(part) for split, part in frames.items()}
    return library.keep(replace(dataset, rows=counts, mark_codes=CODES), frames)


def time_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    started = time.monotonic()
    answer = work()
    return time.monotonic() - started, answer


def ask(library: Library, dataset: Dataset, query: RowQuery) -> tuple[float, float, int]:
    """Seconds to the first page and to a deep one, and how many rows there are; the median of three."""
    first, deep, total = [], [], 0
    for _ in range(3):
        browser = Browser(library)
        seconds, page = time_of(lambda browser=browser: browser.page(dataset, query))
        first.append(seconds)
        total = page.total
        far = total // 2
        deep.append(time_of(lambda browser=browser, far=far: browser.page(dataset, query, far))[0])
    return median(first), median(deep), total


def main() -> int:
    """Print the table; 1 where a limit is passed at a million rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    print(describe_machine())
    passed = True
    with tempfile.TemporaryDirectory() as place:
        library = Library(Path(place) / "datasets")
        dataset = make_dataset(library, Path(place), rows)
        gc.collect()
        pa.default_memory_pool().release_unused()
        before = most = psutil.Process().memory_info().rss
        print(f"{rows:,} rows, {folder_bytes(library.folder(dataset.id)) / 1e6:.0f} MB", flush=True)
        print("| question | rows found | first page, ms | deep page, ms |\n|---|---:|---:|---:|")
        for name, query in QUESTIONS.items():
            first, deep, total = ask(library, dataset, query)
            most = max(most, psutil.Process().memory_info().rss)
            passed &= first <= FIRST_SECONDS and (query.is_filter or deep <= DEEP_SECONDS)
            print(f"| {name} | {total:,} | {1000 * first:.0f} | {1000 * deep:.0f} |", flush=True)
        print(f"Memory while browsing: {(most - before) / 1e6:.0f} MB more")
        for name in MEDIA_TYPES:
            seconds, _ = time_of(lambda name=name: export_rows(library, dataset, Path(place) / "out", name))
            print(f"Export as {name}: {seconds:.1f} s", flush=True)
    return 0 if passed or rows < ROWS else 1


if __name__ == "__main__":
    raise SystemExit(main())
