"""Steps are random batches in which every row comes once; their parts waste little and change nothing."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification

from studio.training.batches import EncodedRows, Limits, cut_packed, cut_padded, plan_epoch
from studio.training.execution import PaddedExecutor, usable_length
from tests.encoders import build_tokenizer
from tests.training.runs import logits_of

pytestmark = pytest.mark.slow


def lengths_of(rows: int) -> np.ndarray:
    """Many short texts and a few long ones, as in life: median 60 tokens, one in twenty over 396."""
    drawn = np.random.default_rng(0).lognormal(np.log(60), np.log(396 / 60) / 1.645, rows)
    return np.clip(drawn.astype(np.int64), 3, 512)


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
    lengths = lengths_of(10_000)
    means = [lengths[batch].mean() for batch in plan_epoch(10_000, batch_size=32, seed=0, epoch=0)]
    assert np.std(means) == pytest.approx(lengths.std() / np.sqrt(32), rel=0.15)


@given(st.lists(st.integers(0, 600), min_size=1, max_size=60), st.integers(1, 20), st.integers(1, 2000))
def test_parts_hold_every_row_once_within_the_limits(lengths: list[int], rows: int, tokens: int) -> None:
    known, limits = np.array(lengths), Limits(rows, tokens)
    for parts, padded in ((list(cut_packed(known, limits)), False), (cut_padded(known, limits, 32), True)):
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(lengths)))
        for part in parts:
            computed = max(1, known[part].max()) * len(part) if padded else known[part].sum()
            assert len(part) == 1 or (len(part) <= rows and computed <= tokens)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.integers(0, 50))
def test_no_other_cut_of_the_sorted_rows_computes_less(lengths: list[int], overhead: int) -> None:
    known = np.array(lengths)
    order = np.argsort(-known, kind="stable")

    def cost(parts: list[np.ndarray]) -> int:
        return sum(int(known[part].max()) * len(part) + overhead for part in parts)

    every_way = (
        [np.split(order, places) for count in range(len(order)) for places in itertools.combinations(
            range(1, len(order)), count
        )]
    )  # fmt: skip
    assert cost(cut_padded(known, Limits(), overhead)) == min(cost(parts) for parts in every_way)


def test_hardly_more_is_computed_than_there_is_to_read() -> None:
    lengths = lengths_of(6400)
    packed, padded = 0, 0
    for step in plan_epoch(len(lengths), batch_size=32, seed=0, epoch=0):
        own = lengths[step]
        packed += sum(int(own[part].sum()) for part in cut_packed(own, Limits()))
        padded += sum(int(own[part].max()) * len(part) for part in cut_padded(own, Limits(), overhead=32))
    assert packed == lengths.sum()
    assert padded <= 1.15 * lengths.sum()
    assert 512 * len(lengths) > 4 * lengths.sum(), "padding to the limit computes four times as much"


def test_a_million_rows_are_planned_without_delay() -> None:
    steps = plan_epoch(1_000_000, batch_size=32, seed=0, epoch=0)
    assert len(steps) == 31_250


def test_a_batch_is_padded_to_a_multiple_but_never_beyond_the_limit() -> None:
    rows = EncodedRows({"input_ids": [[2, 9, 3], [2] * 11], "attention_mask": [[1] * 3, [1] * 11]})
    batch = PaddedExecutor(pad_id=7, pad_type_id=0, multiple=8, limit=64, overhead=0).batch(rows, [0, 1])
    assert batch["input_ids"].shape == (2, 16)
    assert batch["input_ids"][0].tolist() == [2, 9, 3] + [7] * 13
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 11]
    narrow = PaddedExecutor(pad_id=7, pad_type_id=0, multiple=8, limit=12, overhead=0)
    assert narrow.batch(rows, [1])["input_ids"].shape == (1, 12)


def test_answers_come_in_the_order_of_the_texts_and_do_not_depend_on_the_batch(
    encoder_folders: dict[str, Path],
) -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders["bert"], num_labels=3)
    model.train()
    tokenizer = build_tokenizer()
    texts = ["the cat", "a lovely dog and a horse and a cat " * 5, "", "why", "the film was poor"] * 3
    told: list[int] = []
    together = logits_of(model, tokenizer, texts, 32, limits=Limits(rows=4), progress=told.append)
    alone = np.concatenate([logits_of(model, tokenizer, [text], 32) for text in texts])
    assert together.shape == (15, 3) and together.dtype == np.float32
    assert np.abs(together - alone).max() < 1e-5
    assert told == [4, 8, 12, 15]
    assert model.training, "it is put back into the mode it was in"


def test_no_texts_give_no_answers(encoder_folders: dict[str, Path]) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders["bert"], num_labels=3)
    assert logits_of(model, build_tokenizer(), [], 32).shape == (0, 3)


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "electra", "albert"])
def test_the_usable_length_is_what_the_position_table_holds(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders[family]).eval()
    tokenizer = build_tokenizer()
    assert usable_length(model, tokenizer, 512) == 64
    assert usable_length(model, tokenizer, 20) == 20
    assert np.isfinite(logits_of(model, tokenizer, ["the cat " * 99], 64)).all()
