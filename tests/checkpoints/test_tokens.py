"""Tokens are counted as the checkpoint's own tokenizer counts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers.implementations import ByteLevelBPETokenizer

from studio.checkpoints.loading import load_tokenizer
from studio.checkpoints.tokens import count_tokens, counts_are_estimated
from studio.errors import InvalidInput
from tests.asked import asked
from tests.checkpoints.tiny_encoders import make_tokenizer

TEXTS = ["Where is my parcel?", "refund please", "The card arrived late and the parcel is lost", ""]


def counts_in_transformers(folder: Path) -> list[int]:
    """Count with the tokenizer training uses."""
    tokenizer = load_tokenizer(folder)
    return [len(tokenizer(text)["input_ids"]) for text in TEXTS]


def test_tokenizer_json_is_counted_without_its_truncation_and_padding(tiny_bert: Path) -> None:
    assert count_tokens(tiny_bert, asked(TEXTS)).tolist() == counts_in_transformers(tiny_bert)


def test_a_vocabulary_alone_is_counted_as_in_training(bert_copy: Path) -> None:
    (bert_copy / "tokenizer.json").unlink()
    (bert_copy / "tokenizer_config.json").unlink()
    assert count_tokens(bert_copy, asked(TEXTS)).tolist() == counts_in_transformers(bert_copy)


def test_a_cased_vocabulary_that_does_not_say_so_keeps_capitals(bert_copy: Path) -> None:
    (bert_copy / "tokenizer.json").unlink()
    (bert_copy / "tokenizer_config.json").unlink()
    make_tokenizer(bert_copy, capitals=True, tokenizer_json=False)
    assert count_tokens(bert_copy, asked(["The Parcel"])).tolist() == [4]
    ids = load_tokenizer(bert_copy)("The Parcel")["input_ids"]
    assert len(ids) == 4
    assert load_tokenizer(bert_copy).convert_ids_to_tokens(ids)[1:3] == ["The", "Parcel"]


def test_a_byte_level_vocabulary_is_counted(tmp_path: Path) -> None:
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(TEXTS * 5, vocab_size=300)
    trained.save_model(str(tmp_path))
    expected = [len(trained.encode(text).ids) + 2 for text in TEXTS]
    assert count_tokens(tmp_path, asked(TEXTS)).tolist() == expected


def test_counts_are_estimated_where_the_tokenizer_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "spm.model").write_bytes(b"sentencepiece")
    assert counts_are_estimated(tmp_path) and counts_are_estimated(None)
    assert count_tokens(tmp_path, asked(["abcdefgh", "退款吗"])).tolist() == [4, 5]
    assert count_tokens(None, asked([])).shape == (0,)


def test_a_broken_tokenizer_gets_a_sentence(bert_copy: Path) -> None:
    (bert_copy / "tokenizer.json").write_text("{")
    with pytest.raises(InvalidInput, match=r"tokenizer\.json of 'copied-bert' is not readable"):
        count_tokens(bert_copy, asked(TEXTS))


def test_a_vocabulary_without_special_tokens_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\nthe\n")
    with pytest.raises(InvalidInput, match=r"vocab\.txt of .* is not readable"):
        count_tokens(tmp_path, asked(TEXTS))
