"""How a learner cuts a batch into what is computed at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.training import BATCH, learner_of, make_model, random_rows
from studio.execution.executors import PaddedExecutor
from studio.execution.rows import EncodedRows
from studio.training.learner import Learner
from studio.training.placement import Placement

TOKENS = 2048
MOMENTS = ("exp_avg", "exp_avg_sq")


def small_learner(rows: EncodedRows) -> Learner:
    """One of a tiny model that computes padded rows on the processor."""
    executor = PaddedExecutor(pad_id=0, pad_type_id=0, multiple=1, limit=512, overhead=32, tokens=TOKENS)
    placement = Placement("cpu", "the processor", "fp32")
    return learner_of(make_model("1x64", "sdpa"), executor, rows, placement)


@pytest.mark.slow
@pytest.mark.parametrize("rows_at_once", [32, 16, 4, 1])
def test_less_at_once_means_fewer_tokens_as_well_as_fewer_rows(rows_at_once: int) -> None:
    rows = random_rows(BATCH, middle=300, spread=0.5, most=512)
    learner = small_learner(rows)
    parts = list(learner.parts_of(np.arange(BATCH), rows_at_once))
    assert sorted(np.concatenate(parts)) == list(range(BATCH))
    for part in parts:
        padded = len(part) * rows.lengths[part].max()
        assert len(part) == 1 or padded <= TOKENS * rows_at_once / BATCH


@pytest.mark.slow
def test_the_moments_of_the_optimizer_are_there_before_the_memory_of_a_batch_is_tried() -> None:
    learner = small_learner(random_rows(BATCH, middle=20, spread=0.5, most=32))

    def moments(name: str) -> torch.Tensor:
        state = learner.optimizer.state
        return torch.cat([state[weights][name].flatten() for weights in learner.model.parameters()])

    weights = sum(part.numel() for part in learner.model.parameters())
    for name in MOMENTS:
        assert len(moments(name)) == weights and not moments(name).any()
    learner.take_step(np.arange(BATCH), BATCH, recomputes=False, rate=1.0, step=0)
    assert all(moments(name).any() for name in MOMENTS)
