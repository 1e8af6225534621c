"""Parts hold every row once, within their limits, and waste little."""

from __future__ import annotations

import itertools
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from studio.execution.executors import missing_tokens
from studio.execution.parts import OVERHEAD_TOKENS, ROWS_PER_SEARCH, Limits, cut_packed, cut_padded
from studio.training.batches import plan_epoch
from tests.execution.lengths import news_like_lengths


@given(st.lists(st.integers(0, 600), min_size=1, max_size=60), st.integers(1, 20), st.integers(1, 2000))
def test_parts_hold_every_row_once_within_the_limits(lengths: list[int], rows: int, tokens: int) -> None:
    known, limits = np.array(lengths), Limits(rows, tokens)
    for parts, padded in ((list(cut_packed(known, limits)), False), (cut_padded(known, limits, 32), True)):
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(lengths)))
        for part in parts:
            computed = max(1, known[part].max()) * len(part) if padded else known[part].sum()
            assert len(part) == 1 or (len(part) <= rows and computed <= tokens)


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=8),
    st.integers(0, 50),
    st.builds(Limits, st.integers(1, 9), st.integers(1, 500)),
)
def test_no_other_cut_of_the_sorted_rows_computes_less(
    lengths: list[int], overhead: int, limits: Limits
) -> None:
    known = np.array(lengths)
    order = np.argsort(-known, kind="stable")

    def cost(parts: list[np.ndarray]) -> int:
        return sum(int(known[part].max()) * len(part) + overhead for part in parts)

    def fits(part: np.ndarray) -> bool:
        return len(part) == 1 or len(part) <= min(limits.rows, limits.tokens // int(known[part].max()))

    every_way = (
        [np.split(order, places) for count in range(len(order)) for places in itertools.combinations(
            range(1, len(order)), count
        )]
    )  # fmt: skip
    possible = [parts for parts in every_way if all(fits(part) for part in parts)]
    assert cost(cut_padded(known, limits, overhead)) == min(cost(parts) for parts in possible)


def test_more_rows_than_are_searched_at_once_are_cut_as_well() -> None:
    lengths = news_like_lengths(2 * ROWS_PER_SEARCH + 3)
    parts = cut_padded(lengths, Limits(), OVERHEAD_TOKENS["cpu"])
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(lengths)))
    ends = [(int(lengths[part].max()), int(lengths[part].min())) for part in parts]
    assert all(shortest >= longest for (_, shortest), (longest, _) in itertools.pairwise(ends))


def test_hardly_more_is_computed_than_there_is_to_read() -> None:
    lengths = news_like_lengths(6400)
    packed, padded = 0, 0
    for step in plan_epoch(len(lengths), batch_size=32, seed=0, epoch=0):
        own = lengths[step]
        parts = [int(own[part].sum()) for part in cut_packed(own, Limits(tokens=4096))]
        packed += sum(tokens + missing_tokens(tokens) for tokens in parts)
        padded += sum(
            int(own[part].max()) * len(part) for part in cut_padded(own, Limits(), OVERHEAD_TOKENS["cpu"])
        )
    assert lengths.sum() < packed <= 1.02 * lengths.sum()
    assert padded <= 1.15 * lengths.sum()
    assert 512 * len(lengths) > 4 * lengths.sum(), "padding to the limit computes four times as much"


def test_a_piece_of_a_file_is_cut_in_no_time() -> None:
    lengths = news_like_lengths(4096)
    seconds = []
    for overhead in (32, 2048, 32, 2048):
        began = time.process_time()
        cut_padded(lengths, Limits(), overhead)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.1
