"""What of a running training goes into a snapshot, as tensors and JSON: nothing that runs code when read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

WEIGHTS, OPTIMIZER, CHANCE = "weights.safetensors", "optimizer.safetensors", "chance.safetensors"
SMALL_FILES_BYTES = 10**6
# A weight, and the two moments that AdamW keeps of it, in fp32.
BYTES_PER_WEIGHT = 12


def learnt_of(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that learn, by name: all others are those of the checkpoint."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def snapshot_bytes(model: nn.Module) -> int:
    """About how large a snapshot is."""
    return BYTES_PER_WEIGHT * sum(value.numel() for value in learnt_of(model).values()) + SMALL_FILES_BYTES


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights that learn to a safetensors file."""
    save_file({name: value.detach().cpu().contiguous() for name, value in learnt_of(model).items()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Put weights back that ``save_weights`` wrote."""
    learnt = load_file(path)
    with torch.no_grad():
        for name, parameter in learnt_of(model).items():
            parameter.copy_(learnt[name])


def weights_are_finite(model: nn.Module) -> bool:
    """Whether every weight that learns is a number."""
    found = [value.detach().isfinite().all() for value in learnt_of(model).values()]
    return bool(torch.stack(found).all())


def reserve_moments(optimizer: torch.optim.AdamW) -> None:
    """Give a fused AdamW its moments before the first step.

    The memory that a batch may take is found out beside them, not before they are there: a step that has
    begun cannot be taken with fewer rows at once.
    """
    for group in optimizer.param_groups:
        for weights in group["params"]:
            optimizer.state[weights] = {
                "step": torch.zeros((), device=weights.device),
                "exp_avg": torch.zeros_like(weights),
                "exp_avg_sq": torch.zeros_like(weights),
            }


def save_tensors(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write weights, the moments of the optimizer and torch's random numbers into a folder."""
    save_weights(model, folder / WEIGHTS)
    moments = {
        f"{key}/{name}": value.detach().cpu().contiguous()
        for name, parameter in learnt_of(model).items()
        for key, value in optimizer.state.get(parameter, {}).items()
    }
    save_file(moments, folder / OPTIMIZER)
    chance = {"cpu": torch.get_rng_state()}
    device = next(model.parameters()).device.type
    if device != "cpu":
        chance[device] = torch.get_device_module(device).get_rng_state()
    save_file(chance, folder / CHANCE)


def load_tensors(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put back what ``save_tensors`` wrote."""
    load_weights(model, folder / WEIGHTS)
    parameters = learnt_of(model)
    for key, value in load_file(folder / OPTIMIZER).items():
        kind, _, name = key.partition("/")
        optimizer.state[parameters[name]][kind] = value.to(parameters[name].device)
    chance = load_file(folder / CHANCE)
    torch.set_rng_state(chance.pop("cpu"))
    for device, state in chance.items():
        if device == next(model.parameters()).device.type:
            torch.get_device_module(device).set_rng_state(state)


def chance_to_json() -> dict[str, Any]:
    """The random numbers of Python and numpy, for state.json."""
    kind, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": [kind, keys.tolist(), *rest]}


def chance_from_json(data: dict[str, Any]) -> None:
    """Put back what ``chance_to_json`` gave."""
    version, numbers, gauss = data["python"]
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(tuple(data["numpy"]))
