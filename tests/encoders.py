"""A factory of tiny real encoders with a small WordPiece vocabulary, made from configs without a network.

    folder = build_encoder(tmp_path / "tiny", "distilbert")

holds config.json, model.safetensors and the files of a fast tokenizer, as a checkpoint from a hub would.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = [
    *("the", "a", "is", "was", "not", "very", "and", "i", "it", "this", "my", "your", "where", "how", "why"),
    *("good", "great", "fine", "lovely", "bad", "awful", "poor", "broken", "please", "thanks"),
    *("refund", "order", "card", "account", "password", "film", "phone", "food", "service"),
    *("cat", "dog", "horse", "hammer", "saw", "drill"),
]
VOCABULARY = (
    *SPECIAL,
    *WORDS,
    *string.ascii_lowercase,
    *(f"##{letter}" for letter in string.ascii_lowercase),
)

HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS = 16, 2, 2, 32, 64
COMMON: dict[str, Any] = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": INTERMEDIATE,
    "max_position_embeddings": POSITIONS,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": COMMON,
    "distilbert": {
        "dim": HIDDEN,
        "n_layers": LAYERS,
        "n_heads": HEADS,
        "hidden_dim": INTERMEDIATE,
        "max_position_embeddings": POSITIONS,
    },
    # Positions of this family start after the padding id, 0 here.
    "roberta": COMMON | {"max_position_embeddings": POSITIONS + 1, "bos_token_id": 2, "eos_token_id": 3},
    "mpnet": COMMON | {"max_position_embeddings": POSITIONS + 2, "bos_token_id": 2, "eos_token_id": 3},
    "electra": COMMON | {"embedding_size": HIDDEN},
    "albert": COMMON | {"embedding_size": 8, "bos_token_id": 2, "eos_token_id": 3},
    "deberta-v2": COMMON
    | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8},
    "modernbert": COMMON
    | {"global_attn_every_n_layers": 2, "local_attention": 16, "reference_compile": False},
}

# Families that are built as another, under a name of their own.
ALIKE = {"xlm-roberta": "roberta", "camembert": "roberta", "ernie": "bert"}


def build_tokenizer() -> PreTrainedTokenizerFast:
    """A fast WordPiece tokenizer that lowercases and knows a few dozen words and all letters."""
    vocabulary = {token: number for number, token in enumerate(VOCABULARY)}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=POSITIONS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def build_encoder(folder: Path, family: str = "bert", *, seed: int = 0, **changes: Any) -> Path:
    """Write a tiny random encoder of a family in FAMILIES or ALIKE; ``changes`` are keys of its config."""
    torch.manual_seed(seed)
    options = (
        FAMILIES[ALIKE.get(family, family)] | {"vocab_size": len(VOCABULARY), "pad_token_id": 0} | changes
    )
    AutoModel.from_config(AutoConfig.for_model(family, **options)).save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)
    return folder
