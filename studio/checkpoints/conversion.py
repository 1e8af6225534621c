"""The child process that reads pickled weights with weights_only=True and writes them as safetensors."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from jobs.processes import end_with_parent

REFUSED_EXIT = 3
OLD_ENDINGS = {".gamma": ".weight", ".beta": ".bias"}
WRAPPERS = ("state_dict", "model_state_dict", "model")


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of one pickle; raises pickle.UnpicklingError where it holds anything but data."""
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    for wrapper in WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping):
        raise pickle.UnpicklingError("no table of weights")
    return {str(name): value for name, value in loaded.items() if isinstance(value, torch.Tensor)}


def new_name(name: str) -> str:
    """Write a weight's name as today's models call it.

    >>> new_name("module.bert.embeddings.LayerNorm.gamma")
    'bert.embeddings.LayerNorm.weight'
    """
    name = name.removeprefix("module.")
    for old, new in OLD_ENDINGS.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def own_memory(weights: Mapping[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], int]:
    """Give each tensor memory of its own, as safetensors wants; return them and how many shared one."""
    seen: set[int] = set()
    shared, separate = 0, {}
    for name, tensor in weights.items():
        storage = tensor.untyped_storage()
        repeated = storage.data_ptr() in seen and tensor.numel() > 0
        seen.add(storage.data_ptr())
        shared += repeated
        partial = storage.nbytes() != tensor.numel() * tensor.element_size()
        separate[name] = tensor.clone().contiguous() if repeated or partial else tensor.contiguous()
    return separate, shared


def convert(target: Path, sources: list[Path]) -> list[str]:
    """Write the weights of all sources to one safetensors file; return notes on what was changed."""
    weights: dict[str, torch.Tensor] = {}
    for source in sources:
        weights.update(read_weights(source))
    if not weights:
        raise pickle.UnpicklingError("no weights")
    renamed = {new_name(name): tensor for name, tensor in weights.items()}
    changed = sum(name not in renamed for name in weights)
    separate, shared = own_memory(renamed)
    save_file(separate, target, metadata={"format": "pt"})
    notes = []
    if changed:
        notes.append(f"{changed} weights with old names were renamed.")
    if shared:
        notes.append(f"{shared} weights that shared memory were copied.")
    return notes


def main(arguments: list[str]) -> int:
    """Convert ``arguments[2:]`` to ``arguments[1]``; exit with 3 where a file holds more than weights.

    The first argument is the number of the process that waits for this one, and without which it ends.
    """
    parent, target, *sources = arguments
    end_with_parent(int(parent))
    try:
        print(json.dumps(convert(Path(target), [Path(one) for one in sources])))
    except pickle.UnpicklingError as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return REFUSED_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
