"""What is worth knowing about the labels of a table."""

from __future__ import annotations

import pandas as pd

from studio.data.columns import LABEL
from studio.data.problems import Problem, count_of, first_place, first_rows, name_rows
from studio.data.texts import normalise_text

RARE_ROWS = 10
IMBALANCE = 10
SHOWN_LABELS = 5
MANY_LABELS = 20
LONG_LABEL = 200


def check_labels(rows: pd.DataFrame, column: str) -> list[Problem]:
    """Problems of the labels of usable rows (columns label, line, file, split)."""
    counts = rows[LABEL].value_counts()
    wrong = check_number(rows, counts, column)
    if any(problem.severity == "error" for problem in wrong):
        return wrong
    return [
        *wrong,
        *check_spelling(rows, counts, column),
        *check_rare(rows, counts, column),
        *check_balance(rows, counts, column),
    ]


def list_labels(labels: list[str]) -> str:
    """Up to five labels in quotes.

    >>> list_labels(["a", "b"])
    "'a', 'b'"
    """
    shown = ", ".join(f"'{label[:40]}'" for label in labels[:SHOWN_LABELS])
    return shown + (f" and {len(labels) - SHOWN_LABELS} more" if len(labels) > SHOWN_LABELS else "")


def file_of(rows: pd.DataFrame) -> str:
    """The file the rows come from; several are joined."""
    return ", ".join(dict.fromkeys(rows["file"]))


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
                file_of(rows),
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
                file_of(rows),
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
                file_of(rows),
                column,
                count=len(counts),
            )
        ]
    return []


def check_spelling(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Problem]:
    """Labels that look alike: blanks around them, or another case or width."""
    found = []
    padded = [str(label) for label in counts.index if label != label.strip()]
    if padded:
        file, lines = first_place(rows[rows[LABEL].isin(padded)])
        twin = {label.strip() for label in padded} & set(counts.index)
        found.append(
            Problem(
                "warning",
                "padded_label",
                f"{count_of(len(padded), 'label')} with blanks around: {list_labels(padded)} "
                f"({name_rows(lines)})." + (f" {list_labels(sorted(twin))} is there too." if twin else ""),
                "Labels are kept exactly as written, so ' ham' and 'ham' are two labels.",
                "If they mean the same, remove the blanks in the file and import it again.",
                file,
                column,
                count=int(counts[padded].sum()),
                rows=first_rows(lines),
            )
        )
    alike: dict[str, list[str]] = {}
    for label in counts.index:
        alike.setdefault(normalise_text(label), []).append(str(label))
    for spellings in alike.values():
        if len({spelling.strip() for spelling in spellings}) < 2:
            continue
        file, lines = first_place(rows[rows[LABEL].isin(spellings[1:])])
        found.append(
            Problem(
                "warning",
                "similar_labels",
                f"{list_labels(spellings)} differ only in case, width or blanks.",
                "They are learnt and scored as different labels.",
                "If they mean the same, write them the same way in the file and import it again.",
                file,
                column,
                count=int(counts[spellings[1:]].sum()),
                rows=first_rows(lines),
            )
        )
    return found


def check_rare(rows: pd.DataFrame, counts: pd.Series, column: str) -> list[Problem]:
    """Labels with one row, and labels with fewer than ten."""
    found = []
    single = [str(label) for label in counts.index[counts == 1]]
    if single:
        file, lines = first_place(rows[rows[LABEL].isin(single)])
        found.append(
            Problem(
                "warning",
                "single_row_label",
                f"{count_of(len(single), 'label has', 'labels have')} one row only: {list_labels(single)}.",
                "A single row goes to training, so how well the label is found cannot be measured.",
                "Add rows with the label, give it another one, or leave it.",
                file,
                column,
                count=len(single),
                rows=first_rows(lines),
            )
        )
    rare = [str(label) for label in counts.index[(counts > 1) & (counts < RARE_ROWS)]]
    if rare:
        file, lines = first_place(rows[rows[LABEL].isin(rare)])
        found.append(
            Problem(
                "warning",
                "rare_label",
                f"{count_of(len(rare), 'label has', 'labels have')} fewer than {RARE_ROWS} rows: "
                f"{list_labels(rare)}.",
                "A label with few rows is learnt poorly, and its score is uncertain.",
                "Add rows with these labels, or join them with a related label.",
                file,
                column,
                count=len(rare),
                rows=first_rows(lines),
            )
        )
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
            file_of(rows),
            column,
            count=len(counts),
        )
    ]


def check_unused(rows: pd.DataFrame, names: list[str], column: str) -> list[Problem]:
    """Labels of the labels file that no usable row has."""
    used = set(rows[LABEL]) if len(rows) else set()
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
            file_of(rows),
            column,
            count=len(unused),
        )
    ]
