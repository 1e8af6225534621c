"""How a learner cuts a batch into what is computed at once."""

from __future__ import annotations

import numpy as np
import pytest

from bench.training import BATCH, learner_of, make_model, random_rows
from studio.execution.executors import PaddedExecutor
from studio.training.placement import Placement

TOKENS = 2048


@pytest.mark.slow
@pytest.mark.parametrize("rows_at_once", [32, 16, 4, 1])
def test_less_at_once_means_fewer_tokens_as_well_as_fewer_rows(rows_at_once: int) -> None:
    executor = PaddedExecutor(pad_id=0, pad_type_id=0, multiple=1, limit=512, overhead=32, tokens=TOKENS)
    rows = random_rows(BATCH, middle=300, spread=0.5, most=512)
    learner = learner_of(
        make_model("1x64", "sdpa"), executor, rows, Placement("cpu", "the processor", "fp32")
    )
    parts = list(learner.parts_of(np.arange(BATCH), rows_at_once))
    assert sorted(np.concatenate(parts)) == list(range(BATCH))
    for part in parts:
        padded = len(part) * rows.lengths[part].max()
        assert len(part) == 1 or padded <= TOKENS * rows_at_once / BATCH


@pytest.mark.slow
def test_the_moments_of_the_optimizer_are_there_before_the_memory_of_a_batch_is_tried() -> None:
    executor = PaddedExecutor(pad_id=0, pad_type_id=0, multiple=1, limit=512, overhead=32, tokens=TOKENS)
    rows = random_rows(BATCH, middle=20, spread=0.5, most=32)
    learner = learner_of(
        make_model("1x64", "sdpa"), executor, rows, Placement("cpu", "the processor", "fp32")
    )

    def moments() -> dict[str, tuple[int, float]]:
        names = ("exp_avg", "exp_avg_sq")
        state = [learner.optimizer.state[weights] for weights in learner.model.parameters()]
        return {
            name: (
                sum(part[name].numel() for part in state),
                sum(float(part[name].abs().sum()) for part in state),
            )
            for name in names
        }

    weights = sum(part.numel() for part in learner.model.parameters())
    assert moments() == {"exp_avg": (weights, 0.0), "exp_avg_sq": (weights, 0.0)}
    learner.take_step(np.arange(BATCH), BATCH, recomputes=False, rate=1.0, step=0)
    assert all(moved > 0 for _, moved in moments().values())
