"""Texts on two sides of a division, looked for once every row has its side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.findings import ALL, View, mark_rows
from studio.data.checks.repeats import check_near, check_shared
from studio.data.columns import main_text
from studio.data.problems import Problem
from studio.data.texts import content_keys

TOGETHER = ("ratios", "folds")
# What is said of a row before it has its side is said anew: which of these it has depends on the sides.
LEAKS = ("shared_text", "near_shared_text", "near_duplicate_text", "near_conflicting_labels")


@dataclass(frozen=True)
class Leaks:
    """The findings, and the rows' marks (int64) with those of leaks anew: bit i means ``codes[i]``."""

    problems: tuple[Problem, ...]
    codes: tuple[str, ...]
    marks: np.ndarray


def find_leaks(
    rows: pd.DataFrame, sides: np.ndarray, roles: Mapping[str, str], codes: tuple[str, ...], plan_kind: str
) -> Leaks:
    """Look at rows on their sides: a column per role, line, file, key, marks of ``codes``, perhaps near."""
    found = []
    # Where all sides were drawn from one file at random, the same text cannot be on two of them.
    drawn = plan_kind in TOGETHER and bool((rows["split"] == ALL).all())
    if main_text(rows) and len(rows) and not (drawn and "near" not in rows):
        near = rows["near"].to_numpy() if "near" in rows else None
        divided = rows.assign(split=sides).reset_index(drop=True)
        view = View(
            divided, roles, kind_of(roles), content_keys(divided, roles, divided["key"].to_numpy()), near
        )
        found = check_shared(view, near=False)
        found += check_near(view)
    fresh, bits = mark_rows(found, len(rows))
    every = tuple(dict.fromkeys((*codes, *fresh)))
    marks = rows["marks"].to_numpy().copy()
    for code in LEAKS:
        if code in codes:
            marks &= ~np.int64(1 << codes.index(code))
    for place, code in enumerate(fresh):
        marks |= ((bits >> place) & 1) << every.index(code)
    return Leaks(tuple(problem for finding in found for problem in finding.problems), every, marks)
