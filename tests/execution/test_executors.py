"""What a model is given of padded rows, and how long they may be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification

from studio.execution.executors import PaddedExecutor, usable_length
from studio.execution.rows import EncodedRows
from tests.encoders import build_tokenizer
from tests.execution.answering import logits_of

pytestmark = pytest.mark.slow


def test_a_batch_is_padded_to_a_multiple_but_never_beyond_the_limit() -> None:
    rows = EncodedRows.of({"input_ids": [[2, 9, 3], [2] * 11], "attention_mask": [[1] * 3, [1] * 11]})
    batch = PaddedExecutor(pad_id=7, pad_type_id=0, multiple=8, limit=64, overhead=0).batch(rows, [0, 1])
    assert batch["input_ids"].shape == (2, 16)
    assert batch["input_ids"][0].tolist() == [2, 9, 3] + [7] * 13
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 11]
    narrow = PaddedExecutor(pad_id=7, pad_type_id=0, multiple=8, limit=12, overhead=0)
    assert narrow.batch(rows, [1])["input_ids"].shape == (1, 12)


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "electra", "albert"])
def test_the_usable_length_is_what_the_position_table_holds(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders[family]).eval()
    tokenizer = build_tokenizer()
    assert usable_length(model, tokenizer, 512) == 64
    assert usable_length(model, tokenizer, 20) == 20
    assert np.isfinite(logits_of(model, tokenizer, ["the cat " * 99], 64)).all()
