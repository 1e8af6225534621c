"""What is worth knowing about the labels of a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, Words, about_all, files_of, report_rows
from studio.data.columns import LABEL
from studio.data.problems import Problem, count_of
from studio.data.texts import normalise_text

RARE_ROWS = 10
IMBALANCE = 10
SHOWN_LABELS = 5
MANY_LABELS = 20
LONG_LABEL = 200


PADDED = Words(
    "padded_label",
    "warning",
    "row has a label with blanks around",
    "rows have a label with blanks around",
    "Labels are kept exactly as written, so ' ham' and 'ham' are two labels.",
    "If they mean the same, remove the blanks.",
)
SIMILAR = Words(
    "similar_labels",
    "warning",
    "row has a label that differs from another only in case, width or blanks",
    "rows have a label that differs from another only in case, width or blanks",
    "They are learnt and scored as different labels.",
    "If they mean the same, write them the same way.",
)
SINGLE = Words(
    "single_row_label",
    "warning",
    "row is the only one of its label",
    "rows are the only ones of their label",
    "A single row goes to training, so how well the label is found cannot be measured.",
    "Add rows with the label, give it another one, or leave it out.",
)
TWO = Words(
    "two_row_label",
    "warning",
    "row is one of two with its label",
    "rows have a label with two rows",
    "With two rows a label is in training or in the test, and hardly in both.",
    "Add rows with these labels, join them with a related label, or leave them out.",
)
FEW = Words(
    "rare_label",
    "warning",
    "row has a label with fewer than 10 rows",
    "rows have a label with fewer than 10 rows",
    "A label with few rows is learnt poorly, and its score is uncertain.",
    "Add rows with these labels, join them with a related label, or leave them out.",
)
OF_SETS = "few_rows_of_label"  # where a row may have several
RARE = ((SINGLE, 1, 1), (TWO, 2, 2), (FEW, 3, RARE_ROWS - 1))


def check_labels(rows: pd.DataFrame, column: str) -> list[Finding]:
    """Findings about the labels of usable rows (columns label, line, file, split)."""
    counts = rows[LABEL].value_counts()
    wrong = check_number(rows, counts, column)
    if any(problem.severity == "error" for problem in wrong):
        return [about_all(problem) for problem in wrong]
    return [
        *(about_all(problem) for problem in wrong),
        *check_padding(rows, counts, column),
        *find_similar(rows, rows[LABEL], column),
        *check_rare(rows, counts, column),
        *(about_all(problem) for problem in check_balance(rows, counts, column)),
    ]


def list_labels(labels: list[str]) -> str:
    """Up to five labels in quotes.

    >>> list_labels(["a", "b"])
    "'a', 'b'"
    """
    shown = ", ".join(f"'{label[:40]}'" for label in labels[:SHOWN_LABELS])
    return shown + (f" and {len(labels) - SHOWN_LABELS} more" if len(labels) > SHOWN_LABELS else "")


def check_number(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Problem]:
    """One label only, or so many that the column is hardly a label."""
    if len(counts) == 1:
        return [
            Problem(
                "error",
                "one_label",
                f"All rows have the same label, {list_labels(list(counts.index))}.",
                "A model tells labels apart; with one there is nothing to learn.",
                "Choose another column for the label, or add rows with other labels.",
                files_of(rows),
                column,
                count=len(rows),
            )
        ]
    share = len(counts) / len(rows)
    looks_like_text = bool((counts.index.str.len() > LONG_LABEL).any()) and share > 0.2
    if len(counts) == len(rows) or (len(counts) > MANY_LABELS and share > 0.5) or looks_like_text:
        return [
            Problem(
                "error",
                "labels_like_ids",
                f"'{column}' has {len(counts):,} different labels in {count_of(len(rows), 'row')}.",
                "A label needs several rows to be learnt; this looks like an id or a text.",
                "Choose another column for the label.",
                files_of(rows),
                column,
                count=len(counts),
            )
        ]
    if len(counts) > MANY_LABELS and share > 0.1:
        return [
            Problem(
                "warning",
                "many_labels",
                f"There are {len(counts):,} labels in {count_of(len(rows), 'row')}, "
                f"{len(rows) / len(counts):.1f} rows each.",
                "With so few rows each, most labels are learnt poorly.",
                "Check that it is the right column, or join labels that mean nearly the same.",
                files_of(rows),
                column,
                count=len(counts),
            )
        ]
    return []


def check_padding(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Finding]:
    """Labels with blanks around them."""
    padded = [str(label) for label in counts.index if label != label.strip()]
    if not padded:
        return []
    twin = {label.strip() for label in padded} & set(counts.index)
    more = f" {list_labels(sorted(twin))} is there too." if twin else ""
    named = f" {count_of(len(padded), 'label')}: {list_labels(padded)}."
    return report_rows(rows, has_label(rows, padded), PADDED, column, named + more)


def find_similar(rows: pd.DataFrame, labels: pd.Series, column: str) -> list[Finding]:
    """Labels that another is like but for case or width, of each label of each row under the row's index."""
    groups = group_spellings(labels)
    if not groups:
        return []
    others = [label for spellings in groups for label in spellings[1:]]
    named = "; ".join(list_labels(spellings) for spellings in groups[:SHOWN_LABELS])
    rest = f"; and {len(groups) - SHOWN_LABELS} more" if len(groups) > SHOWN_LABELS else ""
    has = rows.index.isin(labels.index[labels.isin(others)])
    return report_rows(rows, has, SIMILAR, column, f" They are: {named}{rest}.")


def group_spellings(labels: pd.Series) -> list[list[str]]:
    """Labels that are the same without case, width and blanks, though not in blanks around alone.

    Each list has the commonest first, of equally common ones the first by code point.

    >>> group_spellings(pd.Series(["late", "Late", "late", "ham", " ham"]))
    [['late', 'Late']]
    """
    alike: dict[str, list[str]] = {}
    counts = labels.value_counts()
    for label in sorted(counts.index, key=lambda label: (-counts[label], label)):
        alike.setdefault(normalise_text(label), []).append(str(label))
    return [spellings for spellings in alike.values() if len({each.strip() for each in spellings}) > 1]


def rare_labels(code: str, counts: Mapping[str, int]) -> list[str]:
    """The labels that a finding about few rows is about, of counts by label; none for another finding.

    >>> rare_labels("two_row_label", {"a": 2, "b": 9, "c": 40}), rare_labels("html", {"a": 2})
    (['a'], [])
    """
    ranges = {**{words.code: (low, high) for words, low, high in RARE}, OF_SETS: (1, RARE_ROWS - 1)}
    fewest, most = ranges.get(code, (0, -1))
    return [label for label, rows in counts.items() if fewest <= rows <= most]


def has_label(rows: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Which rows have one of the labels, as a boolean array."""
    return rows[LABEL].isin(labels).to_numpy(dtype=bool)


def check_rare(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Finding]:
    """Labels with one row, with two, and with fewer than ten."""
    found: list[Finding] = []
    for words, fewest, most in RARE:
        rare = [str(label) for label in counts.index[(counts >= fewest) & (counts <= most)]]
        if rare:
            named = f" {count_of(len(rare), 'label')}: {list_labels(rare)}."
            found += report_rows(rows, has_label(rows, rare), words, column, named)
    return found


def check_balance(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Problem]:
    """One label much more frequent than another that is not rare."""
    common = counts[counts >= RARE_ROWS]
    if len(common) < 2 or common.iloc[0] < IMBALANCE * common.iloc[-1]:
        return []
    times = round(common.iloc[0] / common.iloc[-1])
    return [
        Problem(
            "warning",
            "imbalance",
            f"'{common.index[0]}' has {count_of(int(common.iloc[0]), 'row')}, {times} times as many as "
            f"'{common.index[-1]}' with {common.iloc[-1]:,}.",
            "A model that names the frequent label too often still looks good in accuracy.",
            "Look at balanced accuracy and macro F1 beside accuracy; class weights can help.",
            files_of(rows),
            column,
            count=len(counts),
        )
    ]


def check_unused(rows: pd.DataFrame, used: set[str], names: list[str]) -> list[Problem]:
    """Labels of the labels file that none of the usable rows has, whose labels are those ``used``."""
    unused = [name for name in names if name not in used]
    if not unused or not used:
        return []
    return [
        Problem(
            "warning",
            "unused_labels",
            f"{count_of(len(unused), 'label')} of the labels file without a row: {list_labels(unused)}.",
            "The model gets an answer for each label, and cannot learn one it never sees.",
            "Add rows with these labels, or check that it is the right labels file.",
            files_of(rows),
            count=len(unused),
        )
    ]
