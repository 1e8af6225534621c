"""Numbers of any scale are learnt as numbers around 0; in the end the scale is put into the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Scale:
    """The mean of some numbers and their standard deviation."""

    mean: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, numbers: np.ndarray) -> Scale:
        """That of some numbers; where all are the same, only their mean is taken away.

        >>> Scale.of(np.array([10.0, 20.0, 30.0, 40.0]))
        Scale(mean=25.0, spread=11.180339887498949)
        """
        wide = numbers.astype(np.float64)
        return cls(float(wide.mean()), float(wide.std()) or 1.0)

    def down(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of this scale as numbers around 0, float32."""
        return ((numbers - self.mean) / self.spread).astype(np.float32)

    def up(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers around 0 as numbers of this scale, float64."""
        return numbers.astype(np.float64) * self.spread + self.mean

    def put_into(self, model: Any) -> None:
        """Have a model whose outputs are around 0 give numbers of this scale."""
        last = last_layer(model)
        with torch.no_grad():
            last.weight.mul_(self.spread)
            last.bias.mul_(self.spread).add_(self.mean)

    def take_from(self, model: Any) -> None:
        """Have a model that gives numbers of this scale give numbers around 0."""
        last = last_layer(model)
        with torch.no_grad():
            last.weight.div_(self.spread)
            last.bias.sub_(self.mean).div_(self.spread)


def last_layer(model: Any) -> nn.Linear:
    """The linear layer that gives the outputs, by whatever name a family has for it."""
    inside = f"{model.base_model_prefix}."
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not name.startswith(inside)
    ]
    return layers[-1]
