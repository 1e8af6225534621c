"""Actions on texts that occur more than once: keep one, or keep them on one side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.checks.repeats import find_near_repeats, find_repeats
from studio.data.fixes import FixChoice, Step
from studio.data.mends.workbench import Bench, change, drop

SIDES = {"all": 0, "train": 0, "validation": 1, "test": 2}


def drop_repeats(bench: Bench, choice: FixChoice) -> Step:
    """The first of equal texts with the same label, on each side."""
    mask = find_repeats(bench.view(near=False), bench.keys())
    return drop(bench, choice, mask, "the same text and label as an earlier row")


def drop_near_repeats(bench: Bench, choice: FixChoice) -> Step:
    """The first of nearly equal texts with the same label, on each side."""
    view = bench.view(near=True)
    assert view.near is not None
    return drop(bench, choice, find_near_repeats(view, view.near), "nearly the same text as an earlier row")


def move_to_train(bench: Bench, choice: FixChoice) -> Step:
    """All rows of a shared text in training."""
    shared, sides, _ = share(bench, choice)
    names = bench.rows["split"].to_numpy(dtype=object).copy()
    names[shared & (sides > 0)] = "all" if (names == "all").any() else "train"
    cells = pd.Series(names, index=bench.rows.index, dtype="str")
    return change(bench, choice, "split", cells, "moved to training, where the whole text now is")


def drop_from_train(bench: Bench, choice: FixChoice) -> Step:
    """A shared text on its last side alone."""
    shared, sides, groups = share(bench, choice)
    last = np.full(int(groups.max(initial=0)) + 1, -1)
    np.maximum.at(last, groups[shared], sides[shared])
    return drop(bench, choice, shared & (sides < last[groups]), "the text is on a later side too")


def drop_from_test(bench: Bench, choice: FixChoice) -> Step:
    """A shared text on its first side alone."""
    shared, sides, groups = share(bench, choice)
    first = np.full(int(groups.max(initial=0)) + 1, len(SIDES))
    np.minimum.at(first, groups[shared], sides[shared])
    return drop(bench, choice, shared & (sides > first[groups]), "the text is on an earlier side too")


def share(bench: Bench, choice: FixChoice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows have a text that is on several sides; the side and the text's number for each."""
    sides = bench.rows["split"].map(SIDES).to_numpy(dtype=np.int64)
    groups, _ = pd.factorize(bench.view(near=False).shared)
    if choice.code == "near_shared_text":
        near = bench.view(near=True).near
        assert near is not None
        # Rows without a group stay apart from all groups, and together with their equals.
        groups = np.where(near >= 0, near, groups + near.max(initial=0) + 1)
        groups, _ = pd.factorize(groups)
    count = int(groups.max(initial=-1)) + 1
    low, high = np.full(count, len(SIDES)), np.full(count, -1)
    np.minimum.at(low, groups, sides)
    np.maximum.at(high, groups, sides)
    return (low < high)[groups], sides, groups
