"""Parts that are filled up to a shape are the same parts, and without a card they are computed as ever."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from studio.execution.attention import Pack
from studio.execution.packing import PackedModel, pack_model
from studio.execution.recording import (
    MET_BEFORE,
    MOST_TOKENS,
    TOKENS_PER_SHAPE,
    Recordings,
    added_at_once,
    lay_out,
)
from studio.execution.rows import EncodedRows
from tests.encoders import POSITIONS

pytestmark = pytest.mark.slow

CHOSEN = np.array([4, 0, 2])


@pytest.fixture
def rows() -> EncodedRows:
    """Rows of 3 to 20 tokens, with segment ids."""
    drawn = np.random.default_rng(0)
    ids = [[2, *drawn.integers(5, 60, length).tolist(), 3] for length in (9, 1, 18, 5, 7)]
    types = [[0] * (len(row) // 2) + [1] * (len(row) - len(row) // 2) for row in ids]
    return EncodedRows.of({"input_ids": ids, "token_type_ids": types}, [0, 1, 2, 0, 1])


@pytest.fixture(params=["bert", "roberta"])
def packed(
    request: pytest.FixtureRequest, encoder_folders: dict[str, Path]
) -> tuple[PackedModel, torch.nn.Module]:
    """An encoder without padding; positions of RoBERTa begin elsewhere."""
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder_folders[request.param], num_labels=3
    ).eval()
    found = pack_model(model)
    assert found is not None
    return found, model


def test_what_fills_a_part_up_changes_no_logits(
    rows: EncodedRows, packed: tuple[PackedModel, torch.nn.Module]
) -> None:
    found, model = packed
    numbers = torch.from_numpy(lay_out(rows, CHOSEN, 64, found.first_position))
    tokens, types, positions, borders = numbers.split([64, 64, 64, len(CHOSEN) + 2])
    pack = Pack(tuple(borders.diff().tolist()), torch.device("cpu"))
    assert torch.equal(positions, pack.positions(found.first_position))
    filled = found.logits_within(model, tokens, types, positions, pack)[: len(CHOSEN)]
    for logits, number in zip(filled, CHOSEN, strict=True):
        alone = {name: torch.from_numpy(rows.row(name, number).astype(np.int64)) for name in rows.parts}
        own = found.logits(model, alone["input_ids"], alone["token_type_ids"], [rows.lengths[number]])
        assert torch.allclose(logits, own[0], atol=1e-6)


def test_a_full_part_ends_with_no_filling(rows: EncodedRows) -> None:
    tokens = int(rows.lengths[CHOSEN].sum())
    assert lay_out(rows, CHOSEN, tokens, 0)[-5:].tolist() == [0, 9, 20, 40, 40]


def test_gradients_are_added_to_those_that_are_there() -> None:
    model = torch.nn.Linear(2, 1)
    model(torch.ones(3, 2)).sum().backward()
    there = model.weight.grad
    with added_at_once(model):
        model(torch.ones(1, 2)).sum().backward()
    assert model.weight.grad is there
    assert there.tolist() == [[4.0, 4.0]]
    assert model.bias.grad.tolist() == [4.0]


def test_gradients_that_failed_leave_those_that_are_there() -> None:
    model = torch.nn.Linear(2, 1)
    model(torch.ones(3, 2)).sum().backward()
    with pytest.raises(RuntimeError), added_at_once(model):
        model(torch.ones(1, 2)).sum().backward()
        raise RuntimeError
    assert model.weight.grad.tolist() == [[3.0, 3.0]]


def test_a_shape_met_again_is_replayed_on_a_card_and_nowhere_else(
    rows: EncodedRows, packed: tuple[PackedModel, torch.nn.Module], caplog: pytest.LogCaptureFixture
) -> None:
    found, model = packed
    on_card = torch.cuda.is_available()
    model.to("cuda" if on_card else "cpu")
    asked: list[int] = []

    def learn(logits: torch.Tensor, targets: torch.Tensor, in_batch: int) -> torch.Tensor:
        asked.append(in_batch)
        return logits.sum()

    recordings = Recordings(found, model, learn, POSITIONS, "fp32")
    tries = [recordings.learn(rows, CHOSEN, 3) for _ in range(MET_BEFORE + 2)]
    assert [one is not None for one in tries] == [False] * MET_BEFORE + [on_card] * 2
    assert asked == [3] * on_card
    assert len(recordings) == on_card
    assert len(caplog.messages) == (not on_card)


def test_shapes_are_few_and_filled_by_less_than_a_row(packed: tuple[PackedModel, torch.nn.Module]) -> None:
    found, model = packed

    def learn(logits: torch.Tensor, targets: torch.Tensor, in_batch: int) -> torch.Tensor:
        return logits.sum()

    wide, narrow = (Recordings(found, model, learn, longest, "fp32") for longest in (512, 64))
    assert {wide.filled(tokens) for tokens in range(1, MOST_TOKENS + 1)} == set(
        range(TOKENS_PER_SHAPE, MOST_TOKENS + 1, TOKENS_PER_SHAPE)
    )
    assert all(narrow.filled(tokens) - tokens < 64 for tokens in range(1, 1000))
