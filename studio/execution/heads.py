"""What a model is asked, whatever head it has: a batch of sequences, for each of which it gives logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

OF_OPTIONS = "ForMultipleChoice"


def logits_of(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Logits (sequences, outputs) of a batch: one for each label, or for a head of options the score of one.

    Such a head takes its sequences as the options of rows, and only looks at each alone.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if not type(inner).__name__.endswith(OF_OPTIONS):
        found: torch.Tensor = model(**inputs).logits
        return found
    named = {name: value.unsqueeze(0) if torch.is_tensor(value) else value for name, value in inputs.items()}
    scores: torch.Tensor = model(**named).logits
    return scores.reshape(-1, 1)
