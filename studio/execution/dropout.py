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
    """Numbers of which a share is 0 by chance and the others are larger, so that their mean stays.

    Chance begins anew with a draw of PyTorch's own, whose state so decides everything.
    """
    below = round(share * LEVELS)
    bits = INTEGERS.get(numbers.element_size())
    if numbers.device.type != "cpu" or not 0 < below < LEVELS or bits is None:
        return functional.dropout(numbers, share)
    seed = int(torch.randint(1 << 62, (1,)))
    count = numbers.numel()
    drawn = np.random.SFC64(seed).random_raw(-(-count // 4)).view(np.uint16)[:count]
    # The factors are made of their bits: PyTorch makes numbers of yes and no one by one.
    factor = torch.tensor(LEVELS / (LEVELS - below), dtype=numbers.dtype).view(bits)
    factors = torch.from_numpy((drawn >= below).view(np.uint8)).to(bits).mul_(factor)
    return numbers * factors.view(numbers.dtype).view(numbers.shape)


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
