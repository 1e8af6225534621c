"""A model in this process answers in smaller batches where the memory does not suffice for large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.asked import asked

pytestmark = pytest.mark.slow
TEXTS = ["the card is lost", "my transfer", "where is my new order please", "卡丢了"] * 5


def test_a_part_that_does_not_fit_is_answered_in_halves_in_the_same_order(model_folder: Path) -> None:
    from studio.prediction.embedded import Predictor

    predictor = Predictor(device="cpu")
    expected = predictor.logits(model_folder, asked(TEXTS))
    rows: list[int] = []

    def fail_above_six(_module: Any, _given: Any, named: dict[str, Any]) -> None:
        rows.append(int((named["position_ids"] == 0).sum()))
        if rows[-1] > 6:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    hook = predictor.load(model_folder).model.register_forward_pre_hook(fail_above_six, with_kwargs=True)
    done: list[int] = []
    found = predictor.logits(model_folder, asked(TEXTS), done.append)
    hook.remove()
    assert np.abs(found - expected).max() < 1e-5
    assert rows == [20, 10, 5, 5, 5, 5] and done == [5, 10, 15, 20]


def test_one_text_that_does_not_fit_is_an_error(model_folder: Path) -> None:
    from studio.prediction.embedded import Predictor

    predictor = Predictor(device="cpu")

    def fail(_module: Any, _given: Any) -> None:
        raise MemoryError

    predictor.load(model_folder).model.register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        predictor.logits(model_folder, asked(TEXTS[:2]))
