"""Seconds and memory of each check on a made table: ``python -m bench.doctor --rows 1000000``."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.command import describe_machine
from studio.data.checks.characters import find_controls, find_html, find_mojibake, find_urls
from studio.data.checks.labels import check_labels
from studio.data.checks.personal import find_emails, find_numbers, find_phones
from studio.data.checks.rows import check_frames
from studio.data.checks.scripts import find_scripts
from studio.data.near import find_near_duplicates
from studio.data.texts import is_blank, text_keys

ROLES = {"text": "text", "label": "label"}
WORDS_PER_TEXT = 25


def make_rows(count: int, seed: int = 0) -> pd.DataFrame:
    """Rows of about 150 characters, one in ten Chinese; words as unevenly common as in real text."""
    chance = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    words = np.array(["".join(chance.choice(letters, chance.integers(2, 10))) for _ in range(20_000)])
    characters = np.array([chr(0x4E00 + place) for place in range(3_000)])
    parts = []
    for start in range(0, count, 50_000):
        rows = min(50_000, count - start)
        picked = np.minimum(chance.zipf(1.3, (rows, WORDS_PER_TEXT)) - 1, len(words) - 1)
        texts = [" ".join(row) for row in words[picked]]
        signs = characters[np.minimum(chance.zipf(1.2, (rows // 10, 50)) - 1, len(characters) - 1)]
        texts[: rows // 10] = ["".join(row) for row in signs]
        parts.append(pa.array(texts, pa.large_string()))
    labels = np.array(["sport", "politics", "business", "tech"])[chance.integers(0, 4, count)]
    return pd.DataFrame(
        {
            "text": pd.Series(pa.chunked_array(parts).to_pandas(), dtype="str"),
            "label": pd.Series(labels, dtype="str"),
            "line": np.arange(2, count + 2),
            "file": pd.Series(["made.csv"], dtype="str").repeat(count).to_numpy(),
            "split": "all",
        }
    )


def measure(name: str, work: Callable[[], object]) -> object:
    """Run it, and print its seconds and the highest memory so far."""
    start, busy = time.perf_counter(), time.process_time()
    value = work()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    print(f"{name:20} {seconds:7.2f} s, {busy:7.2f} s of CPU, peak {peak_megabytes():,.0f} MB", flush=True)
    return value


def peak_megabytes() -> float:
    """The most memory this process has held, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Measure every check alone, all of them together, and the search for near duplicates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--together", action="store_true", help="only all checks at once, for their memory")
    parser.add_argument("--near", action="store_true", help="only near duplicates")
    options = parser.parse_args()
    print(describe_machine())
    rows = make_rows(options.rows)
    texts = rows["text"]
    print(f"{len(rows):,} rows, {int(texts.str.len().sum()):,} characters, peak {peak_megabytes():,.0f} MB")
    if not (options.together or options.near):
        measure("text_keys", lambda: text_keys(texts))
        for find in FINDERS:
            measure(find.__name__, lambda find=find: find(texts))
        measure("check_labels", lambda: check_labels(rows, "label"))
    if not options.near:
        checked = measure("all exact findings", lambda: check_frames({"all": rows}, ROLES))
        print(*(f"  {problem.code}: {problem.count:,}" for problem in checked.problems), sep="\n")  # type: ignore[attr-defined]
        del checked
    if not options.together:
        near = measure("near duplicates", lambda: find_near_duplicates(texts))
        print(f"  {near.checked:,} pairs compared, {near.kept:,} kept")  # type: ignore[attr-defined]


FINDERS: tuple[Callable[[pd.Series], np.ndarray], ...] = (
    is_blank,
    find_controls,
    find_mojibake,
    find_html,
    find_urls,
    find_emails,
    find_phones,
    find_numbers,
    find_scripts,
)

if __name__ == "__main__":
    main()
