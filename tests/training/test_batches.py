"""Batches hold rows of like length, every row once, and never change an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from studio.training.batches import (
    TOKENS_PER_BATCH,
    Collator,
    EncodedRows,
    cut_batches,
    plan_epoch,
    usable_length,
)
from tests.encoders import build_tokenizer
from tests.training.runs import logits_of

pytestmark = pytest.mark.slow


def lengths_of(rows: int) -> np.ndarray:
    """Many short texts and a few long ones, as in life."""
    return np.random.default_rng(0).geometric(0.05, rows)


@pytest.mark.parametrize("rows", [1, 7, 16, 33, 1000])
def test_every_row_comes_once_in_each_epoch_and_in_another_order(rows: int) -> None:
    first, second, again = (
        np.concatenate(plan_epoch(lengths_of(rows), batch_size=16, seed=0, epoch=epoch)).tolist()
        for epoch in (0, 1, 0)
    )
    assert sorted(first) == sorted(second) == list(range(rows))
    assert rows == 1 or first != second
    assert again == first


@pytest.mark.parametrize("rows", [1, 7, 16, 33, 1000])
def test_all_batches_but_the_last_are_full(rows: int) -> None:
    sizes = [len(batch) for batch in plan_epoch(lengths_of(rows), batch_size=16, seed=0, epoch=0)]
    assert sizes[:-1] == [16] * (len(sizes) - 1) and len(sizes) == -(-rows // 16)


def test_rows_of_like_length_share_a_batch() -> None:
    lengths = lengths_of(1000)
    batches = plan_epoch(lengths, batch_size=16, seed=0, epoch=0)
    plain = np.array_split(np.random.default_rng(0).permutation(1000), len(batches))

    def padded(cut: list[np.ndarray]) -> int:
        return sum(len(numbers) * lengths[numbers].max() for numbers in cut)

    assert padded(batches) < 0.6 * padded(plain)


def test_long_batches_do_not_come_first() -> None:
    lengths = lengths_of(1000)
    widths = np.array([lengths[batch].max() for batch in plan_epoch(lengths, 10, seed=0, epoch=0)])
    assert widths[:50].mean() == pytest.approx(widths[50:].mean(), rel=0.3)


def test_a_batch_is_padded_to_a_multiple_but_never_beyond_the_limit() -> None:
    rows = EncodedRows(
        {"input_ids": [[2, 9, 3], [2] * 11], "attention_mask": [[1] * 3, [1] * 11]}, label_ids=[1, 0]
    )
    batch = Collator(pad_id=7, pad_type_id=0, multiple=8, limit=64)([rows[0], rows[1]])
    assert batch["input_ids"].shape == (2, 16)
    assert batch["input_ids"][0].tolist() == [2, 9, 3] + [7] * 13
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 11]
    assert batch["labels"].tolist() == [1, 0]
    assert Collator(7, 0, multiple=8, limit=12)([rows[1]])["input_ids"].shape == (1, 12)


def test_answering_goes_from_long_to_short_in_batches_that_fit_the_memory() -> None:
    lengths = np.array([4, 4096, 4096, 4096, 4096, 4096, 4])
    batches = list(cut_batches(lengths, batch_size=64))
    assert sorted(row for batch in batches for row in batch) == list(range(7))
    assert all(len(batch) * lengths[batch].max() <= TOKENS_PER_BATCH for batch in batches)
    assert list(cut_batches(np.array([10**6]), 8)) == [[0]]


def test_answers_come_in_the_order_of_the_texts_and_do_not_depend_on_the_batch(
    encoder_folders: dict[str, Path],
) -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders["bert"], num_labels=3)
    model.train()
    tokenizer = build_tokenizer()
    texts = ["the cat", "a lovely dog and a horse and a cat " * 5, "", "why", "the film was poor"] * 3
    told: list[int] = []
    together = logits_of(model, tokenizer, texts, 32, batch_size=4, progress=told.append)
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
