"""Lengths of texts as they are in life."""

from __future__ import annotations

import numpy as np


def news_like_lengths(rows: int) -> np.ndarray:
    """Many short texts and a few long ones, as in life: median 60 tokens, one in twenty over 396."""
    drawn = np.random.default_rng(0).lognormal(np.log(60), np.log(396 / 60) / 1.645, rows)
    return np.clip(drawn.astype(np.int64), 3, 512)
