"""Texts that occur more than once: repeats, contradictions, and the same text in training and test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from studio.data.checks.findings import TRAINING, Finding, View, Words, report_rows

EARLIER = {"validation": TRAINING, "test": (*TRAINING, "validation")}

NEAR_CONFLICT = Words(
    "near_conflicting_labels",
    "note",
    "row has nearly the same text as one with another label",
    "rows have nearly the same text as one with another label",
    "Small differences can matter; where they do not, one of the labels is wrong.",
    "Look at a few of them, and correct the labels that are wrong.",
)
DUPLICATE = Words(
    "duplicate_text",
    "note",
    "row repeats an earlier text",
    "rows repeat an earlier text",
    "A text in both training and test would make the score look better than it is.",
    "Nothing to do: the same text stays on one side of the split. Repeats count more in training.",
)
NEAR_DUPLICATE = Words(
    "near_duplicate_text",
    "note",
    "row nearly repeats an earlier text",
    "rows nearly repeat an earlier text",
    "Such rows teach little that is new, and weigh more than others in training and in the score.",
    "Keep the first of each, or leave them if they are real messages that people sent.",
)
NEAR_DUPLICATE_BEFORE = replace(
    NEAR_DUPLICATE,
    severity="warning",
    why="Where one is in training and the other in the test, the score looks better than it is.",
    hint="Keep the first of each, or keep them together when the rows are divided.",
)
SHARED_WHY = "The model has seen these texts, so its score is better than it will be on new ones."
SHARED_HINT = "Move them to training, or leave them out on one side."


def check_repeats(view: View) -> list[Finding]:
    """Everything about texts that occur more than once, exactly or nearly."""
    found: list[Finding] = []
    column = view.roles[view.main]
    if view.answer:
        torn = find_conflicts(view.keys, view.answers)
        found += report_rows(view.rows, torn, view.kind.conflict, column)
    found += check_shared(view, near=False)
    found += report_rows(view.rows, find_repeats(view, view.keys), DUPLICATE, column)
    return found + check_near(view)


def check_near(view: View) -> list[Finding]:
    """Everything about texts that are nearly the same; nothing where these were not looked for."""
    found: list[Finding] = []
    column = view.roles[view.main]
    if view.near is None:
        return found
    if view.answer and view.kind.near:
        found += report_rows(view.rows, find_near_conflicts(view, view.near), NEAR_CONFLICT, column)
    found += check_shared(view, near=True)
    words = NEAR_DUPLICATE if view.is_divided else NEAR_DUPLICATE_BEFORE
    found += report_rows(view.rows, find_near_repeats(view, view.near), words, column)
    return found


def check_shared(view: View, *, near: bool) -> list[Finding]:
    """Rows of validation and test whose text, or nearly the same, an earlier side has."""
    found: list[Finding] = []
    for split in EARLIER:
        wrong = find_shared(view, split, near=near)
        others = name_others(view, split)
        what = f"nearly the same text as a row of {others}" if near else f"a text that occurs in {others} too"
        words = Words(
            "near_shared_text" if near else "shared_text",
            "warning",
            f"{split} row has {what}",
            f"{split} rows have {what}",
            SHARED_WHY,
            SHARED_HINT,
        )
        found += report_rows(view.rows, wrong, words, view.roles[view.main])
    return found


def name_others(view: View, split: str) -> str:
    """The sides before this one, in words."""
    present = set(view.rows["split"].unique())
    names = ["training" if each in TRAINING else each for each in EARLIER[split] if each in present]
    return " or ".join(names)


def find_shared(view: View, split: str, *, near: bool) -> np.ndarray:
    """Which rows are of this split and have a text, or nearly one, that an earlier side has."""
    sides = view.rows["split"]
    here = (sides == split).to_numpy(dtype=bool)
    before = sides.isin(EARLIER[split]).to_numpy(dtype=bool)
    if not here.any() or not before.any():
        return np.zeros(len(here), dtype=bool)
    shared = here & np.isin(view.shared, view.shared[before])
    if not near:
        return shared
    assert view.near is not None
    grouped = view.near >= 0
    return here & grouped & np.isin(view.near, view.near[before & grouped]) & ~shared


def find_conflicts(keys: np.ndarray, labels: pd.Series) -> np.ndarray:
    """Which rows have a key that occurs with different labels."""
    codes, _ = pd.factorize(labels)
    repeated = pd.Series(keys).duplicated(keep=False).to_numpy()
    pairs = pd.DataFrame({"key": keys[repeated], "label": codes[repeated]}).drop_duplicates()
    torn = pairs.loc[pairs["key"].duplicated(), "key"].to_numpy()
    return repeated & np.isin(keys, torn) if len(torn) else np.zeros(len(keys), dtype=bool)


def find_near_conflicts(view: View, near: np.ndarray) -> np.ndarray:
    """Which rows are nearly the same as a row with another label, and not exactly the same as one."""
    grouped = near >= 0
    wrong = np.zeros(len(near), dtype=bool)
    answers = view.answers
    wrong[grouped] = find_conflicts(near[grouped], answers[grouped])
    return wrong & ~find_conflicts(view.keys, answers)


def find_repeats(view: View, keys: np.ndarray) -> np.ndarray:
    """Which rows have the text, the label and the side of an earlier row."""
    repeated = pd.Series(keys).duplicated(keep=False).to_numpy()
    wrong = np.zeros(len(keys), dtype=bool)
    part = view.rows[repeated]
    columns = {"key": keys[repeated], "split": part["split"].to_numpy()}
    if view.answer:
        columns["answer"] = view.answers[repeated].to_numpy()
    wrong[repeated] = pd.DataFrame(columns).duplicated().to_numpy()
    return wrong


def find_near_repeats(view: View, near: np.ndarray) -> np.ndarray:
    """Which rows are nearly the same as an earlier one of their side and label, exact repeats aside."""
    grouped = np.flatnonzero(near >= 0)
    part = view.rows.iloc[grouped]
    columns = {"group": near[grouped], "split": part["split"].to_numpy()}
    if view.answer:
        columns["answer"] = view.answers.iloc[grouped].to_numpy()
    frame = pd.DataFrame(columns).assign(key=view.shared[grouped])
    firsts = frame.groupby(list(columns), sort=False)["key"].transform("first").to_numpy()
    wrong = np.zeros(len(near), dtype=bool)
    wrong[grouped[frame["key"].to_numpy() != firsts]] = True
    return wrong
