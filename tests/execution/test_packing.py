"""Without padding an encoder answers and learns the same, and no text sees another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
)

from studio.execution.answers import predict_rows
from studio.execution.devices import computing_in
from studio.execution.executors import (
    Executor,
    PackedExecutor,
    PaddedExecutor,
    choose_executor,
    grouped_logits,
)
from studio.execution.packing import pack_model, try_half
from studio.execution.parts import Limits
from studio.execution.probing import probed_rows
from studio.execution.rows import EncodedRows
from studio.training.losses import cross_entropy, share_of_loss
from tests.encoders import FAMILIES, POSITIONS, build_tokenizer
from tests.execution.devices import DEVICES

pytestmark = pytest.mark.slow

PACKED = {"bert", "distilbert", "roberta", "electra", "albert"}
# Sums of a graphics card are added up in other orders.
GRADIENTS_APART = {"cpu": 1e-6, "cuda": 1e-5}
PADDED = PaddedExecutor(pad_id=0, pad_type_id=0, multiple=1, limit=POSITIONS, overhead=32)


def make_rows(count: int = 32) -> EncodedRows:
    """Rows of 3 to 60 tokens, some equally long."""
    drawn = np.random.default_rng(0)
    lengths = drawn.integers(3, 60, count)
    ids = [[2, *drawn.integers(5, 60, length - 2).tolist(), 3] for length in lengths]
    return EncodedRows.of({"input_ids": ids}, drawn.integers(0, 3, count).tolist())


def load(folder: Path, head: Any = AutoModelForSequenceClassification) -> Any:
    """A classifier with three labels or another head, the same each time, whose answers are far apart."""
    torch.manual_seed(0)
    model = head.from_pretrained(folder, num_labels=3)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(10)
    return model


def without_dropout(model: Any) -> Any:
    """A model that learns, but draws nothing."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model.train()


def learn(model: Any, executor: Executor, rows: EncodedRows, limits: Limits, steps: int) -> None:
    """Take steps on all rows, each computed in parts."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        add_gradients(model, executor, rows, limits)
        optimizer.step()


def add_gradients(model: Any, executor: Executor, rows: EncodedRows, limits: Limits) -> None:
    """Leave the gradients of the mean loss of all rows."""
    for part in executor.cut(rows.lengths, limits):
        labels = torch.from_numpy(rows.targets[part]).to(model.device)
        losses = cross_entropy(executor.logits(model, rows, part), labels)
        share_of_loss(losses, labels, None, len(rows)).backward()


def gradients_of(model: Any) -> torch.Tensor:
    """All gradients in one row."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).double()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_is_packed_where_it_answers_the_same_and_left_alone_elsewhere(
    encoder_folders: dict[str, Path], family: str, device: str
) -> None:
    model, rows = load(encoder_folders[family]).eval().to(device), make_rows()
    before, attention = predict_rows(PADDED, model, rows), model.config._attn_implementation
    assert np.ptp(before, axis=0).max() > 0.1 or family not in PACKED
    executor = choose_executor(model, build_tokenizer(), POSITIONS, device)
    assert isinstance(executor, PackedExecutor) == (family in PACKED)
    for limits in (Limits(), Limits(rows=5), Limits(tokens=100)):
        assert np.abs(predict_rows(executor, model, rows, limits) - before).max() < 1e-5
    executor.close()
    assert model.config._attn_implementation == attention
    assert np.abs(predict_rows(PADDED, model, rows) - before).max() < 1e-6, "it is as it was"


@pytest.mark.parametrize("family", sorted(PACKED))
@pytest.mark.parametrize("limits", [Limits(), Limits(rows=7), Limits(tokens=200)], ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_a_step_has_the_same_gradient_however_it_is_computed(
    encoder_folders: dict[str, Path], family: str, limits: Limits, device: str
) -> None:
    rows = make_rows()
    whole, parts, packed = (without_dropout(load(encoder_folders[family])).to(device) for _ in range(3))
    together = PaddedExecutor(pad_id=0, pad_type_id=0, multiple=1, limit=POSITIONS, overhead=10**6)
    add_gradients(whole, together, rows, Limits())
    add_gradients(parts, PADDED, rows, limits)
    add_gradients(packed, PackedExecutor(packing(packed)), rows, limits)
    expected = gradients_of(whole)
    for found in (gradients_of(parts), gradients_of(packed)):
        assert (found - expected).norm() / expected.norm() < GRADIENTS_APART[device]


@pytest.mark.parametrize("limits", [Limits(), Limits(rows=3), Limits(tokens=150)], ids=str)
@pytest.mark.parametrize("family", sorted(PACKED))
def test_rows_of_several_options_have_the_same_gradient_however_they_are_computed(
    encoder_folders: dict[str, Path], family: str, limits: Limits
) -> None:
    flat = make_rows(32)
    counts = [2, 4, 3, 2, 5, 4, 2, 3, 5, 2]
    rows = flat.with_targets(None).grouped(counts).with_targets([1, 3, 0, 0, 4, 2, 1, 2, 0, 1])
    folder = encoder_folders[family]
    models = [without_dropout(load(folder, AutoModelForMultipleChoice)) for _ in range(3)]
    starts = np.cumsum(counts) - counts
    for number, (start, count) in enumerate(zip(starts, counts, strict=True)):
        batch = PADDED.batch(flat, range(start, start + count))
        logits = models[0](**{name: part.unsqueeze(0) for name, part in batch.items()}).logits
        (cross_entropy(logits, torch.tensor([rows.targets[number]])).sum() / len(rows)).backward()
    for model, executor in ((models[1], PADDED), (models[2], PackedExecutor(packing(models[2])))):
        for part in executor.cut(rows.lengths, limits):
            losses = cross_entropy(
                grouped_logits(executor, model, rows, part), torch.from_numpy(rows.targets[part])
            )
            share_of_loss(losses, torch.from_numpy(rows.targets[part]), None, len(rows)).backward()
    expected = gradients_of(models[0])
    for model in models[1:]:
        # Each of them is about 1e-6 from what 64 bits give.
        assert (gradients_of(model) - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("family", FAMILIES)
def test_in_bf16_an_encoder_answers_nearly_the_same(
    encoder_folders: dict[str, Path], family: str, device: str
) -> None:
    model, rows = load(encoder_folders[family]).eval().to(device), make_rows()
    executor = choose_executor(model, build_tokenizer(), POSITIONS, device)
    exact = predict_rows(executor, model, rows)
    model.to(torch.bfloat16)
    found = predict_rows(executor, model, rows)
    assert 0 < np.abs(found - exact).max() < 0.05 * np.ptp(exact, axis=0).max()
    assert (found.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.95


def test_what_is_tried_in_half_the_bits_leaves_no_gradients(encoder_folders: dict[str, Path]) -> None:
    model = load(encoder_folders["bert"])
    packed, rows = packing(model), probed_rows(model)
    try_half(packed, model, rows)
    assert all(weight.grad is None for weight in model.parameters())
    with pytest.raises(IndexError):
        try_half(packed, model, [row + 10**6 for row in rows])


def test_an_encoder_that_the_memory_cannot_try_is_no_encoder_to_be_padded(
    encoder_folders: dict[str, Path],
) -> None:
    model = load(encoder_folders["bert"])

    def fail(_module: Any, _given: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    model.get_input_embeddings().register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        pack_model(model)


def packing(model: Any) -> Any:
    """The model without padding; fails where it cannot be."""
    packed = pack_model(model)
    assert packed is not None
    return packed


def test_after_twenty_steps_the_weights_are_the_same(encoder_folders: dict[str, Path]) -> None:
    rows = make_rows()
    plain, packed = (without_dropout(load(encoder_folders["bert"])).double() for _ in range(2))
    learn(plain, PADDED, rows, Limits(), steps=20)
    learn(packed, PackedExecutor(packing(packed)), rows, Limits(rows=9), steps=20)
    for expected, found in zip(plain.parameters(), packed.parameters(), strict=True):
        assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_no_text_sees_another(encoder_folders: dict[str, Path], device: str) -> None:
    model, rows = load(encoder_folders["bert"]).eval().to(device), make_rows(6)
    executor = PackedExecutor(packing(model))
    embedded = model.get_input_embeddings()
    seen: list[torch.Tensor] = []
    embedded.register_forward_hook(lambda _m, _i, output: seen.append(output) or output.retain_grad())
    embedded.weight.requires_grad_(True)
    executor.logits(model, rows, np.arange(6))[2].sum().backward()
    order = np.argsort(-rows.lengths, kind="stable")
    touched = seen[0].grad[0].abs().sum(dim=-1) > 0
    owners = np.repeat(order, rows.lengths[order])
    assert set(owners[touched.cpu().numpy()]) == {2}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", DEVICES)
def test_dropout_of_attention_is_drawn_for_packed_rows_too(
    encoder_folders: dict[str, Path], device: str, precision: str
) -> None:
    model, rows = load(encoder_folders["bert"]).to(device), make_rows(8)
    executor = PackedExecutor(packing(model))
    for module in without_dropout(model).modules():
        if type(module).__name__ == "BertSelfAttention":
            module.dropout.p = 0.5

    def answer() -> torch.Tensor:
        with computing_in(precision, device):
            return executor.logits(model, rows, np.arange(8))

    first, second = answer(), answer()
    assert (first - second).abs().max() > 1e-4
    (first + second).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    model.eval()
    assert torch.equal(answer(), answer())


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - PACKED))
def test_an_attention_that_stays_as_it_was_is_never_taken_for_one_without_padding(
    encoder_folders: dict[str, Path], family: str
) -> None:
    """Not even where weights are so small that tokens hardly look at each other."""
    model = AutoModelForQuestionAnswering.from_pretrained(encoder_folders[family]).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "attention" in name or "attn" in name:
                weight.mul_(1e-3)
    before = model.config._attn_implementation
    assert pack_model(model) is None
    assert model.config._attn_implementation == before
