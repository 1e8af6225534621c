"""Real encoders of a few hundred kilobytes, built from configs: no network, loadable by transformers."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers.implementations import BertWordPieceTokenizer
from transformers import AutoConfig, AutoModel

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the", "a", "my", "your", "card", "parcel", "refund", "where", "is", "late", "lost", "not",
    "want", "when", "will", "arrive", "please", "thanks",
]  # fmt: skip
LETTERS = [letter for base in "abcdefghijklmnopqrstuvwxyz" for letter in (base, f"##{base}")]
SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


def make_tokenizer(folder: Path, capitals: bool = False, tokenizer_json: bool = True) -> int:
    """Write a small WordPiece vocabulary, and tokenizer.json beside it; return the number of its words."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [*SPECIAL, *WORDS, *LETTERS]
    if capitals:
        words += [word.capitalize() for word in WORDS if len(word) > 1]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    if tokenizer_json:
        tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=not capitals)
        tokenizer.enable_truncation(8)
        tokenizer.enable_padding(length=8)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(
            '{"tokenizer_class": "BertTokenizerFast"}', encoding="utf-8"
        )
    return len(words)


def make_encoder(
    folder: Path, family: str = "bert", seed: int = 0, rows: int = 0, shape: dict[str, int] = SHAPE
) -> Path:
    """Write a random encoder with its tokenizer; ``rows`` makes the vocabulary, and so the file, larger."""
    vocabulary = max(make_tokenizer(folder), rows)
    torch.manual_seed(seed)
    config = AutoConfig.for_model(family, vocab_size=vocabulary, **shape)
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def make_sentencepiece_encoder(folder: Path) -> Path:
    """Write a random DeBERTa as a hub has it: its tokenizer is spm.model alone, without tokenizer.json."""
    import sentencepiece

    folder.mkdir(parents=True)
    texts = folder / "texts.txt"
    texts.write_text("\n".join(" ".join(WORDS[place:] + WORDS[:place]) for place in range(len(WORDS))))
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts), model_prefix=str(folder / "spm"), vocab_size=60, hard_vocab_limit=False,
        pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
        unk_piece="[UNK]", minloglevel=2,
    )  # fmt: skip
    texts.unlink()
    (folder / "spm.vocab").unlink()
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')
    size = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model")).get_piece_size()
    torch.manual_seed(0)
    config = AutoConfig.for_model("deberta-v2", vocab_size=size + 1, **SHAPE)
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def as_pickle(folder: Path, old_names: bool = True) -> Path:
    """Turn a folder's safetensors into a pickle as old checkpoints are: gamma, beta and a shared weight."""
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    if old_names:
        weights = {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            ): value
            for name, value in weights.items()
        }
        weights["cls.predictions.decoder.weight"] = weights["embeddings.word_embeddings.weight"]
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder
