"""What this machine is, and what a training will take on it; nothing here imports torch."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from studio.settings import gpus_are_hidden

NVIDIA_SMI_SECONDS = 10
CUDA_GFLOPS = 20_000.0
MPS_GFLOPS = 2_000.0
# Share of one core's matrix speed in numpy that training reaches, measured with minilm-l6 (docs/presets.md).
CPU_SHARE_BF16 = 1.2
CPU_SHARE_FP32 = 0.6
# More cores help less and less.
CORES_POWER = 0.85
START_SECONDS = 15.0
# Tokens computed for each real one where a step is cut into padded parts, with what their starts cost.
PADDED_SHARE = 1.3
# AdamW and the clipping of gradients read and write every weight that learns, at each step.
CPU_SECONDS_PER_WEIGHT_AND_STEP = 1.6e-9
BASE_BYTES = 900 * 10**6
BYTES_PER_NUMBER = 4
# A weight that learns is in two snapshots with two moments each, and in two sets of best weights.
NUMBERS_PER_LEARNT_WEIGHT_ON_DISK = 8
SHARE_LEARNT = {"full": 1.0, "lora": 0.08, "frozen": 0.02}


@dataclass(frozen=True)
class Machine:
    """What trains here: device is cuda, mps or cpu; memory is the computer's, gpu_memory_bytes the card's."""

    device: str
    device_name: str
    cpu_cores: int
    memory_bytes: int
    disk_free_bytes: int
    gpu_memory_bytes: int | None = None


@dataclass(frozen=True)
class Workload:
    """Rows to learn from and to evaluate after each epoch; tokens are counted after cutting."""

    train_rows: int
    evaluated_rows: int
    mean_tokens: float
    max_tokens: int


@dataclass(frozen=True)
class Estimate:
    """What a training will take, start-up included; memory is the peak of the training process.

    ``disk_bytes`` are to be free at the start, most of them for as long as it runs.
    """

    seconds: float
    memory_bytes: int
    steps: int
    disk_bytes: int


class EncoderShape(Protocol):
    """The numbers of an encoder that cost depends on."""

    @property
    def parameters(self) -> int:
        """All weights of the encoder."""

    @property
    def layers(self) -> int:
        """Blocks."""

    @property
    def hidden(self) -> int:
        """Width."""

    @property
    def intermediate(self) -> int:
        """Width inside a block."""

    @property
    def heads(self) -> int:
        """Attention heads."""


class RecipeCosts(Protocol):
    """The fields of a recipe that cost depends on."""

    @property
    def batch_size(self) -> int:
        """Rows per step."""

    @property
    def epochs(self) -> int:
        """Passes over the rows."""

    @property
    def method(self) -> str:
        """full, lora or frozen."""

    @property
    def precision(self) -> str:
        """auto, fp32, bf16 or fp16."""


def detect_machine(folder: Path | None = None) -> Machine:
    """Look at processor, memory, graphics processor and the free disk of ``folder`` (default: here)."""
    device, name, gpu_memory = detect_device()
    return Machine(
        device=device,
        device_name=name,
        cpu_cores=usable_cores(),
        memory_bytes=usable_memory_bytes(),
        disk_free_bytes=shutil.disk_usage(folder or Path.cwd()).free,
        gpu_memory_bytes=gpu_memory,
    )


@lru_cache(maxsize=1)
def detect_device() -> tuple[str, str, int | None]:
    """Return device, its name, and the memory of the graphics processor where it has its own."""
    gpu = query_nvidia()
    if gpu is not None:
        return "cuda", *gpu
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "mps", "Apple graphics processor", None
    return "cpu", cpu_name(), None


def query_nvidia() -> tuple[str, int] | None:
    """Ask nvidia-smi for the first card: name and memory in bytes; None where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None or gpus_are_hidden():
        return None
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return read_nvidia(answer)


def read_nvidia(answer: str) -> tuple[str, int] | None:
    """Read the first line that nvidia-smi prints.

    >>> read_nvidia("NVIDIA H200, 143771\\n")
    ('NVIDIA H200', 150754820096)
    """
    name, _, megabytes = (answer.splitlines() or [""])[0].rpartition(",")
    return (name.strip(), int(megabytes) * 1024 * 1024) if name and megabytes.strip().isdigit() else None


def cpu_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine() or "processor"


def usable_cores() -> int:
    """Cores this process may use: those it may run on, or the container's share where that is smaller."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = read_cpu_share(Path("/sys/fs/cgroup/cpu.max"))
    return max(1, min(allowed, ceil(share))) if share else max(1, allowed)


def read_cpu_share(path: Path) -> float | None:
    """Read a container's limit in cores; None where there is none."""
    try:
        quota, period = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def usable_memory_bytes() -> int:
    """Memory of the computer, or the container's limit where that is smaller."""
    total = psutil.virtual_memory().total
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


@lru_cache(maxsize=1)
def measure_gflops(seconds: float = 0.1) -> float:
    """Multiply matrices for a moment, at least once: billions of operations a second of one core of this CPU.

    Counts processor time and not the clock, so that whatever else is running does not disturb it.
    """
    size = 384
    matrix = np.ones((size, size), dtype=np.float32)
    best = float("inf")
    with threadpool_limits(1):
        matrix @ matrix
        until = time.perf_counter() + seconds
        # A machine with much to do may let this thread wait until the moment is over.
        while best == float("inf") or time.perf_counter() < until:
            started = time.thread_time()
            matrix @ matrix
            best = min(best, time.thread_time() - started)
    return 2 * size**3 / max(best, 1e-6) / 1e9


@lru_cache(maxsize=1)
def cpu_has_bf16() -> bool:
    """Tell whether the processor has instructions for bf16, in which training is twice as fast."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def training_gflops(machine: Machine, precision: str = "auto") -> float:
    """Billions of operations per second that a training reaches on the machine's device."""
    if machine.device == "cuda":
        return CUDA_GFLOPS
    if machine.device == "mps":
        return MPS_GFLOPS
    fast = precision == "bf16" or (precision == "auto" and cpu_has_bf16())
    share = CPU_SHARE_BF16 if fast else CPU_SHARE_FP32
    return measure_gflops() * share * machine.cpu_cores**CORES_POWER


def flops_per_token(shape: EncoderShape, tokens: float) -> float:
    """Operations of one forward pass per token in rows of ``tokens``: 2 per weight, and attention.

    The weights of the blocks are counted once per block, because ALBERT uses the same ones again.
    """
    block = 4 * shape.hidden**2 + 2 * shape.hidden * shape.intermediate
    return shape.layers * (2 * block + 4 * tokens * shape.hidden)


def estimate(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> Estimate:
    """Estimate seconds, memory and steps of one training."""
    steps = ceil(workload.train_rows / recipe.batch_size) * recipe.epochs
    tokens = computed_tokens(workload, machine)
    # A backward pass costs two forward passes; LoRA saves one of them, a frozen encoder both.
    passes = {"full": 3.0, "lora": 2.2, "frozen": 1.0}[recipe.method]
    learned = workload.train_rows * tokens * passes
    # Evaluation sorts by length and pads little; validation is scored once more at the end, with the test.
    judged = workload.evaluated_rows * workload.mean_tokens * (1 + 2 / recipe.epochs)
    flops = recipe.epochs * (learned + judged) * flops_per_token(shape, tokens)
    seconds = START_SECONDS + flops / (training_gflops(machine, recipe.precision) * 1e9)
    if machine.device == "cpu" and recipe.method == "full":
        seconds += steps * shape.parameters * CPU_SECONDS_PER_WEIGHT_AND_STEP
    return Estimate(seconds, estimate_memory(recipe, shape, workload), steps, estimate_disk(recipe, shape))


def computed_tokens(workload: Workload, machine: Machine) -> float:
    """Tokens computed per row: a processor does without padding, elsewhere steps are cut by length."""
    share = 1.0 if machine.device == "cpu" else PADDED_SHARE
    return min(workload.max_tokens, workload.mean_tokens * share)


def estimate_memory(recipe: RecipeCosts, shape: EncoderShape, workload: Workload) -> int:
    """Estimate the peak of the training process in bytes."""
    # Weights, gradients and two moments of AdamW; without the last three where the encoder is not trained.
    copies = 4.0 if recipe.method == "full" else 1.1
    tokens = recipe.batch_size * workload.max_tokens
    per_token = 14 * shape.hidden + 3 * shape.intermediate + 3 * shape.heads * workload.max_tokens
    kept_layers = 1 if recipe.method == "frozen" else shape.layers
    activations = tokens * per_token * kept_layers
    return int(BASE_BYTES + BYTES_PER_NUMBER * (copies * shape.parameters + activations))


def estimate_disk(recipe: RecipeCosts, shape: EncoderShape) -> int:
    """Estimate the free disk that a training needs in bytes: for snapshots, best weights and model."""
    learnt = SHARE_LEARNT[recipe.method] * shape.parameters
    numbers = NUMBERS_PER_LEARNT_WEIGHT_ON_DISK * learnt + shape.parameters
    return int(BYTES_PER_NUMBER * numbers)
