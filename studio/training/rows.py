"""From the columns of a dataset to rows for a tokenizer and ids for a head."""

from __future__ import annotations

from collections.abc import Sequence

from studio.errors import InvalidInput
from studio.tasks.base import Columns
from studio.tasks.classification import LABEL


def check_rows(train: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where there is nothing to learn."""
    if len(labels) < 2:
        raise InvalidInput(
            f"The dataset has {len(labels)} label, so there is nothing to tell apart.",
            "Import rows of at least two labels.",
        )
    if not len(train[LABEL.key]):
        raise InvalidInput("There are no training rows.", "Choose a split that leaves rows for training.")


def label_ids_of(column: Sequence[str], labels: Sequence[str]) -> list[int]:
    """Turn labels into ids; raises InvalidInput for a label the dataset does not list."""
    ids = {label: number for number, label in enumerate(labels)}
    unknown = [label for label in column if label not in ids]
    if unknown:
        raise InvalidInput(
            f"{len(unknown)} rows carry labels that the dataset does not list, such as '{unknown[0]}'.",
            "Import the dataset again, so that its labels are read from all its rows.",
        )
    return [ids[label] for label in column]
