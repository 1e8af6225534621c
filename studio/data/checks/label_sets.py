"""What is worth knowing about labels of which a row may have any number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from studio.data.checks.findings import TRAINING, Finding, Words, about_all, files_of, report_rows
from studio.data.checks.labels import RARE_ROWS, find_similar, list_labels
from studio.data.columns import LABELS
from studio.data.label_sets import all_labels
from studio.data.problems import Problem, count_of

FEW = Words(
    "few_rows_of_label",
    "warning",
    "row has a label with fewer than 10 rows",
    "rows have a label with fewer than 10 rows",
    "A label with few rows is learnt poorly, and its score is uncertain.",
    "Add rows with these labels, or join them with a related label.",
)
UNSEEN = Words(
    "label_not_in_training",
    "warning",
    "row has a label that no training row has",
    "rows have a label that no training row has",
    "A model does not give a label it has not seen, so it is always missed in these rows.",
    "Add training rows with the label.",
)
WITHOUT = Words(
    "rows_without_labels",
    "note",
    "row has no label",
    "rows have no label",
    "That is an answer too: the model learns that none of the labels fits.",
    "Nothing to do, unless their labels were forgotten.",
)


def check_label_sets(rows: pd.DataFrame, column: str) -> list[Finding]:
    """Findings about the labels of usable rows (columns labels, line, file, split)."""
    labels = all_labels(rows[LABELS])
    if labels.empty:
        return [about_all(no_label(rows, column))]
    found = find_similar(rows, labels, column)
    found += [*find_few(rows, labels, column), *find_untrained(rows, labels, column)]
    found += report_rows(rows, ~rows.index.isin(labels.index), WITHOUT, column)
    if not labels.index.has_duplicates:
        found.append(about_all(one_at_most(rows, column)))
    return found


def find_few(rows: pd.DataFrame, labels: pd.Series, column: str) -> list[Finding]:
    """Labels with few rows, of each label of each row under the row's index."""
    counts = labels.value_counts()
    rare = counts.index[counts < RARE_ROWS].tolist()
    if not rare:
        return []
    named = f" {count_of(len(rare), 'label')}: {list_labels(rare)}."
    return report_rows(rows, rows.index.isin(labels.index[labels.isin(rare)]), FEW, column, named)


def find_untrained(rows: pd.DataFrame, labels: pd.Series, column: str) -> list[Finding]:
    """Labels of validation and test that no training row has; nothing where there are no rows to train on."""
    training = rows["split"].isin(TRAINING)
    trained = labels.index.isin(rows.index[training])
    unseen = sorted(set(labels[~trained]) - set(labels[trained]))
    if not unseen or not training.any():
        return []
    named = f" {count_of(len(unseen), 'label')}: {list_labels(unseen)}."
    return report_rows(rows, rows.index.isin(labels.index[labels.isin(unseen)]), UNSEEN, column, named)


def find_lost(
    frames: Mapping[str, pd.DataFrame], labels_of: Callable[[pd.DataFrame], pd.Series], column: str
) -> list[Problem]:
    """Labels that the division has left no training row."""
    rows = pd.concat([frame.assign(split=split) for split, frame in frames.items()], ignore_index=True)
    found = find_untrained(rows, labels_of(rows), column)
    return [problem for finding in found for problem in finding.problems]


def no_label(rows: pd.DataFrame, column: str) -> Problem:
    """The error where there is nothing to learn."""
    return Problem(
        "error",
        "no_label",
        f"None of {count_of(len(rows), 'row')} has a label in '{column}'.",
        "There is nothing to tell apart, so nothing can be learnt.",
        "Choose the column with the labels, or a column for each label that holds 1 or 0.",
        files_of(rows),
        column,
        count=len(rows),
    )


def one_at_most(rows: pd.DataFrame, column: str) -> Problem:
    """A warning where the task may be another, or the labels were not parted."""
    return Problem(
        "warning",
        "one_label_at_most",
        f"No row has more than one label in '{column}'.",
        "Perhaps the sign between labels was not understood. Where a row never has two, a model that chooses "
        "one label is better.",
        "Write | between labels, or import the table to classify texts.",
        files_of(rows),
        column,
        count=len(rows),
    )


def tell_sign(rows: pd.DataFrame, column: str, sign: str) -> Problem:
    """A note on how cells with several labels were understood."""
    return Problem(
        "note",
        "labels_parted",
        f"The labels of a row in '{column}' were taken to be parted by '{sign}'.",
        "The sign was found by how labels come back in other rows.",
        'Nothing to do where that is right. Where a label holds the sign itself, write lists: ["a", "b"].',
        files_of(rows),
        column,
        count=len(rows),
    )
