"""Relative positions of DeBERTa-v2 and v3, of which a row needs only those that occur in it.

Its attention (He et al., 2021, https://arxiv.org/abs/2006.03654) compares every token with the embeddings of
all distances, 512 of them, and then picks those to other tokens of its row: of 20 tokens 39.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers.models.deberta_v2.modeling_deberta_v2 import (
    DisentangledSelfAttention,
    make_log_bucket_position,
)


@dataclass(frozen=True)
class Within:
    """An attention layer that knows no larger distances than ``pos_ebd_size``; all else is the layer's."""

    layer: Any
    pos_ebd_size: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


class NearAttention(DisentangledSelfAttention):
    """The same attention, for whose scores only the middle of the distances is computed."""

    def disentangled_attention_bias(
        self,
        query_layer: torch.Tensor,
        key_layer: torch.Tensor,
        relative_pos: torch.Tensor,
        rel_embeddings: torch.Tensor,
        scale_factor: int,
    ) -> torch.Tensor:
        """What is added to the scores, (rows x heads, queries, keys)."""
        most = self.pos_ebd_size
        reach = min(most, max(query_layer.shape[1], key_layer.shape[1]))
        return DisentangledSelfAttention.disentangled_attention_bias(
            Within(self, reach),
            query_layer,
            key_layer,
            relative_pos,
            rel_embeddings[most - reach : most + reach],
            scale_factor,
        )


def look_near(model: nn.Module) -> bool:
    """Have the attention of a DeBERTa compare tokens with the distances in their rows; whether it does."""
    layers = [layer for layer in model.modules() if type(layer) is DisentangledSelfAttention]
    near = [layer for layer in layers if layer.relative_attention and is_ordered(layer)]
    for layer in near:
        layer.__class__ = NearAttention
    return bool(near)


def is_ordered(layer: Any) -> bool:
    """Whether no distance has a number greater than itself; far ones share numbers."""
    if layer.position_buckets <= 0:
        return True
    distances = torch.arange(layer.pos_ebd_size)
    buckets = make_log_bucket_position(distances, layer.position_buckets, layer.max_relative_positions)
    return bool((buckets <= distances).all())


def look_everywhere(model: nn.Module) -> None:
    """Undo ``look_near``."""
    for layer in model.modules():
        if type(layer) is NearAttention:
            layer.__class__ = DisentangledSelfAttention
