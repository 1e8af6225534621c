"""What is found in the rows of a new version: the checks again, and what only the file could tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.checks.rows import recheck
from studio.data.columns import TEXT
from studio.data.dataset import Dataset
from studio.data.near import find_near_duplicates
from studio.data.problems import Problem
from studio.errors import InvalidInput

# A row with such a finding is in no dataset: the finding is about rows that were left out.
LEFT_OUT_CODES = ("missing_text", "missing_label", "label_not_in_file", "unseen_label", "unknown_label")
OF_LABELS_FILE = "unused_labels"
# Of more rows, nearly the same texts are looked for in the background.
NEAR_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Rechecked:
    """The findings of a new version, and the marks (int64) of its rows: bit i means ``mark_codes[i]``."""

    problems: tuple[Problem, ...]
    mark_codes: tuple[str, ...]
    marks: np.ndarray


def recheck_rows(rows: pd.DataFrame, parent: Dataset) -> Rechecked:
    """Check rows that were made from a dataset's (its roles, line, file, split).

    Raises InvalidInput, with all problems, where a row has an error now. A table that was imported to score
    models on has no training rows, and may have what a dataset to train on may not.
    """
    at_once = TEXT in rows and len(rows) <= NEAR_ROWS_AT_ONCE
    near = find_near_duplicates(rows[TEXT]) if at_once else None
    checked = recheck(rows, parent.roles, near=near)
    errors = [problem for problem in checked.problems if problem.severity == "error"]
    if errors and parent.rows.get("train"):
        raise InvalidInput(
            f"The new version of '{parent.name}' would not be usable: {errors[0].message}",
            errors[0].hint,
            problems=errors,
        )
    found = [problem for problem in checked.problems if problem.severity != "error"]
    return Rechecked((*carried(parent), *found), checked.codes, checked.rows["marks"].to_numpy())


def carried(parent: Dataset) -> list[Problem]:
    """The findings that the rows alone cannot tell again."""
    kept = {*parent.reading_codes, *LEFT_OUT_CODES, OF_LABELS_FILE} - set(parent.mark_codes)
    return [problem for problem in parent.problems if problem.code in kept]
