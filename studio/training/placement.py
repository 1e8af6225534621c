"""Where training runs and in which number format, chosen by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from studio.errors import InvalidInput
from studio.execution.devices import is_fast_in_bf16


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


def choose_placement(precision: str, before: Mapping[str, str] | None = None) -> Placement:
    """Choose the device, and the format where the recipe leaves it open.

    ``before``: device and precision of the training that this one goes on with; on the same device it keeps
    its format. Raises InvalidInput for a format that the device cannot train in.
    """
    device, name = choose_device()
    if precision == "auto" and before and before["device"] == device:
        return Placement(device, name, before["precision"])
    if precision == "auto":
        return Placement(device, name, "bf16" if is_fast_in_bf16(device) else "fp32")
    if precision == "fp16" and device != "cuda":
        raise InvalidInput(
            f"Precision (precision) is 'fp16', which trains only on an NVIDIA graphics card; this is {name}.",
            "Choose auto, fp32 or bf16.",
        )
    return Placement(device, name, precision)


def count_processes(cards: int) -> int:
    """How many processes train together here: one for each graphics card that can be seen, up to so many."""
    return max(1, min(cards, torch.cuda.device_count()))


def wants_plain_attention(model: Any, device: str, method: str) -> bool:
    """Tell whether plain attention trains faster: on a CPU the fused one crawls as soon as it has dropout."""
    fused = getattr(model.config, "_attn_implementation", "eager") == "sdpa"
    return fused and device == "cpu" and method != "frozen"
