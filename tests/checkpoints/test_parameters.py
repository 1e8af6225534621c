"""The parameters the studio computes are those of the real models."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoConfig, AutoModel

from studio.checkpoints import parameters
from studio.checkpoints.catalogue import load_catalogue
from studio.checkpoints.parameters import parameters_from_config

SMALL = {"vocab_size": 97, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4}
WIDE = SMALL | {"intermediate_size": 40, "max_position_embeddings": 33}
CONFIGS = {
    "bert": {"model_type": "bert", "type_vocab_size": 3, **WIDE},
    "roberta": {"model_type": "roberta", "type_vocab_size": 1, **WIDE},
    "xlm-roberta": {"model_type": "xlm-roberta", "type_vocab_size": 1, **WIDE},
    "camembert": {"model_type": "camembert", "type_vocab_size": 1, **WIDE},
    "ernie": {"model_type": "ernie", "type_vocab_size": 4, **WIDE},
    "ernie with a task": {"model_type": "ernie", "use_task_id": True, "task_type_vocab_size": 5, **WIDE},
    "distilbert": {
        "model_type": "distilbert",
        "vocab_size": 97,
        "dim": 24,
        "n_layers": 3,
        "n_heads": 4,
        "hidden_dim": 40,
        "max_position_embeddings": 33,
    },
    "albert": {"model_type": "albert", "embedding_size": 10, **WIDE},
    "albert with groups": {"model_type": "albert", "embedding_size": 10, "num_hidden_groups": 3, **WIDE},
    "mpnet": {"model_type": "mpnet", "relative_attention_num_buckets": 16, **WIDE},
    "electra": {"model_type": "electra", "embedding_size": 24, **WIDE},
    "electra with a narrow embedding": {"model_type": "electra", "embedding_size": 10, **WIDE},
    "deberta-v2": {"model_type": "deberta-v2", **WIDE},
    "deberta-v3": {
        "model_type": "deberta-v2",
        "type_vocab_size": 0,
        "relative_attention": True,
        "position_biased_input": False,
        "position_buckets": 16,
        "pos_att_type": "p2c|c2p",
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        **WIDE,
    },
    "deberta-v2 with its own position keys": {
        "model_type": "deberta-v2",
        "relative_attention": True,
        "pos_att_type": ["c2p", "p2c"],
        "conv_kernel_size": 3,
        "type_vocab_size": 2,
        **WIDE,
    },
    "modernbert": {"model_type": "modernbert", "pad_token_id": 0, **WIDE},
    "modernbert with biases": {
        "model_type": "modernbert",
        "pad_token_id": 0,
        "attention_bias": True,
        "mlp_bias": True,
        "norm_bias": True,
        **WIDE,
    },
}


def count_in_transformers(config: dict) -> int:
    """Build the model on the meta device, where weights have shapes and no memory, and count them."""
    fields = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.for_model(config["model_type"], **fields))
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_a_small_config_counts_as_the_real_model_does(name: str) -> None:
    assert parameters_from_config(CONFIGS[name]) == count_in_transformers(CONFIGS[name])


def test_every_architecture_that_is_counted_is_tested() -> None:
    assert {config["model_type"] for config in CONFIGS.values()} == set(parameters.COUNTERS)


@pytest.mark.parametrize("checkpoint", load_catalogue().values(), ids=lambda checkpoint: checkpoint.id)
def test_a_catalogue_entry_counts_as_the_real_model_does(checkpoint) -> None:
    assert checkpoint.parameters == count_in_transformers(dict(checkpoint.config))
