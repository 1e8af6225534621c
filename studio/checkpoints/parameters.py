"""How many weights an encoder holds, computed from its config.json or read from its weights file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Config = Mapping[str, Any]


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    """Count the weights of one linear layer.

    >>> linear(4, 3)
    15
    """
    return inputs * outputs + (outputs if bias else 0)


def layer_norm(width: int, bias: bool = True) -> int:
    """Count the weights of one layer norm."""
    return 2 * width if bias else width


def transformer_layer(hidden: int, intermediate: int) -> int:
    """Count one BERT layer: four projections, two feed-forward layers, two norms.

    >>> transformer_layer(768, 3072)
    7087872
    """
    attention = 4 * linear(hidden, hidden) + layer_norm(hidden)
    return attention + linear(hidden, intermediate) + linear(intermediate, hidden) + layer_norm(hidden)


def count_bert(config: Config, extra_rows: int = 0) -> int:
    """Count BertModel and its likes with their pooler; ``extra_rows`` are further embedding rows."""
    hidden = config["hidden_size"]
    rows = (
        config["vocab_size"] + config.get("max_position_embeddings", 512) + config.get("type_vocab_size", 2)
    )
    embeddings = (rows + extra_rows) * hidden + layer_norm(hidden)
    layers = config["num_hidden_layers"] * transformer_layer(hidden, config["intermediate_size"])
    return embeddings + layers + linear(hidden, hidden)


def count_ernie(config: Config) -> int:
    """Count ErnieModel: BERT with an optional embedding of the pre-training task."""
    return count_bert(config, config.get("task_type_vocab_size", 3) if config.get("use_task_id") else 0)


def count_mpnet(config: Config) -> int:
    """Count MPNetModel: BERT without segments, and a table of relative positions that all layers share."""
    relative = config.get("relative_attention_num_buckets", 32) * config["num_attention_heads"]
    return count_bert({**config, "type_vocab_size": 0}) + relative


def count_distilbert(config: Config) -> int:
    """Count DistilBertModel: no segment embedding, no pooler."""
    width = config["dim"]
    embeddings = (config["vocab_size"] + config.get("max_position_embeddings", 512)) * width + layer_norm(
        width
    )
    return embeddings + config["n_layers"] * transformer_layer(width, config["hidden_dim"])


def count_albert(config: Config) -> int:
    """Count AlbertModel: a narrow embedding, and one set of layer weights used by all layers of a group."""
    hidden, width = config["hidden_size"], config["embedding_size"]
    rows = (
        config["vocab_size"] + config.get("max_position_embeddings", 512) + config.get("type_vocab_size", 2)
    )
    shared = config.get("num_hidden_groups", 1) * config.get("inner_group_num", 1)
    layers = shared * transformer_layer(hidden, config["intermediate_size"])
    return rows * width + layer_norm(width) + linear(width, hidden) + layers + linear(hidden, hidden)


def count_electra(config: Config) -> int:
    """Count ElectraModel: an embedding of its own width, no pooler."""
    hidden, width = config["hidden_size"], config["embedding_size"]
    rows = (
        config["vocab_size"] + config.get("max_position_embeddings", 512) + config.get("type_vocab_size", 2)
    )
    projection = linear(width, hidden) if width != hidden else 0
    layers = config["num_hidden_layers"] * transformer_layer(hidden, config["intermediate_size"])
    return rows * width + layer_norm(width) + projection + layers


def count_deberta_v2(config: Config) -> int:
    """Count DebertaV2Model: relative positions, optional absolute ones, no pooler."""
    hidden = config["hidden_size"]
    width = config.get("embedding_size", hidden)
    rows = config["vocab_size"] + config.get("type_vocab_size", 0)
    if config.get("position_biased_input", True):
        rows += config.get("max_position_embeddings", 512)
    embeddings = (
        rows * width + (linear(width, hidden, bias=False) if width != hidden else 0) + layer_norm(hidden)
    )
    layers = config["num_hidden_layers"] * deberta_layer(config)
    convolution = 0
    if kernel := config.get("conv_kernel_size", 0):
        convolution = hidden * hidden * kernel // config.get("conv_groups", 1) + hidden + layer_norm(hidden)
    return embeddings + layers + relative_embedding(config) + convolution


def position_kinds(config: Config) -> list[str]:
    """Name the kinds of relative attention a DeBERTa config asks for."""
    kinds = config.get("pos_att_type") or []
    return kinds.lower().split("|") if isinstance(kinds, str) else list(kinds)


def deberta_layer(config: Config) -> int:
    """Count one DeBERTa layer, with its own position projections where they are not shared."""
    hidden = config["hidden_size"]
    layer = transformer_layer(hidden, config["intermediate_size"])
    if config.get("relative_attention") and not config.get("share_att_key"):
        kinds = position_kinds(config)
        layer += sum(linear(hidden, hidden) for kind in ("c2p", "p2c") if kind in kinds)
    return layer


def relative_embedding(config: Config) -> int:
    """Count DeBERTa's table of relative positions and the norm on it."""
    if not config.get("relative_attention"):
        return 0
    hidden = config["hidden_size"]
    reach = config.get("max_relative_positions", -1)
    reach = config.get("max_position_embeddings", 512) if reach < 1 else reach
    buckets = config.get("position_buckets", -1)
    norms = [part.strip() for part in config.get("norm_rel_ebd", "none").lower().split("|")]
    table = 2 * (buckets if buckets > 0 else reach) * hidden
    return table + (layer_norm(hidden) if "layer_norm" in norms else 0)


def count_modernbert(config: Config) -> int:
    """Count ModernBertModel: rotary positions, gated feed-forward, no norm before the first attention."""
    hidden, intermediate = config["hidden_size"], config["intermediate_size"]
    norm = layer_norm(hidden, config.get("norm_bias", False))
    attention_bias, mlp_bias = config.get("attention_bias", False), config.get("mlp_bias", False)
    layer = linear(hidden, 3 * hidden, attention_bias) + linear(hidden, hidden, attention_bias)
    layer += linear(hidden, 2 * intermediate, mlp_bias) + linear(intermediate, hidden, mlp_bias) + norm
    layers = config["num_hidden_layers"]
    return config["vocab_size"] * hidden + norm + layers * layer + (layers - 1) * norm + norm


COUNTERS: Mapping[str, Callable[[Config], int]] = {
    "bert": count_bert,
    "roberta": count_bert,
    "xlm-roberta": count_bert,
    "camembert": count_bert,
    "ernie": count_ernie,
    "mpnet": count_mpnet,
    "distilbert": count_distilbert,
    "albert": count_albert,
    "electra": count_electra,
    "deberta-v2": count_deberta_v2,
    "modernbert": count_modernbert,
}


def parameters_from_config(config: Config) -> int:
    """Count the weights of the encoder that a config.json describes, without a task's head.

    The count is that of transformers' AutoModel. Raises KeyError for an architecture not in COUNTERS.
    """
    return COUNTERS[config["model_type"]](config)


def parameters_in_file(weights: Path) -> int:
    """Count the weights a .safetensors file holds, from its header alone."""
    with weights.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
