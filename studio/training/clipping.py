"""Clipping gradients to a norm (Pascanu et al., 2013, https://arxiv.org/abs/1211.5063)."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import torch
from torch import nn


def clip_gradients(parameters: Iterable[nn.Parameter], most: float) -> None:
    """Scale all gradients down together where their norm is more than ``most``.

    On a processor PyTorch's own is five times slower, and its norm of ten million numbers is off in the
    fourth digit. On a graphics card it is PyTorch's, which does not wait for the norm to be known.
    """
    learning = list(parameters)
    gradients = [parameter.grad for parameter in learning if parameter.grad is not None]
    if any(gradient.device.type != "cpu" for gradient in gradients):
        nn.utils.clip_grad_norm_(learning, most)
        return
    flat = (gradient.flatten() for gradient in gradients)
    norm = sqrt(sum(float(torch.dot(one, one)) for one in flat))
    if norm > most:
        torch._foreach_mul_(gradients, most / norm)
