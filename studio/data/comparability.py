"""Whether scores on a new dataset may be set beside those on earlier ones that share its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from studio.data.dataset import Dataset
from studio.data.problems import Problem
from studio.data.splits.plans import SPLITS

SKETCH_SIZE = 256
# JSON numbers are exact up to 53 bits everywhere.
SKETCH_SHIFT = np.uint64(11)
FEWEST_SAMPLED = 8
SHARED_SHARE = 0.2
CHANGED_SHARE = 0.05
TRAINED_SHARE = 0.02
NAMED_DATASETS = 3

Sketches = Mapping[str, Sequence[int]]


def sketch_rows(keys: np.ndarray) -> tuple[int, ...]:
    """The 256 smallest of the distinct text keys (uint64), ascending: a fair sample of the texts.

    Two sketches sample by the same rule, so that their common part tells how much two sets share
    (bottom-k: Cohen and Kaplan, 2007).
    """
    return tuple(int(key) for key in np.unique(keys >> SKETCH_SHIFT)[:SKETCH_SIZE])


def overlap(sketch: Sequence[int], other: Sequence[int]) -> float:
    """The share (0 to 1) of the first set's texts that are in the other too; 0 where too little is known.

    >>> overlap(range(100), range(50, 150))
    0.5

    Exact for sets of up to 256 texts; else from a sample, give or take 6 points for like sizes.
    """
    limit = min((ends[-1] for ends in (sketch, other) if len(ends) >= SKETCH_SIZE), default=None)
    mine = {key for key in sketch if limit is None or key <= limit}
    if len(mine) < min(FEWEST_SAMPLED, len(sketch)) or not mine:
        return 0.0
    return len(mine & set(other)) / len(mine)


def merge_sketches(sketches: Sketches) -> tuple[int, ...]:
    """The sketch of all splits together."""
    return tuple(sorted({key for sketch in sketches.values() for key in sketch})[:SKETCH_SIZE])


def warn_incomparable(sketches: Sketches, earlier: Sequence[Dataset]) -> list[Problem]:
    """Earlier datasets that share rows with the new one but keep others for the test.

    ``sketches`` is {split: sketch_rows of its keys}. The datasets that share most come first, three at most.
    """
    if not sketches.get("test"):
        return []
    whole = merge_sketches(sketches)
    found = []
    for dataset in earlier:
        shared = overlap(whole, merge_sketches(dataset.sketches))
        if shared < SHARED_SHARE or not dataset.sketches.get("test"):
            continue
        changed = 1 - overlap(sketches["test"], dataset.sketches["test"])
        trained = overlap(sketches["test"], dataset.sketches.get("train", ()))
        if changed > CHANGED_SHARE or trained > TRAINED_SHARE:
            found.append((shared, describe_difference(dataset, shared, changed, trained)))
    return [problem for _, problem in sorted(found, key=lambda pair: -pair[0])[:NAMED_DATASETS]]


def describe_difference(dataset: Dataset, shared: float, changed: float, trained: float) -> Problem:
    """The warning, with numbers."""
    leak = f" and about {trained:.0%} of them were training rows there" if trained > TRAINED_SHARE else ""
    return Problem(
        "warning",
        "incomparable_split",
        f'About {shared:.0%} of the rows are also in "{dataset.name}", but about {changed:.0%} of the test '
        f"rows are others{leak}.",
        "Scores on different test rows cannot be compared; a model trained there has seen some of these."
        if leak
        else "Scores on different test rows cannot be compared.",
        f'To compare with models of "{dataset.name}", use its shares and seed ({dataset.split.seed}), '
        "or bring its test rows as a file of their own.",
    )


def sketch_splits(keys_by_split: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """A sketch per split, in the order of the splits."""
    return {split: sketch_rows(keys_by_split[split]) for split in SPLITS if split in keys_by_split}
