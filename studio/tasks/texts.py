"""What tasks on one text or a pair of texts share: their roles, and how they are tokenised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.tasks.base import Encoded, Role, Row

TEXT = Role("text", "Text", "The column the model reads to decide.")
TEXT_B = Role(
    "text_b",
    "Second text",
    "Where two texts are compared: the column with the other one.",
    required=False,
    lines=4,
)


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Turn texts, or pairs of them, into token ids, cut to ``max_length`` tokens and not padded.

    Of a pair that is too long the longer text is cut, token by token.
    """
    if not rows:
        return {"input_ids": [], "attention_mask": []}
    roles = [role.key for role in (TEXT, TEXT_B) if role.key in rows[0]]
    texts = ([row[role] for row in rows] for role in roles)
    # One list call: a fast tokenizer then works on all its threads, ten times faster than a loop.
    return dict(tokenizer(*texts, truncation=True, max_length=max_length, padding=False))
