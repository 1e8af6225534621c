"""Model folders with a tiny encoder built from a config: no network, the same weights for the same seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

WORDS = [
    "the",
    "a",
    "card",
    "lost",
    "my",
    "is",
    "where",
    "transfer",
    "money",
    "not",
    "order",
    "new",
    "please",
    "help",
    "卡",
    "丢",
    "了",
    "我",
    "的",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_model_folder(
    folder: Path,
    labels: Sequence[str] = ("card", "transfer"),
    *,
    seed: int = 0,
    max_length: int = 16,
    hidden: int = 32,
) -> Path:
    """Write config, weights, tokenizer and recipe of a two-layer BERT classifier."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS) + 52,
        hidden_size=hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.6,
        id2label=dict(enumerate(labels)),
        label2id={label: position for position, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    (folder / "recipe.json").write_text(json.dumps({"task": "classification", "max_length": max_length}))
    return folder


def make_tokenizer():
    """A lower-casing word-piece tokenizer that knows a few words and every letter."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [*SPECIAL, *WORDS, *letters[1:], "##", *("##" + letter for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        **{f"{name}_token": token for name, token in names.items()},
    )
