"""Whether there is something to learn in the rows of a dataset."""

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
