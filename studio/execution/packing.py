"""Rows one after another without padding: attention looks at each alone, all else at a list of tokens.

Works for encoders of transformers that fetch their attention from its registry and hand on what they do not
know: BERT, DistilBERT, RoBERTa, XLM-RoBERTa, ELECTRA, ALBERT, ERNIE, CamemBERT. Whether an encoder is one of
them is found by trying (``pack_model``).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from studio.errors import ran_out_of_memory
from studio.execution.attention import PACKED_ATTENTION, FilledPack, Pack
from studio.execution.devices import computing_in, is_fast_in_bf16
from studio.execution.firsts import keep_firsts_of_packs, stack_of
from studio.execution.heads import OF_EVERY_TOKEN, has_head, logits_of
from studio.execution.probing import answer_one_by_one, are_alike, evaluating, probed_rows


class PackedModel:
    """A model whose rows are computed without padding; ``plain_again`` gives it back as it was."""

    def __init__(self, model: Any) -> None:
        """Raises AttributeError for an encoder without a stack of layers of a known name, or that keeps to an
        attention of its own.
        """
        encoder = model.base_model
        self._encoder_model = model
        self._takes_types = "token_type_ids" in inspect.signature(encoder.forward).parameters
        self.first_position = first_position(encoder)
        self._attention = model.config._attn_implementation
        stack = stack_of(model)
        model.set_attn_implementation(PACKED_ATTENTION)
        if model.config._attn_implementation != PACKED_ATTENTION:
            raise AttributeError("the encoder keeps to an attention of its own")
        self._reads_all = has_head(model, OF_EVERY_TOKEN)
        self._hooks = [] if self._reads_all else keep_firsts_of_packs(stack)

    def logits(
        self,
        model: Any,
        tokens: torch.Tensor,
        types: torch.Tensor | None,
        lengths: Sequence[int],
        filling: int = 0,
    ) -> torch.Tensor:
        """Logits (rows, labels) of rows that stand one after another in ``tokens``, from long to short.

        Of a head of tokens those of each, (tokens, labels). ``model`` is the one that was packed, or what
        wraps it. On a processor the last of the tokens, ``filling``, may belong to no row.
        """
        pack = Pack(tuple(lengths), tokens.device, filling)
        found = self.logits_within(model, tokens, types, pack.positions(self.first_position), pack)
        return found[: len(tokens) - filling] if self._reads_all else found

    def logits_within(
        self,
        model: Any,
        tokens: torch.Tensor,
        types: torch.Tensor | None,
        positions: torch.Tensor,
        pack: Pack | FilledPack,
    ) -> torch.Tensor:
        """Logits (rows, labels) of the rows of a pack, whose tokens have these positions."""
        inputs = {"position_ids": positions}
        if self._takes_types:
            inputs["token_type_ids"] = torch.zeros_like(tokens) if types is None else types
        named = {name: value.unsqueeze(0) for name, value in inputs.items()}
        found = logits_of(model, {"input_ids": tokens.unsqueeze(0), **named, "pack": pack})
        return found[0] if self._reads_all else found

    def plain_again(self) -> None:
        """Let the model compute padded batches as it did before."""
        for hook in self._hooks:
            hook.remove()
        self._encoder_model.set_attn_implementation(self._attention)


def first_position(encoder: Any) -> int:
    """The number of a row's first position: RoBERTa's begin after the padding id."""
    table = next((m for n, m in encoder.named_modules() if n.endswith(".position_embeddings")), None)
    padding = getattr(table, "padding_idx", None)
    return 0 if padding is None else padding + 1


def pack_model(model: Any) -> PackedModel | None:
    """Have a classifier compute without padding; None, and nothing changed, where answers would differ.

    Raises RuntimeError where the memory does not suffice to try it.
    """
    rows = probed_rows(model)
    packed = None
    with evaluating(model), torch.no_grad():
        try:
            expected = answer_one_by_one(model, rows)
            packed = PackedModel(model)
            found = packed.logits(model, torch.cat(rows), None, [len(row) for row in rows])
            if found.is_cuda:
                try_half(packed, model, rows)
        except (RuntimeError, TypeError, AttributeError, IndexError, ValueError) as error:
            if ran_out_of_memory(error):
                if packed is not None:
                    packed.plain_again()
                raise
            found = None
    if found is not None and are_alike(found, expected):
        return packed
    if packed is not None:
        packed.plain_again()
    return None


def try_half(packed: PackedModel, model: Any, rows: Sequence[torch.Tensor]) -> None:
    """Answer and learn from the rows once in half the bits; raises what the kernels for them raise."""
    device = rows[0].device.type
    precision = "bf16" if is_fast_in_bf16(device) else "fp16"
    with torch.enable_grad(), computing_in(precision, device):
        packed.logits(model, torch.cat(list(rows)), None, [len(row) for row in rows]).sum().backward()
    model.zero_grad(set_to_none=True)
