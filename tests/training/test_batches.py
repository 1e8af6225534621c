"""Steps are random batches in which every row comes once."""

from __future__ import annotations

import numpy as np
import pytest

from studio.training.batches import plan_epoch
from tests.execution.lengths import news_like_lengths


@pytest.mark.parametrize("rows", [1, 7, 16, 33, 1000])
def test_every_row_comes_once_in_each_epoch_and_in_another_order(rows: int) -> None:
    first, second, again = (
        np.concatenate(plan_epoch(rows, batch_size=16, seed=0, epoch=epoch)).tolist() for epoch in (0, 1, 0)
    )
    assert sorted(first) == sorted(second) == list(range(rows))
    assert rows == 1 or first != second
    assert again == first


@pytest.mark.parametrize("rows", [1, 7, 16, 33, 1000])
def test_all_batches_but_the_last_are_full(rows: int) -> None:
    sizes = [len(batch) for batch in plan_epoch(rows, batch_size=16, seed=0, epoch=0)]
    assert sizes[:-1] == [16] * (len(sizes) - 1) and len(sizes) == -(-rows // 16)


def test_a_batch_is_random_and_knows_no_lengths() -> None:
    lengths = news_like_lengths(10_000)
    means = [lengths[batch].mean() for batch in plan_epoch(10_000, batch_size=32, seed=0, epoch=0)]
    assert np.std(means) == pytest.approx(lengths.std() / np.sqrt(32), rel=0.15)


def test_a_million_rows_are_planned_without_delay() -> None:
    steps = plan_epoch(1_000_000, batch_size=32, seed=0, epoch=0)
    assert len(steps) == 31_250
