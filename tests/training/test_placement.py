"""Device and number format are chosen by what the machine can do."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from studio.errors import InvalidInput
from studio.execution.devices import is_fast_in_bf16
from studio.training.placement import choose_placement, wants_plain_attention

pytestmark = pytest.mark.slow


def test_a_wish_for_fp32_is_followed_and_the_sentence_says_where_it_runs() -> None:
    placement = choose_placement("fp32")
    assert placement.precision == "fp32"
    assert placement.device in {"cpu", "cuda", "mps"}
    assert placement.device_name in placement.sentence and "fp32" in placement.sentence


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without an NVIDIA card")
def test_fp16_is_refused_without_an_nvidia_card() -> None:
    with pytest.raises(InvalidInput, match="fp16"):
        choose_placement("fp16")


def test_plain_attention_is_for_encoders_that_train_on_a_cpu() -> None:
    model = SimpleNamespace(config=SimpleNamespace(_attn_implementation="sdpa"))
    assert wants_plain_attention(model, "cpu", "full")
    assert not wants_plain_attention(model, "cpu", "frozen")
    assert not wants_plain_attention(model, "cuda", "full")
    model.config._attn_implementation = "eager"
    assert not wants_plain_attention(model, "cpu", "full")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the processor is not asked where there is a card")
def test_a_processor_that_only_emulates_bf16_trains_in_fp32() -> None:
    skills = torch.cpu.get_capabilities()
    has_units = any(skills.get(name) for name in ("avx512_bf16", "amx_tile", "bf16"))
    assert is_fast_in_bf16("cpu") <= bool(has_units)
    assert choose_placement("auto").precision == ("bf16" if is_fast_in_bf16("cpu") else "fp32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the processor is not asked where there is a card")
def test_the_format_is_the_same_while_other_programs_take_every_core() -> None:
    alone = is_fast_in_bf16("cpu")
    assert alone or not torch.cpu.get_capabilities().get("amx_tile")
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)
    ]
    try:
        threads = torch.get_num_threads()
        assert [is_fast_in_bf16("cpu") for _ in range(10)] == [alone] * 10
        assert torch.get_num_threads() == threads
    finally:
        for other in others:
            other.kill()
            other.wait()
