"""Rows in batches of like length: for training, and for answering many texts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from studio.tasks.base import Encoded

TOKENS_PER_BATCH = 16_384
BATCHES_PER_GROUP = 50


class EncodedRows(Dataset):
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


class LengthGroupedOrder(Sampler[int]):
    """A new order of rows for each epoch in which rows of like length share a batch.

    Depends on seed and epoch alone, so that a resumed run sees the rows in the order it would have seen.
    Groups of 50 batches are drawn at random and sorted inside; the batches then come in random order.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(len(self.lengths))
        groups = max(1, min(BATCHES_PER_GROUP, len(order) // (self.batch_size * 4))) * self.batch_size
        batches: list[np.ndarray] = []
        for start in range(0, len(order), groups):
            group = order[start : start + groups]
            group = group[np.argsort(-self.lengths[group], kind="stable")]
            batches += [group[i : i + self.batch_size] for i in range(0, len(group), self.batch_size)]
        # An incomplete batch stays last: the loader cuts this order into full batches again.
        last = [batches.pop()] if batches and len(batches[-1]) < self.batch_size else []
        for number in [*generator.permutation(len(batches))]:
            yield from batches[number].tolist()
        for batch in last:
            yield from batch.tolist()


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

    ``progress`` is called with the number of rows answered so far. Dropout is off meanwhile.
    """
    rows = EncodedRows(encoded)
    device, was_training = next(model.parameters()).device, model.training
    logits = np.zeros((len(rows), model.config.num_labels), dtype=np.float32)
    done = 0
    model.eval()
    try:
        for numbers in cut_batches(rows.lengths, batch_size):
            batch = {name: value.to(device) for name, value in collator([rows[i] for i in numbers]).items()}
            with torch.inference_mode():
                logits[numbers] = model(**batch).logits.float().cpu().numpy()
            done += len(numbers)
            if progress:
                progress(done)
    finally:
        model.train(was_training)
    return logits


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
