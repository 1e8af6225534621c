"""What tells the label without reading the text: another column, or the label written in the text itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, View, Words, report_rows
from studio.data.checks.matching import matches
from studio.data.columns import CHOICES, LABEL, TEXT, all_columns_of, columns_of
from studio.data.problems import Problem

# A column gives the label away where a rule on it alone is right this often,
GIVEN_SHARE = 0.99
# and naming the commonest label alone is wrong in at least this share.
LEAST_DOUBT = 0.05
FEWEST_ROWS = 20
# A value of the column stands for this many rows or more; else it is an id, unless it is a number.
ROWS_PER_VALUE = 4
SLICES = 50
WRITTEN_SHARE = 0.05
MANY_LABELS = 200
LONGEST_LABEL = 80

WRITTEN = Words(
    "label_in_text",
    "warning",
    "row has its label written in the text",
    "rows have their label written in the text",
    "The model learns to read the label off the text, and fails on new texts that do not have it.",
    "Remove the label from the texts, unless new texts will have it too.",
)

# Why a column that gives the label away matters, and what to do, by what it is.
NOTHING_LEARNT = "A model that reads it learns nothing from the text, and has no such column for new texts."
NOT_READ = (NOTHING_LEARNT, "Nothing to do: it is not read. Keep it so.")
READ = (NOTHING_LEARNT, "Choose another column for the text.")
OPTION = (
    "A model can choose by this option alone, without the text.",
    "Write options that nobody can tell right from wrong without the text.",
)


def check_giveaway(frame: pd.DataFrame, roles: Mapping[str, str], file: str) -> list[Problem]:
    """Columns of a whole table that say the label of nearly every row, for the table's column names by role.

    A column that plays no part is a note; one that is to be read as text is a warning.
    """
    if LABEL not in roles or roles[LABEL] not in frame or len(frame) < FEWEST_ROWS:
        return []
    labels, names = pd.factorize(frame[roles[LABEL]])
    doubt = 1 - np.bincount(labels).max() / len(labels)
    if doubt < LEAST_DOUBT or len(names) > len(frame) / ROWS_PER_VALUE:
        return []
    found = []
    for column in map(str, frame.columns):
        if column == roles[LABEL]:
            continue
        right = round(share_told(frame[column], labels) * len(labels))
        if right >= GIVEN_SHARE * len(labels):
            found.append(describe(column, right, len(labels), file, roles, list(frame.columns)))
    return found


def describe(
    column: str, right: int, rows: int, file: str, roles: Mapping[str, str], names: list[str]
) -> Problem:
    """The words about a column that gives the label away."""
    is_read = column in all_columns_of(roles, names)
    is_option = CHOICES in roles and column in columns_of(CHOICES, roles[CHOICES], names)
    why, hint = OPTION if is_option else READ if is_read else NOT_READ
    return Problem(
        "warning" if is_read else "note",
        "label_giveaway",
        f"'{column}' alone tells the label of {100 * right / rows:.3g} % of the rows.",
        why,
        hint,
        file,
        column,
        count=right,
    )


def share_told(values: pd.Series, labels: np.ndarray) -> float:
    """The share of rows whose label follows from the value: the commonest label of each value is named.

    Values that hardly repeat are taken as numbers, if they are, and put into slices of equal size.
    """
    codes, distinct = pd.factorize(values)
    if len(distinct) > len(values) / ROWS_PER_VALUE:
        numbers = pd.to_numeric(values.head(100), errors="coerce")
        if numbers.isna().any():
            return 0.0
        numbers = pd.to_numeric(values, errors="coerce")
        if numbers.isna().any():
            return 0.0
        codes = numbers.rank(method="average", pct=True).mul(SLICES - 1).astype(np.int64).to_numpy()
    kinds = int(labels.max()) + 1
    pairs, counts = np.unique(codes.astype(np.int64) * kinds + labels, return_counts=True)
    best = pd.Series(counts).groupby(pairs // kinds).max()
    return float(best.sum() / len(labels))


def check_written_labels(view: View) -> list[Finding]:
    """Texts that begin with their label as a mark, or hold it as one: "sport: ...", "[sport]", "#sport"."""
    written = find_written(view.rows[TEXT], view.rows[LABEL])
    if written.sum() < max(FEWEST_ROWS // 4, WRITTEN_SHARE * len(written)):
        return []
    return report_rows(view.rows, written, WRITTEN, view.roles[TEXT])


def find_written(texts: pd.Series, labels: pd.Series) -> np.ndarray:
    """Which texts hold their own label as a mark, upper and small letters alike."""
    codes, names = pd.factorize(labels)
    written = np.zeros(len(texts), dtype=bool)
    if len(names) > MANY_LABELS:
        return written
    for code, name in enumerate(map(str, names)):
        if not 2 <= len(name.strip()) <= LONGEST_LABEL:
            continue
        escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", name.strip())  # RE2 escapes no letter of any script
        own = codes == code
        written |= matches(texts, mark_pattern(escaped), among=own)
    return written


def mark_pattern(label: str) -> str:
    """An RE2 pattern for a label, already escaped, that stands in a text as a mark."""
    return (
        rf"(?i)^\W*(?:label|category|class|topic|标签|类别)?\W*{label}\s*(?:[:：|\]\)>】\t]|[\-–—]\s)"
        rf"|[\[\(<{{【]\s*{label}\s*[\]\)>}}】]|(?:#|__label__|label=){label}(?:\W|$)"
    )
