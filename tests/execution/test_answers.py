"""Answers come in the order of the rows, however they were cut, and with as much memory as there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from studio.execution.answers import predict_rows
from studio.execution.executors import choose_padding
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from tests.encoders import build_tokenizer
from tests.execution.answering import logits_of

pytestmark = pytest.mark.slow


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


def test_scoring_goes_on_with_fewer_rows_where_the_memory_does_not_suffice(
    encoder_folders: dict[str, Path],
) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(encoder_folders["bert"], num_labels=3).eval()
    executor = choose_padding(build_tokenizer(), 64, "cuda")
    rows = EncodedRows.of({"input_ids": [[2, 7, 3 + row % 9, 3] for row in range(20)]})
    expected = predict_rows(executor, model, rows)
    sizes: list[int] = []

    def fail_above_six(_module: Any, _given: Any, named: dict[str, torch.Tensor]) -> None:
        sizes.append(len(named["input_ids"]))
        if sizes[-1] > 6:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    model.register_forward_pre_hook(fail_above_six, with_kwargs=True)
    done: list[int] = []
    found = predict_rows(executor, model, rows, progress=done.append)
    assert np.abs(found - expected).max() < 1e-6
    assert sizes[:3] == [20, 10, 5] and max(sizes[2:]) == 5 and done[-1] == 20
