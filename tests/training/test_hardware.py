"""What this machine is, and estimates that grow with the work."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from studio.training.hardware import (
    Machine,
    Workload,
    detect_machine,
    estimate,
    flops_per_token,
    measure_gflops,
    read_cpu_share,
    read_nvidia,
)
from studio.training.recipe import Recipe


@dataclass(frozen=True)
class Shape:
    """bert-base."""

    parameters: int = 109_482_240
    layers: int = 12
    hidden: int = 768
    intermediate: int = 3072
    heads: int = 12


WORK = Workload(train_rows=1000, evaluated_rows=100, mean_tokens=40.0, max_tokens=128)
CPU = Machine("cpu", "processor", 2, 8 * 10**9, 10**10)
RECIPE = Recipe(batch_size=16, epochs=3)


def test_the_machine_is_described_with_real_numbers() -> None:
    machine = detect_machine()
    assert machine.device in {"cuda", "mps", "cpu"} and machine.device_name
    assert machine.cpu_cores >= 1
    assert machine.memory_bytes > 10**8 and machine.disk_free_bytes > 0


def test_looking_at_the_machine_imports_no_torch() -> None:
    code = (
        "import sys, studio.training.presets, studio.tasks.registry, studio.metrics.registry; "
        "from studio.training.hardware import detect_machine; detect_machine(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_nvidia_smi_prints_is_read_and_nonsense_is_not() -> None:
    assert read_nvidia("NVIDIA GeForce RTX 4090, 24564\nNVIDIA T4, 15360\n") == (
        "NVIDIA GeForce RTX 4090",
        24564 * 1024 * 1024,
    )
    assert read_nvidia("NVIDIA-SMI has failed because it couldn't communicate with the driver") is None
    assert read_nvidia("") is None


@pytest.mark.parametrize(("text", "cores"), [("150000 100000", 1.5), ("max 100000", None), ("what", None)])
def test_the_share_of_a_container_is_read(tmp_path: Path, text: str, cores: float | None) -> None:
    path = tmp_path / "cpu.max"
    path.write_text(text, encoding="ascii")
    assert read_cpu_share(path) == cores
    assert read_cpu_share(tmp_path / "missing") is None


def test_the_speed_of_this_machine_is_measured_once() -> None:
    assert 0.1 < measure_gflops() == measure_gflops()


def test_operations_per_token_are_two_per_weight_of_the_blocks_and_attention() -> None:
    # bert-base has 85.05 M weights in its blocks without biases and norms: 12 x 7,077,888 = 84.93 M.
    assert flops_per_token(Shape(), 0) == 2 * 84_934_656
    assert flops_per_token(Shape(), 512) - flops_per_token(Shape(), 0) == 12 * 4 * 512 * 768


def test_steps_count_incomplete_batches() -> None:
    assert estimate(RECIPE, Shape(), WORK, CPU).steps == 63 * 3


def test_more_work_takes_longer_and_more_memory() -> None:
    base = estimate(RECIPE, Shape(), WORK, CPU)
    for work in (replace(WORK, train_rows=2000), replace(WORK, mean_tokens=80.0)):
        assert estimate(RECIPE, Shape(), work, CPU).seconds > base.seconds
    assert estimate(RECIPE.model_copy(update={"epochs": 6}), Shape(), WORK, CPU).seconds > base.seconds
    assert estimate(RECIPE, Shape(), replace(WORK, max_tokens=512), CPU).memory_bytes > base.memory_bytes
    bigger = RECIPE.model_copy(update={"batch_size": 64})
    assert estimate(bigger, Shape(), WORK, CPU).memory_bytes > base.memory_bytes


def test_training_less_takes_less_and_a_graphics_card_is_faster() -> None:
    full, lora, frozen = (
        estimate(RECIPE.model_copy(update={"method": method}), Shape(), WORK, CPU)
        for method in ("full", "lora", "frozen")
    )
    assert full.seconds > lora.seconds > frozen.seconds
    assert full.memory_bytes > lora.memory_bytes > frozen.memory_bytes
    card = replace(CPU, device="cuda")
    assert estimate(RECIPE, Shape(), WORK, card).seconds < full.seconds


def test_the_disk_needed_is_for_two_snapshots_two_best_weights_and_the_model() -> None:
    full, lora, frozen = (
        estimate(RECIPE.model_copy(update={"method": method}), Shape(), WORK, CPU).disk_bytes
        for method in ("full", "lora", "frozen")
    )
    weights = 4 * Shape().parameters
    assert full == 2 * 3 * weights + 2 * weights + weights
    assert full > lora > frozen > weights


def test_a_machine_too_busy_to_measure_for_long_is_measured_once() -> None:
    assert measure_gflops(0.0) > 0
