"""What is found in the rows of a new version: the checks again, and what only the file could tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.answers.registry import KINDS, has_single_labels, kind_of
from studio.data.checks.findings import Finding
from studio.data.checks.rows import recheck
from studio.data.columns import LABEL
from studio.data.dataset import Dataset
from studio.data.near import find_near_at_once
from studio.data.problems import Problem, first_rows
from studio.errors import InvalidInput

# A row with such a finding is in no dataset: the finding is about rows that were left out.
LEFT_OUT_CODES = (
    "missing_text",
    "label_not_in_file",
    "unseen_label",
    "unknown_label",
    *(words.code for kind in KINDS for words in kind.words),
)
DIVISION_CODES = ("large_group", "incomparable_split")
OF_LABELS_FILE = "unused_labels"
LOST_LABELS = "label_not_in_train"
UNSEEN = "unseen_label"
AS_IMPORTED = "As imported: "


@dataclass(frozen=True)
class Rechecked:
    """The findings of a new version, and of its rows ``marks`` (int64) and ``keys`` (uint64).

    Bit i of a mark means ``mark_codes[i]``; rows with the same text have the same key.
    """

    problems: tuple[Problem, ...]
    mark_codes: tuple[str, ...]
    marks: np.ndarray
    keys: np.ndarray


def recheck_rows(rows: pd.DataFrame, parent: Dataset, codes: Sequence[str]) -> Rechecked:
    """Check rows that were made from a dataset's (its roles, line, file, split, and marks of ``codes``).

    Raises InvalidInput, with all problems, where a row has an error now. A table that was imported to score
    models on has no training rows, and may have what a dataset to train on may not.
    """
    told = still_told(rows, codes, parent.problems)
    checked = recheck(rows, parent.roles, near=find_near_at_once(rows), told=told)
    errors = [problem for problem in checked.problems if problem.severity == "error"]
    if unseen_labels(rows) <= known_unseen(parent):
        errors = [problem for problem in errors if problem.code != UNSEEN]
    if errors and parent.rows.get("train"):
        raise InvalidInput(
            f"The new version of '{parent.name}' would not be usable: {errors[0].message}",
            errors[0].hint,
            problems=errors,
        )
    found = [problem for problem in checked.problems if problem.severity != "error"]
    marks, keys = checked.rows["marks"].to_numpy(), checked.rows["key"].to_numpy()
    return Rechecked((*carried(parent, rows), *found), checked.codes, marks, keys)


def still_told(rows: pd.DataFrame, codes: Sequence[str], problems: Sequence[Problem]) -> list[Finding]:
    """Of what reading the cells has told of rows, what still holds of some, by their marks of ``codes``."""
    told = []
    for code in kind_of(rows).parsed:
        if code in codes:
            places = np.flatnonzero(rows["marks"].to_numpy() >> codes.index(code) & 1)
            about = [problem for problem in problems if problem.code == code]
            left = tuple(filter(None, (left_of(problem, rows, places) for problem in about)))
            told += [Finding(code, places, left)] if len(places) else []
    return told


def left_of(problem: Problem, rows: pd.DataFrame, places: np.ndarray) -> Problem | None:
    """What was told of rows of a file, of those that are left at ``places``; None without any."""
    marked, one_file = rows.iloc[places], bool((rows["file"] == problem.file).any())
    own = marked[marked["file"] == problem.file] if one_file else marked
    if len(own) == problem.count:
        return problem
    message = AS_IMPORTED + problem.message.removeprefix(AS_IMPORTED)
    lines = first_rows(own["line"].to_numpy())
    return replace(problem, message=message, count=len(own), rows=lines) if len(own) else None


def unseen_labels(rows: pd.DataFrame) -> set[str]:
    """Labels of validation and test rows that no training row has."""
    if not has_single_labels(rows):
        return set()
    training = (rows["split"] == "train").to_numpy(dtype=bool)
    return set(rows.loc[~training, LABEL].unique()) - set(rows.loc[training, LABEL].unique())


def known_unseen(parent: Dataset) -> set[str]:
    """The same of a dataset; a division by time or by groups may leave some."""
    seen = parent.class_counts.get("train", {})
    others = [parent.class_counts.get(split, {}) for split in ("validation", "test")]
    return {label for counts in others for label, count in counts.items() if count and not seen.get(label)}


def carried(parent: Dataset, rows: pd.DataFrame) -> list[Problem]:
    """The findings that the rows alone cannot tell again, and that still hold of them."""
    kept = {*parent.reading_codes, *LEFT_OUT_CODES, *DIVISION_CODES, OF_LABELS_FILE} - set(parent.mark_codes)
    kept = kept | {LOST_LABELS} if unseen_labels(rows) else kept - {LOST_LABELS}
    return [problem for problem in parent.problems if problem.code in kept]
