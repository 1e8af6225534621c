"""What is worth knowing about the texts of a table: repeats, contradictions, great length."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.columns import LABEL, TEXT
from studio.data.problems import Problem, count_of, first_place, first_rows, name_rows

# 512 tokens are about 350 English words or 1,500 characters; most encoders read no further.
LONG_TEXT_CHARACTERS = 2000
EARLIER = {"validation": ("all", "train"), "test": ("all", "train", "validation")}


def check_texts(rows: pd.DataFrame, column: str, *, has_labels: bool) -> list[Problem]:
    """Problems of the texts of usable rows (columns text, label, line, file, split, key)."""
    found = []
    if has_labels:
        found += check_conflicts(rows, column)
    return [
        *found,
        *check_leaks(rows, column),
        *check_duplicates(rows, column),
        *check_long(rows, column),
    ]


def check_conflicts(rows: pd.DataFrame, column: str) -> list[Problem]:
    """The same text with different labels."""
    repeated = rows[rows["key"].duplicated(keep=False)]
    if not len(repeated):
        return []
    labels = repeated.drop_duplicates(["key", LABEL])
    torn = labels.loc[labels["key"].duplicated(), "key"].unique()
    if not len(torn):
        return []
    found = []
    for file, part in repeated[repeated["key"].isin(torn)].groupby("file", sort=False):
        lines = part["line"].to_numpy()
        found.append(
            Problem(
                "warning",
                "conflicting_labels",
                f"{count_of(len(lines), 'row has', 'rows have')} a text that also occurs with another label "
                f"({name_rows(lines)}).",
                "At most one of the labels can be right, so no model can score all of these rows.",
                "Decide on one label for each of these texts.",
                str(file),
                column,
                count=len(lines),
                rows=first_rows(lines),
            )
        )
    return found


def check_leaks(rows: pd.DataFrame, column: str) -> list[Problem]:
    """Texts of an own validation or test file that training rows have too."""
    found = []
    for split in EARLIER:
        part = rows[rows["split"] == split]
        others = rows[rows["split"].isin(EARLIER[split])]
        if not len(part) or not len(others):
            continue
        lines = part.loc[part["key"].isin(others["key"]), "line"].to_numpy()
        if len(lines):
            found.append(
                Problem(
                    "warning",
                    "shared_text",
                    f"{count_of(len(lines), f'{split} row has', f'{split} rows have')} a text that occurs in "
                    f"another file too ({name_rows(lines)}).",
                    "The model has seen these texts, so its score is better than it will be on new ones.",
                    "Remove these rows from one of the files, or let the studio divide one file.",
                    ", ".join(dict.fromkeys(part["file"])),
                    column,
                    count=len(lines),
                    rows=first_rows(lines),
                )
            )
    return found


def check_duplicates(rows: pd.DataFrame, column: str) -> list[Problem]:
    """Rows that repeat the text of an earlier row of the same file."""
    found = []
    for file, part in rows.groupby("file", sort=False):
        lines = part.loc[part["key"].duplicated(), "line"].to_numpy()
        if len(lines):
            found.append(
                Problem(
                    "note",
                    "duplicate_text",
                    f"{count_of(len(lines), 'row repeats', 'rows repeat')} an earlier text "
                    f"({name_rows(lines)}).",
                    "A text in both training and test would make the score look better than it is.",
                    "Nothing to do: the same text stays on one side of the split.",
                    str(file),
                    column,
                    count=len(lines),
                    rows=first_rows(lines),
                )
            )
    return found


def check_long(rows: pd.DataFrame, column: str) -> list[Problem]:
    """Texts so long that most checkpoints will not read their end."""
    long = (rows[TEXT].str.len() > LONG_TEXT_CHARACTERS).to_numpy(dtype=bool)
    if not np.any(long):
        return []
    count = int(long.sum())
    share = 100 * count / len(rows)
    file, lines = first_place(rows[long])
    return [
        Problem(
            "note",
            "long_text",
            f"{count_of(count, 'text is', 'texts are')} longer than {LONG_TEXT_CHARACTERS:,} characters "
            f"({share:.3g} % of the rows).",
            "Most checkpoints read at most 512 tokens, about 350 English words; the rest is cut off.",
            "Nothing to do, if the beginning tells the label; the Train page says how much will be cut.",
            file,
            column,
            count=count,
            rows=first_rows(lines),
        )
    ]
