"""What this machine is, and how fast it multiplies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from studio.cores import read_cpu_share
from studio.training.hardware import detect_machine, measure_gflops, read_nvidia


def test_the_machine_is_described_with_real_numbers() -> None:
    machine = detect_machine()
    assert machine.device in {"cuda", "mps", "cpu"} and machine.device_name
    assert machine.cpu_cores >= 1
    assert machine.memory_bytes > 10**8 and machine.disk_free_bytes > 0


def test_looking_at_the_machine_imports_no_torch() -> None:
    code = (
        "import sys, studio.training.presets, studio.tasks.registry, studio.metrics.registry; "
        "from studio.training import estimates, hardware; hardware.detect_machine(); "
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


def test_a_machine_too_busy_to_measure_for_long_is_measured_once() -> None:
    assert measure_gflops(0.0) > 0
