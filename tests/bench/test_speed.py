"""A step costs a fraction of one that is padded to the limit: a loose floor, in processor time of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import numpy as np
import pytest
import torch

from bench.training import BATCH, news_like_rows, seconds_of, ways_of

pytestmark = pytest.mark.slow
TIMES_AS_FAST, ROUNDS = 5, 3


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Processor time counts the waiting of threads for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_a_step_takes_less_than_a_fifth_of_the_processor_time_of_a_padded_one() -> None:
    padded, *_others, ours = ways_of("2x128")
    rows = news_like_rows(BATCH * ROUNDS, seed=0)
    ratios = []
    for way in (padded, ours):
        way.step(rows, np.arange(2))
    for start in range(0, len(rows), BATCH):
        batch = np.arange(start, start + BATCH)
        took = [seconds_of(lambda: way.step(rows, batch), time.process_time) for way in (padded, ours)]  # noqa: B023
        ratios.append(took[0] / took[1])
    assert median(ratios) >= TIMES_AS_FAST, ratios
