"""Rows in batches of like length: for training, and for answering many texts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from studio.errors import ran_out_of_memory
from studio.tasks.base import Encoded
from studio.training.memory import give_back, not_enough

TOKENS_PER_BATCH = 16_384
BATCHES_PER_GROUP = 50


class EncodedRows:
    """Tokenised rows without padding, each with its label id where labels are known."""

    def __init__(self, encoded: Encoded, label_ids: Sequence[int] | None = None) -> None:
        self.encoded = encoded
        self.label_ids = label_ids
        self.lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = {name: column[index] for name, column in self.encoded.items()}
        if self.label_ids is not None:
            row["labels"] = self.label_ids[index]
        return row


@dataclass(frozen=True)
class Collator:
    """Pads the rows of one batch to the longest of them, rounded up to a multiple, up to ``limit`` tokens."""

    pad_id: int
    pad_type_id: int
    multiple: int
    limit: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        width = max(longest, min(self.limit, -(-longest // self.multiple) * self.multiple))
        fills = {"input_ids": self.pad_id, "token_type_ids": self.pad_type_id}
        batch = {
            name: torch.tensor([row[name] + [fills.get(name, 0)] * (width - len(row[name])) for row in rows])
            for name in rows[0]
            if name != "labels"
        }
        if "labels" in rows[0]:
            batch["labels"] = torch.tensor([row["labels"] for row in rows])
        return batch


def plan_epoch(lengths: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Divide the row numbers of an epoch (0: the first) into batches in which rows are of like length.

    Depends on its arguments alone, so that a resumed run sees the rows in the order it would have seen.
    Groups of 50 batches are drawn at random and sorted inside; the batches then come in random order, an
    incomplete one last.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths))
    groups = max(1, min(BATCHES_PER_GROUP, len(order) // (batch_size * 4))) * batch_size
    batches: list[np.ndarray] = []
    for start in range(0, len(order), groups):
        group = order[start : start + groups]
        group = group[np.argsort(-lengths[group], kind="stable")]
        batches += [group[i : i + batch_size] for i in range(0, len(group), batch_size)]
    last = [batches.pop()] if batches and len(batches[-1]) < batch_size else []
    return [batches[number] for number in generator.permutation(len(batches))] + last


def make_collator(model: Any, tokenizer: Any, max_length: int) -> Collator:
    """Pad to multiples of 8 where a graphics processor gains from it; a CPU only loses."""
    on_gpu = next(model.parameters()).device.type != "cpu"
    return Collator(
        pad_id=tokenizer.pad_token_id or 0,
        pad_type_id=getattr(tokenizer, "pad_token_type_id", 0) or 0,
        multiple=8 if on_gpu else 1,
        limit=max_length,
    )


def usable_length(model: Any, tokenizer: Any, wanted: int) -> int:
    """Return the wanted number of tokens, or the most that model and tokenizer can read."""
    limits = [wanted]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and positions > 0:
        # RoBERTa's positions start after the padding id: 514 positions hold 512 tokens.
        table = next((m for n, m in model.named_modules() if n.endswith(".position_embeddings")), None)
        padding = getattr(table, "padding_idx", None)
        limits.append(positions - (padding + 1 if padding is not None else 0))
    if 0 < tokenizer.model_max_length < 10**9 and positions is None:
        limits.append(tokenizer.model_max_length)
    return min(limits)


def predict_encoded(
    model: Any,
    encoded: Encoded,
    collator: Collator,
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Return logits (rows, labels) as float32 in the order given; longest rows go first.

    ``progress`` is called with the number of rows answered so far. Dropout is off meanwhile. Where the memory
    does not suffice for a batch, it and those after it are halved, down to one row.
    """
    rows = EncodedRows(encoded)
    was_training = model.training
    logits = np.zeros((len(rows), model.config.num_labels), dtype=np.float32)
    waiting, at_once, done = [*cut_batches(rows.lengths, batch_size)][::-1], batch_size, 0
    model.eval()
    try:
        while waiting:
            numbers = waiting.pop()
            if len(numbers) > at_once:
                waiting += [numbers[at_once:], numbers[:at_once]]
                continue
            answers = answer(model, collator([rows[i] for i in numbers]))
            if answers is None:
                if len(numbers) == 1:
                    raise not_enough(int(rows.lengths[numbers[0]]))
                at_once = len(numbers) // 2
                waiting.append(numbers)
                continue
            logits[numbers] = answers
            done += len(numbers)
            if progress:
                progress(done)
    finally:
        model.train(was_training)
    return logits


def answer(model: Any, batch: dict[str, torch.Tensor]) -> np.ndarray | None:
    """Logits of one batch; None where the memory does not suffice for it."""
    device = next(model.parameters()).device
    try:
        with torch.inference_mode():
            placed = {name: value.to(device) for name, value in batch.items()}
            return model(**placed).logits.float().cpu().numpy()
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
    give_back()
    return None


def cut_batches(lengths: np.ndarray, batch_size: int) -> Iterator[list[int]]:
    """Row numbers, longest first, in batches of at most ``batch_size`` rows and 16,384 padded tokens.

    >>> list(cut_batches(np.array([1, 3, 2]), 2))
    [[1, 2], [0]]
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        fit = max(1, min(batch_size, TOKENS_PER_BATCH // max(1, int(lengths[order[start]]))))
        yield order[start : start + fit].tolist()
        start += fit
