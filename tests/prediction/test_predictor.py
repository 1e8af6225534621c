"""Requests that are answered together get what each would get alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.prediction.predictor import answer, answer_together
from tests.asked import asked

pytestmark = pytest.mark.slow


def request(number: int, folder: Path, *texts: Any) -> dict[str, Any]:
    """One request to answer texts."""
    return {"id": number, "op": "predict", "folder": str(folder), "rows": asked(texts)}


def test_each_gets_its_own_answers(model_folder: Path) -> None:
    from studio.prediction.embedded import Predictor

    predictor = Predictor(device="cpu")
    asked = [
        request(1, model_folder, "my card is lost", "where is the transfer"),
        request(2, model_folder),
        request(3, model_folder, "a new order please"),
    ]
    replies = list(answer_together(predictor, asked))
    assert [(reply["id"], reply["ok"], len(reply["answers"])) for reply in replies] == [
        *((1, True, 2), (2, True, 0), (3, True, 1))
    ]
    for together, one in zip(replies, asked, strict=True):
        alone = answer(predictor, one)
        for found, expected in zip(together["answers"], alone["answers"], strict=True):
            assert found["label"] == expected["label"]
            assert found["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)


def test_one_that_cannot_be_answered_fails_no_other(model_folder: Path) -> None:
    from studio.prediction.embedded import Predictor

    asked = [request(1, model_folder, "my card is lost"), request(2, model_folder, None)]
    first, second = answer_together(Predictor(device="cpu"), asked)
    assert first["ok"] and first["answers"][0]["label"] in ("card", "transfer")
    assert not second["ok"] and second["error"]["message"]
