"""What this machine is, and how fast it multiplies; nothing here imports torch."""

from __future__ import annotations

import platform
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from studio.cores import usable_cores
from studio.settings import gpus_are_hidden

NVIDIA_SMI_SECONDS = 10
TILES_FLAG = "amx_bf16"


@dataclass(frozen=True)
class Machine:
    """What trains here: device is cuda, mps or cpu; memory is the computer's, gpu_memory_bytes the card's.

    ``has_bf16``: whether the processor has instructions for bf16; ``has_tiles``: whether it has units that
    multiply whole tiles of matrices in it (AMX).
    """

    device: str
    device_name: str
    cpu_cores: int
    memory_bytes: int
    disk_free_bytes: int
    gpu_memory_bytes: int | None = None
    has_bf16: bool = False
    has_tiles: bool = False


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
        has_bf16=bool(cpu_flags() & {"avx512_bf16", TILES_FLAG}),
        has_tiles=TILES_FLAG in cpu_flags(),
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
def cpu_flags() -> frozenset[str]:
    """What the processor says that it can do, in Linux's words; nothing on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    lines = (line.partition(":")[2] for line in text.splitlines() if line.startswith("flags"))
    return frozenset(next(lines, "").split())
