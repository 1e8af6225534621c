"""A new version of a dataset: other rows, and everything that is known of them found out again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of, labels_in
from studio.data.comparability import sketch_rows
from studio.data.dataset import Dataset, Profile
from studio.data.fingerprints import fingerprint, fingerprint_rows
from studio.data.fixes import FixChoice, Step, ignored_in
from studio.data.importing import PreparedImport, count_labels, measure_lengths
from studio.data.labels import order_labels
from studio.data.library import Library
from studio.data.problems import by_severity
from studio.data.rechecking import recheck_rows
from studio.data.splits import SPLITS
from studio.errors import InvalidInput

HISTORY, RESTORE, UNDO = "history", "restore", "undo"
NOTES = (RESTORE, UNDO)  # steps that only say what was done with other steps


@dataclass(frozen=True)
class NewVersion:
    """A version that is ready to be kept: its description and its rows by split."""

    dataset: Dataset
    frames: dict[str, pd.DataFrame]


def gather_rows(library: Library, dataset: Dataset) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """All rows below each other (train, validation, test) with ``split`` and ``marks``, and what marks mean.

    The marks are those of the import and those found later, bit i for the i-th code.
    """
    profile = library.profile(dataset.id) or Profile()
    codes = tuple(dict.fromkeys([*dataset.mark_codes, *profile.mark_codes]))
    parts = []
    for split in SPLITS:
        stored = library.stored(dataset.id, split)
        frame = stored.read([name for name in stored.columns if name != "length"])
        marks = frame["marks"].to_numpy().copy() if "marks" in frame else np.zeros(len(frame), np.int64)
        for bit, code in enumerate(profile.mark_codes):
            has = profile.marks.get(split, np.zeros(len(frame), np.int64)) >> bit & 1
            marks |= has << codes.index(code)
        parts.append(frame.assign(split=split, marks=marks))
    return pd.concat(parts, ignore_index=True), codes


def make_version(
    parent: Dataset, rows: pd.DataFrame, steps: tuple[Step, ...], number: int, codes: Sequence[str] = ()
) -> NewVersion:
    """Describe the rows (columns of the parent's roles, line, file, split) as version ``number``.

    Their ``marks`` are of ``codes``, where these are given, else of the parent's.
    Raises InvalidInput where a split would lose its last row, or where an error stands in the way now.
    """
    refuse_empty(parent, rows)
    checked = recheck_rows(rows, parent, codes or parent.mark_codes)
    rows = rows.drop(columns="marks", errors="ignore").assign(marks=checked.marks)
    sides = rows["split"].to_numpy(dtype=object)
    plain = rows.drop(columns="split")
    frames = {split: plain[sides == split].reset_index(drop=True) for split in SPLITS}
    labels = label_order(parent, rows)
    splits = {split: fingerprint_rows(frame) for split, frame in frames.items()}
    dataset = replace(
        parent,
        id=uuid.uuid4().hex,
        fingerprint=fingerprint(parent.task, labels, splits),
        labels=labels,
        rows={split: len(frame) for split, frame in frames.items()},
        problems=tuple(by_severity(checked.problems)),
        created_at=datetime.now(UTC),
        class_counts=count_labels(frames, list(labels)),
        lengths=measure_lengths(frames, parent.roles),
        split_fingerprints=splits,
        version=number,
        parent=parent.id,
        steps=steps,
        answered=decided_with(parent, steps),
        mark_codes=checked.mark_codes,
        sketches={split: sketch_rows(checked.keys[sides == split]) for split in SPLITS},
    )
    return NewVersion(dataset, frames)


def decided_with(dataset: Dataset, steps: tuple[Step, ...]) -> tuple[FixChoice, ...]:
    """What was decided about the findings of a dataset, and by steps after it, each once."""
    return tuple(dict.fromkeys((*dataset.answered, *ignored_in(steps))))


def keep_import(library: Library, prepared: PreparedImport) -> list[Dataset]:
    """Keep an import: as read, and where fixes of rows were chosen as a second version that can be undone.

    Raises InvalidInput with all problems where an error stands in the way.
    """
    prepared.raise_if_blocking()
    if prepared.base is None or prepared.base.blocking:
        return [library.save(prepared)]
    first = library.save(prepared.base)
    rows = pd.concat(
        [frame.assign(split=split) for split, frame in prepared.frames.items()], ignore_index=True
    )
    try:
        new = make_version(first, rows, prepared.steps, 2, prepared.mark_codes)
        return [first, library.keep(new.dataset, new.frames)]
    except BaseException:
        library.delete(first.id)
        raise


def same_rows(source: Dataset, parent: Dataset, steps: tuple[Step, ...], number: int) -> Dataset:
    """The description of a version with the rows of ``source``."""
    return replace(
        source,
        id=uuid.uuid4().hex,
        created_at=datetime.now(UTC),
        version=number,
        parent=parent.id,
        steps=steps,
        answered=decided_with(source, steps),
    )


def refuse_empty(parent: Dataset, rows: pd.DataFrame) -> None:
    """Raise InvalidInput where a split that had rows would have none."""
    counts = rows["split"].value_counts()
    for split in SPLITS:
        if parent.rows.get(split) and not counts.get(split, 0):
            raise InvalidInput(
                f"No {split} row would be left in '{parent.name}'.",
                "Leave some rows in each of train, validation and test.",
            )


def label_order(parent: Dataset, rows: pd.DataFrame) -> tuple[str, ...]:
    """The labels of the rows; an order that came from a labels file stays, and so do its unused labels."""
    if kind_of(rows).labels is None:
        return parent.labels
    now = set(labels_in(rows))
    used = {label for counts in parent.class_counts.values() for label, count in counts.items() if count}
    ordered = order_labels(list(used))
    if list(parent.labels) == ordered:
        return tuple(order_labels(list(now)))
    kept = [label for label in parent.labels if label in now or label not in used]
    return (*kept, *order_labels([label for label in now if label not in kept]))
