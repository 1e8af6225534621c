"""Number formats that a device computes fast, and copies to it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

import torch

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
PROBED_FORMATS = (torch.float32, torch.bfloat16)
PROBE_TRIES = 20
# Weights are kept in fp32 and turned into bf16 at each step: less gain than this is none.
WORTH_IT = 1.3


def is_fast_in_bf16(device: str) -> bool:
    """Tell whether the device is faster in bf16 than in fp32: a processor is tried, many emulate it.

    Call it before other threads use PyTorch: one that begins meanwhile may compute with one core for good.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return False
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for the slowest, which other programs may have put aside
    try:
        tries = [[seconds_to_multiply(each) for each in PROBED_FORMATS] for _ in range(PROBE_TRIES)]
    finally:
        torch.set_num_threads(threads)
    fp32, bf16 = (min(each) for each in zip(*tries, strict=True))
    return bf16 * WORTH_IT < fp32


def seconds_to_multiply(number_format: torch.dtype) -> float:
    """The seconds of this thread that a small matrix product takes."""
    tokens, weights = torch.ones(128, 384).to(number_format), torch.ones(384, 384).to(number_format)
    started = time.thread_time()
    tokens @ weights
    return time.thread_time() - started


def computing_in(precision: str, device: str) -> AbstractContextManager[object]:
    """Have matrix products computed in a format (fp32, bf16, fp16), whatever that of the weights."""
    number_format = FORMATS[precision]
    return torch.autocast(device, number_format, enabled=number_format is not torch.float32)


def moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on the device; what goes to a graphics card is copied while that computes."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
