"""Scores of predicted numbers, as scipy and scikit-learn define them."""

from __future__ import annotations

import numpy as np
import pandas as pd


def pearson(truth: np.ndarray, found: np.ndarray) -> float:
    """Correlation of the numbers; 0 where either side is the same in all rows, and nothing can be said."""
    if len(truth) < 2:
        return 0.0
    a, b = truth.astype(np.float64), found.astype(np.float64)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.clip((a @ b) / spread, -1.0, 1.0)) if spread > 0 else 0.0


def spearman(truth: np.ndarray, found: np.ndarray) -> float:
    """Correlation of the ranks, equal numbers sharing theirs."""
    ranks = (pd.Series(numbers).rank().to_numpy() for numbers in (truth, found))
    return pearson(*ranks)


def mse(truth: np.ndarray, found: np.ndarray) -> float:
    """Mean squared error."""
    return float(((found - truth.astype(np.float64)) ** 2).mean()) if len(truth) else 0.0


def mae(truth: np.ndarray, found: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.abs(found - truth.astype(np.float64)).mean()) if len(truth) else 0.0
