"""Relative positions of DeBERTa-v2 and v3, of which a row needs only those that occur in it.

Its attention (He et al., 2021, https://arxiv.org/abs/2006.03654) compares every token with the embeddings of
all distances, 512 of them, and then picks those to other tokens of its row: of 20 tokens 39.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

BIAS = "disentangled_attention_bias"


@dataclass(frozen=True)
class Within:
    """An attention layer that knows no larger distances than ``pos_ebd_size``; all else is the layer's."""

    layer: Any
    pos_ebd_size: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


def look_near(model: nn.Module) -> None:
    """Have the attention of a DeBERTa compare tokens with the distances in their rows; others stay."""
    for layer in model.modules():
        if hasattr(layer, BIAS) and hasattr(layer, "pos_ebd_size"):
            setattr(layer, BIAS, near_bias(layer))


def near_bias(layer: Any) -> Any:
    """What the layer adds to its scores, computed from the middle of the distances alone."""
    whole = getattr(type(layer), BIAS)

    def bias(
        queries: torch.Tensor, keys: torch.Tensor, distances: torch.Tensor, embedded: torch.Tensor, scale: int
    ) -> torch.Tensor:
        most = layer.pos_ebd_size
        reach = min(most, max(queries.shape[1], keys.shape[1]))
        # Large distances are in buckets, whose numbers are smaller than they.
        middle = embedded[most - reach : most + reach]
        return whole(Within(layer, reach), queries, keys, distances, middle, scale)

    return bias


def look_everywhere(model: nn.Module) -> None:
    """Undo ``look_near``."""
    for layer in model.modules():
        vars(layer).pop(BIAS, None)
