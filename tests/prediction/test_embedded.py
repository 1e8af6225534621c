"""A model in this process answers in smaller batches where the memory does not suffice for large ones."""

from __future__ import annotations

import json
import shutil
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


def test_who_trained_in_fp32_is_answered_in_fp32(tmp_path: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from studio.prediction.embedded import read_plain
    from tests.encoders import build_tokenizer

    config = AutoConfig.for_model("bert", vocab_size=200, hidden_size=240, num_hidden_layers=2)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    build_tokenizer().save_pretrained(tmp_path)
    formats = {}
    for precision in ("fp32", "auto", "bf16"):
        (tmp_path / "recipe.json").write_text(json.dumps({"precision": precision}))
        formats[precision] = read_plain(tmp_path, torch.device("cpu"), 1, True).model.dtype
    assert formats == {"fp32": torch.float32, "auto": torch.bfloat16, "bf16": torch.bfloat16}
    assert read_plain(tmp_path, torch.device("cpu"), 1, False).model.dtype == torch.float32


def test_a_folder_that_cannot_be_read_costs_no_other_its_place(model_folder: Path, tmp_path: Path) -> None:
    from studio.errors import WorkFailed
    from studio.prediction.embedded import Predictor

    damaged = tmp_path / "damaged"
    shutil.copytree(model_folder, damaged)
    (damaged / "model.safetensors").write_bytes(b"cut off")
    predictor = Predictor(max_models=1, device="cpu")
    predictor.load(model_folder)
    with pytest.raises(WorkFailed):
        predictor.load(damaged)
    assert predictor.loaded == [str(model_folder)]
