"""A last layer ends with first tokens where its head looks at nothing else, and learns the same."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from studio.execution.executors import PackedExecutor, choose_executor
from studio.execution.firsts import end_with_firsts
from studio.execution.heads import EachAlone
from studio.execution.parts import Limits
from tests.encoders import FAMILIES, POSITIONS, build_tokenizer
from tests.execution.test_packing import (
    PADDED,
    add_gradients,
    gradients_of,
    load,
    make_rows,
    without_dropout,
)

pytestmark = pytest.mark.slow

# A layer of ALBERT is every one, and so not the last; those of ModernBERT have other names.
CUT = sorted(set(FAMILIES) - {"albert", "modernbert"})
HEADS = [AutoModelForSequenceClassification, AutoModelForTokenClassification]


def watch(model: Any) -> list[int]:
    """The tokens of each row, or of all packed ones, that go through each layer after its attention."""
    seen: list[int] = []
    for name, module in model.named_modules():
        if name.endswith((".intermediate", ".ffn")):
            module.register_forward_hook(lambda _module, _inputs, output: seen.append(output.shape[1]))
    return seen


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", CUT)
def test_the_last_layer_ends_with_what_the_head_looks_at(
    encoder_folders: dict[str, Path], family: str, head: Any
) -> None:
    model, rows = load(encoder_folders[family], head), make_rows(2).chosen(np.array([0, 0, 1, 1]))
    executor = choose_executor(model, build_tokenizer(), POSITIONS, "cpu")
    seen = watch(model)
    executor.logits(model, rows, np.arange(4))
    packs = isinstance(executor, PackedExecutor)
    tokens, firsts = (int(rows.lengths.sum()), 4) if packs else (int(rows.lengths.max()), 1)
    layers = model.config.num_hidden_layers
    last = firsts if head is AutoModelForSequenceClassification else tokens
    assert seen == [*[tokens] * (layers - 1), last]
    executor.close()
    seen.clear()
    PADDED.logits(model, rows, np.arange(4))
    assert seen == [int(rows.lengths.max())] * layers, "it is as it was"


# MPNet always keeps the results of its layers.
@pytest.mark.parametrize(
    "family, recomputes", [pair for pair in product(CUT, (False, True)) if pair != ("mpnet", True)]
)
def test_rows_have_the_same_gradient_also_where_results_are_computed_anew(
    encoder_folders: dict[str, Path], family: str, recomputes: bool
) -> None:
    rows = make_rows()
    plain, cut = (without_dropout(load(encoder_folders[family])) for _ in range(2))
    executor = choose_executor(cut, build_tokenizer(), POSITIONS, "cpu")
    if recomputes:
        cut.activation_checkpointing_enable({"use_reentrant": False})
    for model, way in ((plain, PADDED), (cut, executor)):
        add_gradients(model, way, rows, Limits())
    expected, found = map(gradients_of, (plain, cut))
    assert (found - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("family", ["albert", "modernbert"])
def test_layers_of_other_kinds_are_left_alone(encoder_folders: dict[str, Path], family: str) -> None:
    assert end_with_firsts(load(encoder_folders[family])) is None


def test_a_head_that_looks_at_more_keeps_the_whole_layer(encoder_folders: dict[str, Path]) -> None:
    model = load(encoder_folders["bert"])
    model.bert.pooler.forward = lambda states: states.mean(dim=1)
    before = EachAlone(model.eval())(torch.tensor([[2, 9, 8, 3]]), torch.ones(1, 4))
    assert end_with_firsts(model) is None
    assert torch.equal(EachAlone(model)(torch.tensor([[2, 9, 8, 3]]), torch.ones(1, 4)), before)


def test_a_model_that_the_memory_cannot_try_is_left_alone_and_says_so(
    encoder_folders: dict[str, Path],
) -> None:
    model = load(encoder_folders["mpnet"])
    part = model.base_model.encoder.layer[-1].attention

    def fail(_module: Any, _inputs: Any, states: torch.Tensor) -> None:
        if part._forward_hooks:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    model.get_input_embeddings().register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        end_with_firsts(model)
    assert not part._forward_hooks
