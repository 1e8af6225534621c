"""Dropout is set everywhere, and each method names the weights it trains."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification

from studio.errors import InvalidInput
from studio.training.adapters import (
    add_lora,
    count_parameters,
    freeze_encoder,
    learning_groups,
    plain_model,
    set_dropout,
)
from studio.training.recipe import Recipe
from tests.encoders import FAMILIES

pytestmark = pytest.mark.slow
INPUT = {"input_ids": torch.tensor([[2, 6, 7, 9, 3]]), "attention_mask": torch.ones(1, 5, dtype=torch.long)}


def load(folder: Path) -> nn.Module:
    """A classifier with a new head."""
    torch.manual_seed(0)
    return AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=3, attn_implementation="eager"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_without_dropout_training_mode_gives_the_same_logits_twice(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = load(encoder_folders[family]).train()
    set_dropout(model, 0.0)
    assert torch.equal(model(**INPUT).logits, model(**INPUT).logits)
    assert torch.allclose(model(**INPUT).logits, model.eval()(**INPUT).logits, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_reaches_hidden_states_attention_and_head(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = load(encoder_folders[family]).train()
    set_dropout(model, 0.5)
    shares = {name: module.p for name, module in model.named_modules() if isinstance(module, nn.Dropout)}
    assert shares and set(shares.values()) == {0.5}
    assert not torch.equal(model(**INPUT).logits, model(**INPUT).logits)
    keys = {
        key: value for key, value in model.config.to_dict().items() if "dropout" in key and value is not None
    }
    assert set(keys.values()) == {0.5}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_frozen_encoder_does_not_flicker_and_only_the_head_learns(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = load(encoder_folders[family])
    freeze_encoder(model)
    model.train()
    encoder = getattr(model, model.base_model_prefix)
    assert torch.equal(encoder(**INPUT)[0], encoder(**INPUT)[0])
    assert not encoder(**INPUT)[0].requires_grad
    everything, learning = count_parameters(model)
    assert 0 < learning < everything / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_starts_where_the_checkpoint_is_and_merges_into_a_plain_model(
    encoder_folders: dict[str, Path], family: str
) -> None:
    model = load(encoder_folders[family]).eval()
    before = model(**INPUT).logits
    names = set(model.state_dict())
    wrapped = add_lora(model, Recipe(method="lora", lora_rank=2)).eval()
    assert torch.allclose(wrapped(**INPUT).logits, before, atol=1e-6)
    learning = [name for name, parameter in wrapped.named_parameters() if parameter.requires_grad]
    assert any("lora_" in name for name in learning)
    assert any("classifier" in name for name in learning)
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                parameter.add_(0.5)
    learnt = wrapped(**INPUT).logits
    merged = plain_model(wrapped).eval()
    assert set(merged.state_dict()) == names
    assert torch.allclose(merged(**INPUT).logits, learnt, atol=1e-5)
    assert not torch.allclose(learnt, before, atol=1e-3)


def test_lora_refuses_an_encoder_whose_attention_it_does_not_know() -> None:
    class Strange(nn.Module):
        base_model_prefix = "encoder"

        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(2, 2))
            self.config = type("Config", (), {"model_type": "strange"})

    with pytest.raises(InvalidInput, match="strange"):
        add_lora(Strange(), Recipe(method="lora"))


def test_the_new_head_learns_faster_than_the_encoder_and_biases_do_not_decay(
    encoder_folders: dict[str, Path],
) -> None:
    model = load(encoder_folders["bert"])
    groups = learning_groups(model, Recipe(learning_rate=1e-4, head_factor=10, weight_decay=0.05))
    rates = {id(weight): group["lr"] for group in groups for weight in group["params"]}
    decays = {id(weight): group["weight_decay"] for group in groups for weight in group["params"]}
    assert len(rates) == len(list(model.parameters()))
    for name, weight in model.named_parameters():
        head = name.startswith("classifier") or ".pooler." in name
        assert rates[id(weight)] == pytest.approx(1e-3 if head else 1e-4), name
        assert decays[id(weight)] == (0.0 if weight.ndim == 1 else 0.05), name
    assert groups[0]["lr"] == 1e-4, "the encoder's rate is the one that is shown"


def test_the_head_factor_counts_for_the_method_full_alone(encoder_folders: dict[str, Path]) -> None:
    model = load(encoder_folders["bert"])
    freeze_encoder(model)
    groups = learning_groups(model, Recipe(method="frozen", learning_rate=1e-3))
    assert {group["lr"] for group in groups} == {1e-3}
