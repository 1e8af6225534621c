"""Rows become token ids, and logits become answers."""

from __future__ import annotations

import numpy as np

from studio.tasks.classification import CLASSIFICATION, decode, encode


class RecordingTokenizer:
    """Gives one id per word and remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[dict] = []

    def __call__(self, texts: list[str], **options: object) -> dict[str, list[list[int]]]:
        self.calls.append({"texts": texts, **options})
        ids = [list(range(len(text.split())))[: options["max_length"]] for text in texts]
        return {"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids]}


def test_all_rows_go_to_the_tokenizer_in_one_call_and_are_cut_but_not_padded() -> None:
    tokenizer = RecordingTokenizer()
    encoded = encode([{"text": "a b c"}, {"text": "d"}], tokenizer, 2)
    assert encoded["input_ids"] == [[0, 1], [0]]
    assert tokenizer.calls == [
        {"texts": ["a b c", "d"], "truncation": True, "max_length": 2, "padding": False}
    ]


def test_no_rows_give_no_ids() -> None:
    assert encode([], RecordingTokenizer(), 8)["input_ids"] == []


def test_answers_carry_the_label_its_confidence_and_every_probability() -> None:
    (answer,) = decode(np.array([[1.0, 3.0, 2.0]]), ["a", "b", "c"], {})
    assert answer["label"] == "b"
    assert answer["confidence"] == max(answer["probabilities"].values())
    assert list(answer["probabilities"]) == ["a", "b", "c"]
    assert abs(sum(answer["probabilities"].values()) - 1) < 1e-12


def test_large_logits_do_not_overflow() -> None:
    (answer,) = decode(np.array([[-1e4, 1e4]], dtype=np.float32), ["a", "b"], {})
    assert answer["probabilities"] == {"a": 0.0, "b": 1.0}


def test_no_logits_give_no_answers() -> None:
    assert decode(np.zeros((0, 3)), ["a", "b", "c"], {}) == []


def test_required_roles_are_text_and_label() -> None:
    assert CLASSIFICATION.required_roles == ("text", "label")
