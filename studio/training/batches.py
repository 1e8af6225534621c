"""Which rows make a step: a pure function of their number, batch size, seed and epoch.

A step is a random batch of the recipe's size, so that its gradient is that of the recipe. The parts in which
it is computed (``studio.execution``) change nothing but the time: their losses are sums divided by the rows
of the whole step.
"""

from __future__ import annotations

import numpy as np


def plan_epoch(rows: int, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Row numbers of each step of an epoch (0: the first): a random order in batches, the last smaller.

    Depends on its arguments alone, so that a resumed run sees the rows in the order it would have seen.

    >>> [len(step) for step in plan_epoch(10, 4, seed=0, epoch=0)]
    [4, 4, 2]
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    return [order[start : start + batch_size] for start in range(0, rows, batch_size)]
