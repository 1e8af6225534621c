"""What a metric is: a function of true ids and probabilities, and what a reader must know about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

NAMES = ("F1", "Matthews", "Pearson", "Spearman")
Compute = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Metric:
    """One number about a model on a split.

    ``compute`` takes true label ids (n,) and probabilities (n, labels); ``unit`` is how it is shown
    (a share becomes per cent), ``best`` which end is good; ``two_labels_only`` keeps it from datasets
    with more labels, for which it means nothing. ``has_interval`` is False where scores of rows drawn
    again say nothing about the uncertainty of the score. ``cases`` tells of how many cases a score of 0 or
    1 says that none or all are right; None where that is not what it says.
    """

    name: str
    title: str
    help: str
    unit: Literal["share", "number"]
    best: Literal["high", "low"]
    compute: Compute
    two_labels_only: bool = False
    has_interval: bool = True
    cases: Callable[[np.ndarray, np.ndarray], int] | None = None

    @property
    def spoken(self) -> str:
        """The title as it stands within a sentence; people's names keep their capital."""
        return self.title if self.title.startswith(NAMES) else self.title[0].lower() + self.title[1:]

    def applies(self, label_count: int) -> bool:
        """Tell whether the metric means something for so many labels."""
        return label_count == 2 or not self.two_labels_only
