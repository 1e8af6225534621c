"""What a model is asked, whatever head it has: a batch of sequences, for each of which it gives logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

OF_OPTIONS, OF_TOKENS, OF_SPANS = "ForMultipleChoice", "ForTokenClassification", "ForQuestionAnswering"
OF_EVERY_TOKEN = (OF_TOKENS, OF_SPANS)


class EachAlone(torch.nn.Module):
    """A model that is asked as ``logits_of`` asks it, as a module that can be traced."""

    def __init__(self, model: Any) -> None:
        """Wrap a model."""
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits of a batch, as logits_of gives them."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        return logits_of(
            self.model, inputs if token_type_ids is None else {**inputs, "token_type_ids": token_type_ids}
        )


def has_head(model: Any, kind: str | tuple[str, ...]) -> bool:
    """Whether the head of a model, or of the one that is wrapped in it, is of this kind, or one of these."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return type(inner).__name__.endswith(kind)


def logits_of(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Logits of a batch, (sequences, outputs); of a head of tokens of each, (sequences, tokens, outputs).

    A head of options takes its sequences as those of rows, and only looks at each alone: it gives one score.
    One of spans gives two numbers for each token: that it is the first one, and that it is the last.
    """
    if has_head(model, OF_SPANS):
        found_spans = model(**inputs)
        return torch.stack([found_spans.start_logits, found_spans.end_logits], dim=-1)
    if not has_head(model, OF_OPTIONS):
        found: torch.Tensor = model(**inputs).logits
        return found
    named = {
        # Every family takes positions for all sequences alike; not every one takes them by row and option.
        name: value.unsqueeze(0) if torch.is_tensor(value) and name != "position_ids" else value
        for name, value in inputs.items()
    }
    scores: torch.Tensor = model(**named).logits
    return scores.reshape(-1, 1)
