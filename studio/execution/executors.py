"""How parts are computed: without padding where the encoder can, else with rows of like length together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch

from studio.execution.devices import moved
from studio.execution.firsts import end_with_firsts
from studio.execution.heads import logits_of
from studio.execution.packing import PackedModel, first_position, pack_model
from studio.execution.parts import (
    OVERHEAD_TOKENS,
    OVERHEAD_TOKENS_ELSEWHERE,
    ROWS_PER_PART,
    TOKENS_PER_PART,
    Limits,
    cut_packed,
    cut_padded,
)
from studio.execution.relative import look_everywhere, look_near
from studio.execution.rows import MASK, EncodedRows

# Where there is an attention for rows of several lengths, and how many short rows a card computes at once.
PACKED_ON, PACKED_ROWS_ON_CARD = ("cpu", "cuda"), 2048
# So few tokens for each thread that what a layer leaves is still in the cache when the next one reads it. In
# bf16 products are done so soon that it is the turning of weights and gradients for each part that counts.
TOKENS_PER_THREAD = {"fp32": 1024, "bf16": 2048, "fp16": 2048}
# Padded parts are of one length each, so that more tokens are needed to gather rows of like length.
PADDED_TOKENS_PER_THREAD = 2048
# The logit of what a token that is not there could be, beside 0 for nothing.
SURELY_NOT = -30.0


class Executor(Protocol):
    """Computes logits of rows."""

    @property
    def rows(self) -> int:
        """How many rows are best computed at once."""

    @property
    def tokens(self) -> int:
        """How many tokens are best computed at once."""

    @property
    def sentence(self) -> str:
        """How rows are computed, for a log."""

    def cut(self, lengths: np.ndarray, limits: Limits) -> Iterable[np.ndarray]:
        """Cut the rows of a step into parts; each holds places in ``lengths``."""

    def logits(self, model: Any, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
        """Logits (rows, labels) of the rows with these numbers, in their order, on the model's device.

        Where rows have places, those of the tokens there: (places, labels).
        """

    def close(self) -> None:
        """Give the model back as it was."""


@dataclass(frozen=True)
class PaddedExecutor:
    """Pads the rows of a part to the longest of them, rounded up to a multiple, up to ``limit`` tokens.

    ``undo`` gives the model back as it was before what was done to it for this.
    """

    pad_id: int
    pad_type_id: int
    multiple: int
    limit: int
    overhead: int
    tokens: int = TOKENS_PER_PART
    rows: int = ROWS_PER_PART
    sentence: str = "Rows of like length are padded and computed together."
    undo: tuple[Callable[[], None], ...] = field(default=(), repr=False, compare=False)

    def cut(self, lengths: np.ndarray, limits: Limits) -> Iterable[np.ndarray]:
        """Rows of like length together, as few padded tokens as possible."""
        return cut_padded(lengths, limits, self.overhead)

    @property
    def added(self) -> int:
        """The id of the tokens that are computed beside those of the rows."""
        return self.pad_id

    def batch(self, rows: EncodedRows, numbers: Sequence[int] | np.ndarray) -> dict[str, torch.Tensor]:
        """What the model is given: input_ids, attention_mask and perhaps token_type_ids, (rows, width)."""
        lengths = rows.lengths[numbers]
        longest = int(lengths.max())
        width = max(longest, min(self.limit, -(-longest // self.multiple) * self.multiple))
        fills = {"input_ids": self.pad_id, "token_type_ids": self.pad_type_id}
        batch = {name: np.full((len(numbers), width), fills.get(name, 0), np.int64) for name in rows.parts}
        for name, table in batch.items():
            for place, number in enumerate(numbers):
                table[place, : lengths[place]] = rows.row(name, number)
        batch[MASK] = (np.arange(width) < lengths[:, None]).astype(np.int64)
        return {name: torch.from_numpy(table) for name, table in batch.items()}

    def logits(self, model: Any, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
        """Logits (rows, labels) of the rows with these numbers, in their order, on the model's device."""
        device = next(model.parameters()).device
        inputs = {name: moved(value, device) for name, value in self.batch(rows, numbers).items()}
        found = logits_of(model, inputs)
        if rows.places is None:
            return found
        starts = np.arange(len(numbers)) * found.shape[1]
        return pick(found.flatten(0, 1), rows.places.within(numbers, starts))

    def close(self) -> None:
        """Give the model back as it was."""
        for undo in self.undo:
            undo()


@dataclass(frozen=True)
class PackedExecutor:
    """Computes the rows of a part one after another, without padding.

    Where ``fills``, a few tokens of the id ``added`` make that there are not too many numbers of tokens.
    """

    packed: PackedModel
    tokens: int = TOKENS_PER_PART
    rows: int = ROWS_PER_PART
    fills: bool = False
    sentence: str = "Rows are computed without padding."
    added: int = 0

    def cut(self, lengths: np.ndarray, limits: Limits) -> Iterable[np.ndarray]:
        """As many rows together as the limits allow."""
        return cut_packed(lengths, limits)

    def logits(self, model: Any, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
        """Logits (rows, labels) of the rows with these numbers, in their order, on the model's device."""
        device = next(model.parameters()).device
        order = np.argsort(-rows.lengths[numbers], kind="stable")
        long_to_short = numbers[order]
        lengths = rows.lengths[long_to_short].tolist()
        filling = missing_tokens(sum(lengths)) if self.fills else 0

        def together(name: str, fill: int) -> torch.Tensor:
            tokens = np.concatenate([rows.row(name, number) for number in long_to_short])
            filled = np.pad(tokens.astype(np.int64), (0, filling), constant_values=fill)
            return moved(torch.from_numpy(filled), device)

        types = together("token_type_ids", 0) if "token_type_ids" in rows.parts else None
        found = self.packed.logits(model, together("input_ids", self.added), types, lengths, filling)
        back = np.argsort(order)
        if rows.places is None:
            return found[moved(torch.from_numpy(back), device)]
        starts = np.cumsum([0, *lengths[:-1]])[back]
        return pick(found, rows.places.within(numbers, starts))

    def close(self) -> None:
        """Let the model compute padded batches as it did before."""
        self.packed.plain_again()


def missing_tokens(tokens: int) -> int:
    """How many tokens a part lacks of a multiple of about a 64th of them, but at least of 16.

    For each number of tokens oneDNN writes machine code for every product, which takes as long as a small
    product does.

    >>> [missing_tokens(tokens) for tokens in (1, 480, 481, 4001)]
    [15, 0, 15, 31]
    """
    multiple = max(16, 1 << max(0, tokens.bit_length() - 7))
    return -tokens % multiple


def pick(logits: torch.Tensor, places: np.ndarray) -> torch.Tensor:
    """Logits (places, labels) of some tokens, of those of all (tokens, labels).

    Where there is no token the first label, which stands for nothing, is certain.
    """
    found = logits[moved(torch.from_numpy(np.maximum(places, 0)), logits.device)]
    if (places >= 0).all():
        return found
    nothing = logits.new_full((logits.shape[1],), SURELY_NOT)
    nothing[0] = 0.0
    there = moved(torch.from_numpy(places >= 0), logits.device)
    return torch.where(there[:, None], found, nothing)


def grouped_logits(executor: Executor, model: Any, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
    """Logits of rows with these numbers, in their order, on the model's device.

    Of rows that are several sequences it is the first logit of each, (rows, most sequences of a row of all);
    what a row has not is minus infinity. Where rows have places, those of all rows: (places, labels).
    """
    if rows.sequences is None or rows.counts is None:
        return executor.logits(model, rows, numbers)
    if rows.questions is not None:
        return executor.logits(model, rows.sequences, rows.sequences_of(numbers))
    found = executor.logits(model, rows.sequences, rows.sequences_of(numbers))[:, 0]
    there = np.arange(rows.width(1)) < rows.counts[numbers][:, None]
    table = found.new_full(there.shape, -torch.inf)
    return table.masked_scatter(moved(torch.from_numpy(there), found.device), found)


def choose_executor(
    model: Any, tokenizer: Any, max_length: int, device: str, precision: str = "fp32"
) -> PaddedExecutor | PackedExecutor:
    """Without padding for an encoder that answers the same so; else with little padding.

    The model is on the device, in fp32, so that the two ways can be told apart there; ``precision`` is what
    it will compute in.
    """
    packed = pack_model(model) if device in PACKED_ON else None
    if packed is None:
        hook = end_with_firsts(model)
        undo = [] if hook is None else [hook.remove]
        if look_near(model):
            undo.append(partial(look_everywhere, model))
        return replace(choose_padding(tokenizer, max_length, device), undo=tuple(undo))
    if device == "cpu":
        tokens = TOKENS_PER_THREAD[precision] * torch.get_num_threads()
        return PackedExecutor(packed, tokens, fills=precision == "bf16")
    return PackedExecutor(packed, rows=PACKED_ROWS_ON_CARD)


def choose_padding(tokenizer: Any, max_length: int, device: str) -> PaddedExecutor:
    """The padding that suits a tokenizer and a device.

    Widths are multiples of 8 where a graphics processor gains from it; a CPU only loses.
    """
    return PaddedExecutor(
        pad_id=tokenizer.pad_token_id or 0,
        pad_type_id=getattr(tokenizer, "pad_token_type_id", 0) or 0,
        multiple=1 if device == "cpu" else 8,
        limit=max_length,
        overhead=OVERHEAD_TOKENS.get(device, OVERHEAD_TOKENS_ELSEWHERE),
        tokens=PADDED_TOKENS_PER_THREAD * torch.get_num_threads() if device == "cpu" else TOKENS_PER_PART,
    )


def usable_length(model: Any, tokenizer: Any, wanted: int) -> int:
    """Return the wanted number of tokens, or the most that model and tokenizer can read."""
    limits = [wanted]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and positions > 0:
        # RoBERTa's 514 positions hold 512 tokens.
        limits.append(positions - first_position(model))
    if 0 < tokenizer.model_max_length < 10**9 and positions is None:
        limits.append(tokenizer.model_max_length)
    return min(limits)
