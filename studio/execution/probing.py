"""Whether a model still answers the same, tried on a few rows of any tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from studio.execution.heads import logits_of

PROBED_LENGTHS = (7, 5, 5, 2)
# Of how far apart the logits of the probed rows are; a text that sees another one is off by much more.
PROBE_TOLERANCE = 1e-3


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Without dropout meanwhile."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def probed_rows(model: Any) -> list[torch.Tensor]:
    """A few rows of tokens, none of which stands for padding, on the model's device."""
    vocabulary, padding = model.config.vocab_size, model.config.pad_token_id
    tokens = [number for number in range(min(vocabulary, 50)) if number != padding] * max(PROBED_LENGTHS)
    device = next(model.parameters()).device
    return [torch.tensor(tokens[at : at + length], device=device) for at, length in enumerate(PROBED_LENGTHS)]


def answer_one_by_one(model: Any, rows: Sequence[torch.Tensor]) -> torch.Tensor:
    """Logits of rows, each alone: (rows, outputs), or of a head of tokens (tokens of all, outputs)."""
    return torch.cat([logits_of(model, {"input_ids": row[None]}).flatten(0, -2) for row in rows])


def are_alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether logits are the same but for the order of sums."""
    apart = (expected.max(dim=0).values - expected.min(dim=0).values).max()
    return bool((found - expected).abs().max() <= PROBE_TOLERANCE * apart)
