"""DeBERTa's attention over the distances in its rows: what it answers and learns is the same."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification, set_seed
from transformers.models.deberta_v2.modeling_deberta_v2 import DisentangledSelfAttention

from studio.execution.executors import PaddedExecutor, choose_executor
from studio.execution.relative import NearAttention, look_near
from tests.encoders import build_tokenizer

pytestmark = pytest.mark.slow
WORDS, BUCKETS = 50, 8


def make_model(**fields: Any) -> Any:
    """A tiny DeBERTa-v3 with dropout, in 64 bits so that nothing but the order of sums can differ."""
    set_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    relative = {"pos_att_type": ["p2c", "c2p"], "position_buckets": BUCKETS, "share_att_key": True}
    config = DebertaV2Config(
        vocab_size=WORDS, max_position_embeddings=64, relative_attention=True, norm_rel_ebd="layer_norm",
        position_biased_input=False, **shape, **relative | fields,
    )  # fmt: skip
    model = DebertaV2ForSequenceClassification(config)
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.5)  # so large that a wrong distance is seen
    return model.double().train()


def learn(model: Any, length: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Logits of three rows, one of them padded, and the gradients of all weights, with dropout."""
    set_seed(1)
    ids = torch.randint(3, WORDS, (3, length))
    mask = torch.ones_like(ids)
    mask[1, length // 2 :] = 0
    model.zero_grad()
    logits = model(input_ids=ids, attention_mask=mask).logits
    logits.square().sum().backward()
    return logits.detach(), [weights.grad.clone() for weights in model.parameters()]


@pytest.mark.parametrize("length", [2, 5, 8, 9, 30, 50, 60], ids=lambda length: f"{length} tokens")
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"share_att_key": False},
        {"pos_att_type": ["c2p"]},
        {"pos_att_type": ["p2c"]},
        {"position_buckets": -1},
        {"position_buckets": 64},
        {"position_buckets": 64, "max_relative_positions": 64},
        {"position_buckets": 32, "max_relative_positions": 40},
    ],
    ids=str,
)
def test_answers_and_gradients_are_those_of_all_distances(fields: dict[str, Any], length: int) -> None:
    model = make_model(**fields)
    expected, gradients = learn(model, length)
    assert any(gradient.abs().max() > 1e-3 for gradient in gradients)
    look_near(model)
    found, near = learn(model, length)
    assert (found - expected).abs().max() < 1e-12
    for ours, theirs in zip(near, gradients, strict=True):
        assert (ours - theirs).norm() <= 1e-10 * max(1.0, float(theirs.norm()))


def test_a_short_row_is_compared_with_few_distances() -> None:
    model, seen = make_model(position_buckets=32), []
    look_near(model)
    project = model.deberta.encoder.layer[0].attention.self.key_proj
    project.register_forward_hook(lambda _module, given, _output: seen.append(given[0].shape[1]))
    learn(model, 5)
    learn(model, 40)
    assert seen == [5, 10, 40, 64], "tokens, and distances to both sides"


def test_distances_whose_numbers_are_greater_than_they_are_all_looked_at() -> None:
    model = make_model(position_buckets=32, max_relative_positions=40)
    assert not look_near(model)
    assert look_near(make_model(position_buckets=32, max_relative_positions=64))


def test_the_executor_of_a_deberta_gives_it_back_as_it_was() -> None:
    model = make_model().float().eval()
    layer = model.deberta.encoder.layer[0].attention.self
    executor = choose_executor(model, build_tokenizer(), 64, "cpu")
    assert isinstance(executor, PaddedExecutor)
    assert type(layer) is NearAttention
    executor.close()
    assert type(layer) is DisentangledSelfAttention


def test_a_model_that_is_no_longer_used_is_gone_at_once() -> None:
    gc.collect()
    gc.disable()
    try:
        model = make_model().float().eval()
        layer = weakref.ref(model.deberta.encoder.layer[0].attention.self)
        executor = choose_executor(model, build_tokenizer(), 64, "cpu")
        del model, executor
        assert layer() is None
    finally:
        gc.enable()
