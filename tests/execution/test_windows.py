"""Questions with passages: windows hold every token, say where it stands, and are answered on every way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from studio.execution.answers import predict_rows
from studio.execution.executors import PaddedExecutor, choose_executor, choose_padding, grouped_logits
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from studio.execution.token_cache import TokenCache
from studio.execution.tokenising import Tokenising
from studio.tasks.question_answering import QUESTION_ANSWERING
from studio.training.losses import LOSSES
from tests.encoders import build_tokenizer
from tests.execution.test_places import tokenizers_of_all_sorts, written_texts

pytestmark = pytest.mark.slow
PASSAGES = ["the cat", "why is my dog, the food and the film not good?", "", "where is the dog " * 20]
ROWS = [{"question": f"where is the cat {number}?", "context": text} for number, text in enumerate(PASSAGES)]
ANSWERS = ['[[4, "cat"]]', '[[7, "my dog, the"], [0, "why"]]', "[]", '[[193, "is the dog"]]']
COLUMNS = {**{role: [row[role] for row in ROWS] for role in ROWS[0]}, "answers": ANSWERS}


@pytest.mark.parametrize("sort", ["wordpiece", "bytes", "pieces"])
@pytest.mark.parametrize("max_length", [8, 16, 64, 512])
def test_windows_hold_every_token_of_a_passage_at_its_characters(sort: str, max_length: int) -> None:
    tokenizer = tokenizers_of_all_sorts()[sort]
    questions = ["where?", "why is my dog not here, and where is the food " * 9, "👩🏽", "  👩🏽 北京 " * 9]
    for number, text in enumerate([*PASSAGES, *written_texts(60, seed=max_length)]):
        asked = {"question": questions[number % len(questions)], "context": text}
        encoded = QUESTION_ANSWERING.encode([asked], tokenizer, max_length)
        alone = tokenizer([text], add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"][0]
        wanted = {(start, end) for start, end in alone if text[start:end].strip()}
        assert all(len(ids) <= max_length for ids in encoded["input_ids"])
        found = np.concatenate(encoded["about"])
        assert [len(each) for each in encoded["about"]] == [len(ids) for ids in encoded["input_ids"]]
        assert found[:, 0].tolist() == sorted(found[:, 0].tolist())
        places = {(start, end) for _, start, end in found.tolist() if start >= 0}
        assert all(text[start:end] == text[start:end].strip() != "" for start, end in places)
        trimmed = {
            (end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip()))
            for start, end in wanted
        }
        assert places == trimmed


def test_windows_aim_at_the_first_answer_where_they_hold_it() -> None:
    encoded = QUESTION_ANSWERING.encode(ROWS, build_tokenizer(), 32)
    rows = EncodedRows.of(encoded)
    truth = QUESTION_ANSWERING.targets(COLUMNS, ())
    assert rows.about is not None and QUESTION_ANSWERING.aim is not None
    aims = QUESTION_ANSWERING.aim(truth, rows.about)
    assert [len(aim) for aim in aims] == rows.counts.tolist()  # type: ignore[union-attr]
    sequences = iter(encoded["about"])
    held = []
    for row, aim in zip(truth, aims, strict=True):
        for tokens, first, last in aim.tolist():
            about = next(sequences)
            assert tokens == len(about)
            if last:
                assert row.context[about[first, 1] : about[last, 2]] == row.answers[0].text
            held.append(bool(last))
    assert held[0] and held[1] and not held[2] and 1 <= sum(held[3:]) < len(held[3:])


def outputs_of(folder: Path, executor_name: str, limits: Limits) -> list[np.ndarray]:
    torch.manual_seed(3)
    model = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    made = choose_padding if executor_name == "padded" else None
    executor = made(tokenizer, 32, "cpu") if made else choose_executor(model, tokenizer, 32, "cpu")
    assert isinstance(executor, PaddedExecutor) == (executor_name == "padded")
    rows = EncodedRows.of(QUESTION_ANSWERING.encode(ROWS, tokenizer, 32))
    try:
        return list(predict_rows(executor, model, rows, limits))
    finally:
        executor.close()


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "electra", "albert"])
def test_rows_are_answered_alike_with_and_without_padding_and_in_parts_of_any_size(
    encoder_folders: dict[str, Path], family: str
) -> None:
    ways = (("packed", Limits()), ("packed", Limits(rows=1)), ("padded", Limits(2, 64)))
    found = [outputs_of(encoder_folders[family], *way) for way in ways]
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            assert one.shape == other.shape and np.abs(one - other).max() < 1e-5


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_gradients_are_the_same_without_padding_and_add_up_over_parts(
    encoder_folders: dict[str, Path], family: str
) -> None:
    torch.manual_seed(3)
    model = AutoModelForQuestionAnswering.from_pretrained(encoder_folders[family]).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder_folders[family])
    rows = EncodedRows.of(QUESTION_ANSWERING.encode(ROWS, tokenizer, 32))
    truth = QUESTION_ANSWERING.targets(COLUMNS, ())
    rows = rows.with_targets(truth, QUESTION_ANSWERING.aim(truth, rows.about))  # type: ignore[misc, arg-type]
    everything = np.arange(len(rows))
    windows = len(rows.targets_of(everything))

    def learn(executor: object, parts: list[np.ndarray]) -> dict[str, torch.Tensor]:
        model.zero_grad()
        for part in parts:
            logits = grouped_logits(executor, model, rows, part)  # type: ignore[arg-type]
            losses = LOSSES["question_answering"].of_rows(logits, torch.from_numpy(rows.targets_of(part)))
            (losses.sum() / windows).backward()
        return {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}

    padded = learn(choose_padding(tokenizer, 32, "cpu"), [everything])
    packing = choose_executor(model, tokenizer, 32, "cpu")
    try:
        others = [learn(packing, [everything]), learn(packing, [everything[:1], everything[1:]])]
    finally:
        packing.close()
    for other in others:
        assert other.keys() == padded.keys()
        for name, gradient in padded.items():
            assert (other[name] - gradient).abs().max() < 1e-5, name


def test_rows_of_windows_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    tokenising = Tokenising(QUESTION_ANSWERING, build_tokenizer(), 32, TokenCache(tmp_path / "tokens"))
    first, again = (tokenising.encode(ROWS, lambda: None) for _ in range(2))
    for one, other in ((first, again), (first.chosen(np.arange(len(ROWS))), again)):
        assert one.about is not None and other.about is not None
        for mine, theirs in zip(one.about, other.about, strict=True):
            assert mine.tolist() == theirs.tolist()
