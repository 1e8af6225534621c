"""Dropout on a processor, several times as fast as PyTorch's there, which is busy with random numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# Each number is dropped where 16 random bits are below a threshold.
LEVELS = 1 << 16
# Integers of as many bytes as a number has.
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def drop(numbers: torch.Tensor, share: float) -> torch.Tensor:
    """Numbers of which a share is 0 by chance and the others are larger, so that their mean stays."""
    if numbers.device.type != "cpu" or numbers.element_size() not in INTEGERS:
        return functional.dropout(numbers, share)
    return numbers * draw_factors(numbers.numel(), share, numbers.dtype).view(numbers.shape)


def draw_factors(count: int, share: float, dtype: torch.dtype) -> torch.Tensor:
    """So many factors, on a processor: by chance a share of them is 0, and the mean is 1.

    Chance begins anew with a draw of PyTorch's own, whose state so decides everything.
    """
    below = round(share * LEVELS)
    if not 0 < below < LEVELS:
        return functional.dropout(torch.ones(count, dtype=dtype), share)
    bits = INTEGERS[dtype.itemsize]
    seed = int(torch.randint(1 << 62, (1,)))
    drawn = np.random.SFC64(seed).random_raw(-(-count // 4)).view(np.uint16)[:count]
    # They are made of their bits: PyTorch makes numbers of yes and no one by one.
    factor = torch.tensor(LEVELS / (LEVELS - below), dtype=dtype).view(bits)
    return torch.from_numpy((drawn >= below).view(np.uint8)).to(bits).mul_(factor).view(dtype)


class QuickDropout(nn.Dropout):
    """A dropout layer that draws as ``drop`` does."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The input itself where nothing is learnt."""
        return drop(input, self.p) if self.training else input


def quicken_dropout(model: nn.Module) -> None:
    """Have every dropout layer of a model draw so."""
    for parent in list(model.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.Dropout:
                setattr(parent, name, QuickDropout(layer.p))
