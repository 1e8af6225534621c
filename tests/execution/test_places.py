"""Questions to tokens: each word is asked once, where it stands, in parts of any size and on every way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoModelForTokenClassification, AutoTokenizer, PreTrainedTokenizerFast

from studio.execution.answers import predict_rows
from studio.execution.executors import PaddedExecutor, choose_executor, choose_padding
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from studio.execution.token_cache import TokenCache
from studio.execution.tokenising import Tokenising
from studio.tasks.tagging.words import split_words
from studio.tasks.token_classification import TOKEN_CLASSIFICATION
from tests.asked import asked
from tests.encoders import build_tokenizer
from tests.tasks.random_texts import random_texts

pytestmark = pytest.mark.slow
TEXTS = ["the cat", "why is my dog, the food and the film not good?", "i", "where is the dog " * 20]


def written_texts(count: int, seed: int) -> list[str]:
    """Texts of all scripts that can be written down."""
    texts = random_texts(count, seed=seed)
    return [text.encode("utf-8", "ignore").decode("utf-8") for text in texts]


def tokenizers_of_all_sorts() -> dict[str, PreTrainedTokenizerFast]:
    """WordPiece, byte-level BPE as RoBERTa has it, and Metaspace as XLM-R, DeBERTa and ALBERT have it."""
    special = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    around = [("<s>", 0), ("</s>", 2)]
    texts = written_texts(300, seed=5)
    bytewise = ByteLevelBPETokenizer()
    bytewise.train_from_iterator(texts, vocab_size=600, special_tokens=["<s>", "<pad>", "</s>", "<unk>"])
    byte_level = Tokenizer.from_str(bytewise._tokenizer.to_str())
    byte_level.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    pieces = Tokenizer(models.Unigram())
    pieces.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    pieces.train_from_iterator(texts, trainer)
    pieces.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    return {
        "wordpiece": build_tokenizer(),
        "bytes": PreTrainedTokenizerFast(tokenizer_object=byte_level, **special),
        "pieces": PreTrainedTokenizerFast(tokenizer_object=pieces, **special),
    }


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, PreTrainedTokenizerFast]:
    return tokenizers_of_all_sorts()


@pytest.mark.parametrize("sort", ["wordpiece", "bytes", "pieces"])
@pytest.mark.parametrize("max_length", [8, 16, 512])
def test_every_word_is_asked_once_at_the_token_it_begins_in(
    tokenizers: dict[str, PreTrainedTokenizerFast], sort: str, max_length: int
) -> None:
    tokenizer = tokenizers[sort]
    for text in [*TEXTS, *written_texts(150, seed=max_length)]:
        encoded = TOKEN_CLASSIFICATION.encode([{"text": text}], tokenizer, max_length)
        words = split_words(text)
        assert sum(map(len, encoded["places"])) == len(words)
        given = tokenizer(
            [text],
            truncation=True,
            max_length=max_length,
            stride=max_length // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        asked_of = [
            (sequence, place) for sequence, places in enumerate(encoded["places"]) for place in places
        ]
        for (start, end), (sequence, place) in zip(words, asked_of, strict=True):
            if place < 0:
                continue
            first, after = given["offset_mapping"][sequence][place]
            assert first < end and start < after, (text, text[start:end], text[first:after])
            assert encoded["input_ids"][sequence][place] not in (
                tokenizer.cls_token_id,
                tokenizer.sep_token_id,
            )


def test_nothing_is_asked_about_what_the_tokenizer_drops() -> None:
    encoded = TOKEN_CLASSIFICATION.encode([{"text": "the \ue000 cat"}], build_tokenizer(), 16)
    assert encoded["places"] == [[1, -1, 2]]


def outputs_of(folder: Path, executor_name: str, limits: Limits, texts: list[str]) -> list[np.ndarray]:
    model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=5).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    made = choose_padding if executor_name == "padded" else None
    executor = made(tokenizer, 16, "cpu") if made else choose_executor(model, tokenizer, 16, "cpu")
    assert isinstance(executor, PaddedExecutor) == (executor_name == "padded")
    rows = EncodedRows.of(TOKEN_CLASSIFICATION.encode(asked(texts), tokenizer, 16))
    try:
        return list(predict_rows(executor, model, rows, limits))
    finally:
        executor.close()


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "electra", "albert"])
def test_rows_are_answered_alike_with_and_without_padding_and_in_parts_of_any_size(
    encoder_folders: dict[str, Path], family: str
) -> None:
    import torch

    found = []
    for name, limits in (("packed", Limits()), ("packed", Limits(rows=1)), ("padded", Limits(2, 64))):
        torch.manual_seed(3)
        found.append(outputs_of(encoder_folders[family], name, limits, TEXTS))
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            assert one.shape == other.shape
            assert np.abs(one - other).max() < 1e-5
    assert [len(each) for each in found[0]] == [len(split_words(text)) for text in TEXTS]


def test_a_word_without_a_token_is_surely_no_entity(encoder_folders: dict[str, Path]) -> None:
    (found,) = outputs_of(encoder_folders["bert"], "packed", Limits(), ["the \ue000 cat"])
    assert found[1].tolist() == [0.0, *[-30.0] * 4]


def test_rows_of_several_sequences_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    tokenising = Tokenising(TOKEN_CLASSIFICATION, build_tokenizer(), 16, TokenCache(tmp_path / "tokens"))
    first, again = (tokenising.encode(asked(TEXTS), lambda: None) for _ in range(2))
    assert first.counts is not None and first.counts.tolist() == again.counts.tolist()  # type: ignore[union-attr]
    assert first.counts.tolist()[:3] == [1, 1, 1] and first.counts[3] > 4
    for one, other in ((first, again), (first.chosen(np.arange(4)), again)):
        assert one.sequences is not None and other.sequences is not None
        assert one.sequences.places.values.tolist() == other.sequences.places.values.tolist()  # type: ignore[union-attr]
        assert one.questions.tolist() == other.questions.tolist()  # type: ignore[union-attr]
    assert first.chosen(np.array([3, 0])).questions.tolist() == [80, 2]  # type: ignore[union-attr]
