"""Where training runs and in which number format, chosen by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from studio.errors import InvalidInput


@dataclass(frozen=True)
class Placement:
    """Device (cuda, mps, cpu), its name, and the format of the computation (fp32, bf16, fp16)."""

    device: str
    device_name: str
    precision: str

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        return f"Training on {self.device_name} ({self.device}, {self.precision})."


def choose_device() -> tuple[str, str]:
    """Return the best device here and its name."""
    if torch.cuda.is_available():
        return "cuda", torch.cuda.get_device_name(0)
    if torch.backends.mps.is_available():
        return "mps", "Apple graphics processor"
    return "cpu", f"the processor, {torch.get_num_threads()} threads"


def choose_placement(precision: str) -> Placement:
    """Choose the device, and the format where the recipe leaves it open.

    Raises InvalidInput for a format that the device cannot train in.
    """
    device, name = choose_device()
    if precision == "auto":
        return Placement(device, name, "bf16" if trains_fast_in_bf16(device) else "fp32")
    if precision == "fp16" and device != "cuda":
        raise InvalidInput(
            f"Precision (precision) is 'fp16', which trains only on an NVIDIA graphics card; this is {name}.",
            "Choose auto, fp32 or bf16.",
        )
    return Placement(device, name, precision)


def count_processes() -> int:
    """How many processes train together here: one for each graphics card that can be seen, else one."""
    return max(1, torch.cuda.device_count())


def trains_fast_in_bf16(device: str) -> bool:
    """Tell whether the device has instructions for bf16; without them it is slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return False
    skills = torch.cpu.get_capabilities()
    return bool(skills.get("avx512_bf16") or skills.get("amx_tile"))


def wants_plain_attention(model: Any, device: str, method: str) -> bool:
    """Tell whether plain attention trains faster: on a CPU the fused one crawls as soon as it has dropout."""
    fused = getattr(model.config, "_attn_implementation", "eager") == "sdpa"
    return fused and device == "cpu" and method != "frozen"
