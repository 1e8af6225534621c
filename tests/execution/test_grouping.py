"""Attention in groups of like length is that of each row alone, dropped or not, and so are its gradients."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from studio.execution.attention import GroupedAttention, Pack, attend
from studio.execution.dropout import draw_factors
from studio.execution.executors import PackedExecutor, missing_tokens
from studio.execution.grouping import SCORES_PER_START, Grouping, gathered, widened
from studio.execution.parts import Limits
from tests.execution.test_packing import (
    PACKED,
    add_gradients,
    gradients_of,
    load,
    make_rows,
    packing,
    without_dropout,
)

pytestmark = pytest.mark.slow
HEADS, WIDTH, SCALING = 3, 4, 0.5
LENGTHS = (70, 65, 65, 64, 15, 9, 8, 8, 3, 1)
# Less than any share that is drawn: the way of dropout, without any.
NEARLY_NONE = 1e-9


def make_parts(tokens: int) -> list[torch.Tensor]:
    """Query, key and value (tokens, heads, width) in 64 bits, as a model hands them over."""
    torch.manual_seed(1)
    tables = torch.randn(3, tokens, HEADS * WIDTH, dtype=torch.float64)
    return [table.view(tokens, HEADS, WIDTH).requires_grad_() for table in tables]


def attend_row_by_row(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """The same of PyTorch, row by row; nothing for tokens that are in no row."""
    answers, at = [], 0
    for length in LENGTHS:
        query, key, value = (part[at : at + length].transpose(0, 1) for part in parts)
        answer = functional.scaled_dot_product_attention(query, key, value, scale=SCALING)
        answers.append(answer.transpose(0, 1))
        at += length
    return torch.cat([*answers, parts[0].new_zeros(len(parts[0]) - at, HEADS, WIDTH)])


@pytest.mark.parametrize("filling", [0, 5])
def test_each_row_sees_itself_alone(filling: int) -> None:
    parts = make_parts(sum(LENGTHS) + filling)
    weights = torch.randn(parts[0].shape, dtype=torch.float64)
    expected = attend_row_by_row(parts)
    found = GroupedAttention.apply(*parts, *[Grouping.of(LENGTHS, filling)] * 2, NEARLY_NONE, SCALING)
    assert torch.allclose(found, expected, atol=1e-12)
    gradients = [torch.autograd.grad((answer * weights).sum(), parts) for answer in (found, expected)]
    for own, plain in zip(*gradients, strict=True):
        assert torch.allclose(own, plain, atol=1e-12)
        assert not own[sum(LENGTHS) :].any(), "what is in no row learns nothing"


@pytest.mark.parametrize("dropout", [0.0, NEARLY_NONE])
@pytest.mark.parametrize("filling", [0, 5])
def test_where_first_tokens_ask_alone_they_see_the_same(filling: int, dropout: float) -> None:
    parts = make_parts(sum(LENGTHS) + filling)
    pack = Pack(LENGTHS, torch.device("cpu"), filling)
    given = [part.transpose(0, 1)[None] for part in parts]
    found, _ = attend(None, *given, None, dropout, SCALING, pack=pack, firsts_only=True)
    firsts = pack.starts.long()
    weights = torch.randn(len(LENGTHS), HEADS, WIDTH, dtype=torch.float64)
    answers = [found[0, firsts], attend_row_by_row(parts)[firsts]]
    assert torch.allclose(*answers, atol=1e-12)
    gradients = [torch.autograd.grad((answer * weights).sum(), parts) for answer in answers]
    for own, plain in zip(*gradients, strict=True):
        assert torch.allclose(own, plain, atol=1e-12)


def test_what_is_dropped_is_dropped_on_both_ways() -> None:
    parts = make_parts(16)
    torch.manual_seed(2)
    found = GroupedAttention.apply(*parts, *[Grouping.of((8, 8))] * 2, 0.4, SCALING)
    torch.manual_seed(2)
    factors = draw_factors(2 * HEADS * 64, 0.4, torch.float64).view(2, HEADS, 8, 8)
    query, key, value = (part.view(2, 8, HEADS, WIDTH).transpose(1, 2) for part in parts)
    shares = torch.softmax(query @ key.transpose(2, 3) * SCALING, dim=-1) * factors
    expected = (shares @ value).transpose(1, 2).reshape(16, HEADS, WIDTH)
    assert torch.allclose(found, expected, atol=1e-12) and (factors == 0).any()
    gradients = [torch.autograd.grad(answer.square().sum(), parts) for answer in (found, expected)]
    for own, plain in zip(*gradients, strict=True):
        assert torch.allclose(own, plain, atol=1e-12)


def test_every_token_has_one_slot_and_pads_are_few() -> None:
    lengths = sorted(np.random.default_rng(0).integers(1, 512, 400).tolist(), reverse=True)
    found = Grouping.of(lengths)
    assert torch.equal(found.tokens[found.slots], torch.arange(sum(lengths)))
    assert sorted([*found.slots.tolist(), *found.pads.tolist()]) == [*range(len(found.tokens))]
    assert sum(group.rows * group.width for group in found.groups) == len(found.tokens)
    assert len(found.pads) < 0.05 * sum(lengths)
    assert len({widened(length) for length in range(1, 513)}) == 36


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_gathered_so_that_they_take_the_least_time_together(seed: int) -> None:
    lengths = sorted(np.random.default_rng(seed).integers(1, 130, 9).tolist(), reverse=True)

    def cost(borders: Sequence[int]) -> int:
        edges = [0, *borders, len(lengths)]
        return sum(
            SCORES_PER_START + (end - start) * widened(lengths[start]) ** 2
            for start, end in itertools.pairwise(edges)
        )

    every = (some for count in range(9) for some in itertools.combinations(range(1, 9), count))
    found = gathered(lengths)
    assert [length for some in found for length in some] == lengths
    assert cost(list(itertools.accumulate(map(len, found)))[:-1]) == min(map(cost, every))


@pytest.mark.parametrize("family", sorted(PACKED))
@pytest.mark.parametrize("has_dropout", [False, True])
def test_added_tokens_change_neither_logits_nor_gradients(
    encoder_folders: dict[str, Path], family: str, has_dropout: bool
) -> None:
    rows, numbers = make_rows(), np.arange(32)
    assert missing_tokens(int(rows.lengths.sum())), "there is something to add"
    models = [nearly_without_dropout(load(encoder_folders[family]), has_dropout) for _ in range(2)]
    executors = [
        PackedExecutor(packing(model), fills=fills)
        for model, fills in zip(models, (False, True), strict=True)
    ]
    plain, filled = (
        executor.logits(model, rows, numbers).detach()
        for model, executor in zip(models, executors, strict=True)
    )
    assert (plain - filled).abs().max() < 1e-5
    for model, executor in zip(models, executors, strict=True):
        add_gradients(model, executor, rows, Limits())
    expected, found = map(gradients_of, models)
    assert (found - expected).norm() / expected.norm() < 1e-6


def nearly_without_dropout(model: Any, has_dropout: bool) -> Any:
    """A model that learns, whose attention takes the way of dropout where that is wanted."""
    without_dropout(model)
    if has_dropout:
        for module in model.modules():
            for name in ("dropout", "attention_dropout", "attention_dropout_prob"):
                given = getattr(module, name, None)
                if isinstance(given, torch.nn.Dropout):
                    given.p = NEARLY_NONE
                elif isinstance(given, float):
                    setattr(module, name, NEARLY_NONE)
    return model


@pytest.mark.parametrize("tokens", [1, 15, 16, 17, 480, 500, 1023, 3333, 8191, 16_384])
def test_a_part_is_filled_up_by_little(tokens: int) -> None:
    missing = missing_tokens(tokens)
    assert 0 <= missing < max(16, tokens / 63)
    assert (tokens + missing) % 16 == 0
