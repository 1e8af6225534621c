"""Texts that occur more than once: repeats, contradictions, and the same text in training and test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from studio.data.checks.findings import TRAINING, Finding, View, Words, report_rows
from studio.data.checks.personal import is_personal
from studio.data.fixes import find_action, fixes_of
from studio.data.names import show_name

MAJORITY = "majority_label"
LONGEST_TEXT, LONGEST_ANSWER = 70, 30
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


@dataclass(frozen=True)
class Twins:
    """Says of a row which other one of its group it is told for.

    ``groups`` (rows,) are alike for rows with the same text, or nearly; ``chosen`` tells which of some rows
    of a view, bool, may be told for one of them.
    """

    view: View
    groups: np.ndarray
    chosen: Callable[[View, int, np.ndarray], np.ndarray]

    def __call__(self, number: int) -> str:
        """Both rows, by line, answer and text; not the text where it may hold personal data."""
        others = np.flatnonzero(self.groups == self.groups[number])
        others = others[others != number]
        fitting = others[self.chosen(self.view, number, others)]
        here = f"L{self.name(number)[1:]}"
        if not len(fitting):
            return f"{here}{self.text(number)}"
        other = int(fitting[0])
        if self.view.keys[number] == self.view.keys[other]:
            return f"{here} and {self.name(other)}{self.text(number)}"
        return f"{here}{self.text(number)}, and {self.name(other)}{self.text(other)}"

    def name(self, number: int) -> str:
        """Where a row stands, and its answer."""
        row = self.view.rows.iloc[number]
        where = f"line {row['line']:,}" + (f" of {row['file']}" if self.view.has_files else "")
        return f"{where} ({show_name(row[self.view.answer], LONGEST_ANSWER)})" if self.view.answer else where

    def text(self, number: int) -> str:
        """The text that a row is about, shortened, after a colon."""
        text = self.view.rows[self.view.main].iloc[number]
        return "" if is_personal(text) else f": “{show_name(text, LONGEST_TEXT)}”"


def answered_otherwise(view: View, number: int, others: np.ndarray) -> np.ndarray:
    """Which rows have another answer than one."""
    return (view.answers.iloc[others] != view.answers.iloc[number]).to_numpy(dtype=bool)


def is_earlier(view: View, number: int, others: np.ndarray) -> np.ndarray:
    """Which rows stand before one, on the same side and with the same answer."""
    sides = view.rows["split"]
    same = (sides.iloc[others] == sides.iloc[number]).to_numpy(dtype=bool) & (others < number)
    return same & ~answered_otherwise(view, number, others) if view.answer else same


def is_on_an_earlier_side(view: View, number: int, others: np.ndarray) -> np.ndarray:
    """Which rows are on a side that a model may have seen before that of one."""
    sides = view.rows["split"]
    return sides.iloc[others].isin(EARLIER.get(sides.iloc[number], ())).to_numpy(dtype=bool)


def check_repeats(view: View) -> list[Finding]:
    """Everything about texts that occur more than once, exactly or nearly."""
    found: list[Finding] = []
    column = view.roles[view.main]
    if view.answer:
        torn = find_conflicts(view.keys, view.answers)
        tell = Twins(view, view.keys, answered_otherwise)
        tied = tell_tied(view, torn)
        found += report_rows(view.rows, torn, view.kind.conflict, column, tied, tell)
    found += check_shared(view, near=False)
    tell = Twins(view, view.keys, is_earlier)
    found += report_rows(view.rows, find_repeats(view, view.keys), DUPLICATE, column, tell=tell)
    return found + check_near(view)


def tell_tied(view: View, torn: np.ndarray) -> str:
    """How many of the rows that contradict each other have no commonest label; empty where none."""
    if MAJORITY not in fixes_of(view.kind.conflict.code) or not torn.any():
        return ""
    tied = int(find_commonest(view.keys[torn], view.answers[torn]).isna().sum())
    title = find_action(MAJORITY).title
    return f" In {tied:,} of them labels are equally common, and “{title}” leaves those out." if tied else ""


def check_near(view: View) -> list[Finding]:
    """Everything about texts that are nearly the same; nothing where these were not looked for."""
    found: list[Finding] = []
    column = view.roles[view.main]
    if view.near is None:
        return found
    if view.answer and view.kind.near:
        torn = find_near_conflicts(view, view.near)
        tell = Twins(view, view.near, answered_otherwise)
        found += report_rows(view.rows, torn, NEAR_CONFLICT, column, tell=tell)
    found += check_shared(view, near=True)
    words = NEAR_DUPLICATE if view.is_divided else NEAR_DUPLICATE_BEFORE
    tell = Twins(view, view.near, is_earlier)
    return found + report_rows(view.rows, find_near_repeats(view, view.near), words, column, tell=tell)


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
        groups = view.near if near and view.near is not None else view.shared
        tell = Twins(view, groups, is_on_an_earlier_side)
        found += report_rows(view.rows, wrong, words, view.roles[view.main], tell=tell)
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


def find_commonest(keys: np.ndarray, labels: pd.Series) -> pd.Series:
    """The commonest label of the rows with the same key, for each row; missing where several are.

    >>> find_commonest(np.array([1, 1, 1, 2, 2]), pd.Series(["a", "b", "a", "a", "b"])).tolist()
    ['a', 'a', 'a', nan, nan]
    """
    part = pd.DataFrame({"key": keys, "label": labels.to_numpy(dtype=object)})
    counts = part.value_counts(sort=False).rename("rows").reset_index()
    best = counts[counts["rows"] == counts.groupby("key")["rows"].transform("max")]
    clear = best[~best["key"].duplicated(keep=False)].set_index("key")["label"]
    return part["key"].map(clear)


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
