"""Attention in rows that stand one after another without padding: each row sees itself alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional
from transformers import AttentionInterface

from studio.execution.devices import moved
from studio.execution.dropout import draw_factors
from studio.execution.grouping import Grouping

PACKED_ATTENTION = "studio_packed"
HALF_FORMATS = (torch.float16, torch.bfloat16)
# Heads of other widths are widened with zeros; the flash kernel takes none wider than the second.
WIDTH_MULTIPLE, WIDEST_FLASH = 8, 256
FLASH_CAPABILITY = 8  # NVIDIA's generations from Ampere on


@dataclass(frozen=True)
class Pack:
    """Where each row stands in a list of tokens: ``lengths`` from long to short; all on a device.

    On a processor ``filling`` more tokens may follow that belong to no row.

    >>> Pack((5, 2, 2), torch.device("cpu")).runs
    [(1, 5), (2, 2)]
    """

    lengths: tuple[int, ...]
    device: torch.device
    filling: int = 0

    @functools.cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Rows and tokens a row of each run of equally long rows; every layer asks for it."""
        return [(len(list(rows)), length) for length, rows in groupby(self.lengths)]

    @functools.cached_property
    def grouping(self) -> Grouping:
        """The rows side by side with those of like length."""
        return Grouping.of(self.lengths, self.filling)

    @functools.cached_property
    def borders(self) -> torch.Tensor:
        """Where each row begins, and where the last one ends: int32 (rows + 1)."""
        return moved(torch.from_numpy(np.cumsum([0, *self.lengths], dtype=np.int32)), self.device)

    @property
    def starts(self) -> torch.Tensor:
        """Where each row begins."""
        return self.borders[:-1]

    @property
    def longest(self) -> int:
        """The tokens of the longest row."""
        return self.lengths[0]

    def positions(self, first: int) -> torch.Tensor:
        """The position of every token within its row, counted from ``first``."""
        starts = np.cumsum([0, *self.lengths[:-1]])
        positions = np.arange(sum(self.lengths)) - np.repeat(starts, self.lengths) + first
        return moved(
            torch.from_numpy(np.pad(positions, (0, self.filling), constant_values=first)), self.device
        )


@dataclass(frozen=True)
class FilledPack:
    """A pack whose tokens end with some that belong to no row, on a graphics card.

    ``borders`` are those of the rows and of what fills it up, int32 (rows + 2); ``longest`` is the most
    tokens that any of them may have. The same pack serves rows of other lengths once its borders are others.
    """

    borders: torch.Tensor
    longest: int

    @property
    def starts(self) -> torch.Tensor:
        """Where each row begins."""
        return self.borders[:-2]


def attend(  # noqa: PLR0913 - what transformers hands to an attention
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    dropout: float = 0.0,
    scaling: float | None = None,
    *,
    pack: Pack,
    firsts_only: bool = False,
    **_others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention within each row of a pack, as transformers asks for it.

    Query, key and value are (1, heads, tokens, width), the answer is (1, tokens, heads, width). With
    ``firsts_only`` nobody looks at that of other tokens than the first of each row: it may be 0.
    """
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    if query.is_cuda:
        return attend_at_once(query[0], key[0], value[0], pack, dropout, scaling).unsqueeze(0), None
    tokens = [part[0].transpose(0, 1) for part in (query, key, value)]
    if firsts_only:
        tokens[0] = tokens[0][pack.starts]
    if dropout:
        asking = pack.grouping.of_firsts if firsts_only else pack.grouping
        answer = GroupedAttention.apply(*tokens, pack.grouping, asking, dropout, scaling)
    else:
        answer = attend_in_runs(*tokens, pack, scaling, firsts_only)
    if firsts_only:
        answer = torch.zeros_like(tokens[1]).index_copy(0, pack.starts.long(), answer)
    return answer.unsqueeze(0), None


def attend_in_runs(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    pack: Pack,
    scaling: float,
    firsts_only: bool,
) -> torch.Tensor:
    """Attention (tokens, heads, width) of rows of one length after those of another, without dropout.

    With ``firsts_only`` query and answer are of the first token of each row alone, (rows, heads, width).
    """
    heads, width = query.shape[1:]
    answers, row, token = [], 0, 0
    for rows, length in pack.runs:
        tokens = slice(token, token + rows * length)
        asking = slice(row, row + rows) if firsts_only else tokens
        q, k, v = (
            part[own].reshape(rows, -1, heads, width).transpose(1, 2)
            for part, own in ((query, asking), (key, tokens), (value, tokens))
        )
        answer = functional.scaled_dot_product_attention(q, k, v, scale=scaling)
        answers.append(answer.transpose(1, 2).reshape(-1, heads, width))
        row, token = row + rows, tokens.stop
    filling = 0 if firsts_only else pack.filling
    return torch.cat([*answers, query.new_zeros(filling, heads, width)])


class GroupedAttention(torch.autograd.Function):
    """Attention with dropout on a processor, in groups of rows of like length.

    PyTorch's fused attention is several times slower there where it has dropout.
    """

    @staticmethod
    def forward(  # noqa: PLR0913 - what the gradients are of, and what they are not
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        grouping: Grouping,
        asking: Grouping,
        dropout: float,
        scaling: float,
    ) -> torch.Tensor:
        """Attention (tokens, heads, width) of query, key and value of that shape.

        The tokens of the query, and so of the answer, stand as ``asking`` says, in the groups of the others.
        """
        heads, width = query.shape[1:]
        sides = (asking, grouping, grouping)
        tables = [side.spread(part.flatten(1)) for side, part in zip(sides, (query, key, value), strict=True)]
        tables[0].mul_(scaling)
        pairs = list(zip(asking.groups, grouping.groups, strict=True))
        sizes = [own.rows * heads * own.width * seen.width for own, seen in pairs]
        factors = draw_factors(sum(sizes), dropout, query.dtype).split(sizes)
        answers = torch.empty_like(tables[0])
        kept: list[torch.Tensor] = []
        for (own, seen), drawn in zip(pairs, factors, strict=True):
            q, k, v = (
                side.of(table, heads).reshape(-1, side.width, width)
                for side, table in zip((own, seen, seen), tables, strict=True)
            )
            scores = compare(q, k)
            if seen.hidden is not None:
                scores.view(own.rows, heads, own.width, seen.width).add_(seen.hidden)
            shares = torch.softmax(scores, dim=-1)
            own_factors = drawn.view(shares.shape)
            dropped = shares * own_factors
            of_group = own.of(answers, heads)
            of_group.copy_(mix(dropped, v).view(of_group.shape))
            kept += q, k, v, shares, own_factors, dropped
        ctx.save_for_backward(*kept)
        ctx.sides, ctx.scaling = sides, scaling
        return asking.gather(answers).view(-1, heads, width)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of query, key and value, (tokens, heads, width) each."""
        asking, grouping, _ = ctx.sides
        heads, width = gradient.shape[1:]
        given = asking.spread(gradient.flatten(1)).index_fill_(0, asking.pads, 0)
        tables = [given.new_empty(len(side.tokens), heads * width) for side in ctx.sides]
        kept = ctx.saved_tensors
        for number, (own, seen) in enumerate(zip(asking.groups, grouping.groups, strict=True)):
            q, k, v, shares, factors, dropped = kept[6 * number : 6 * number + 6]
            of_answer = own.of(given, heads).reshape(q.shape)
            of_shares = compare(of_answer, v).mul_(factors)
            of_scores = torch._softmax_backward_data(of_shares, shares, -1, shares.dtype)
            found = (mix(of_scores, k), share_out(of_scores, q), share_out(dropped, of_answer))
            for side, table, part in zip((own, seen, seen), tables, found, strict=True):
                of_group = side.of(table, heads)
                of_group.copy_(part.view(of_group.shape))
        tables[0].mul_(ctx.scaling)
        gradients = (
            side.gather(table).view(-1, heads, width) for side, table in zip(ctx.sides, tables, strict=True)
        )
        return *gradients, None, None, None, None


# The products of attention in rows. For each shape of a product oneDNN writes machine code that stays; what
# has one token is multiplied without it.


def compare(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """How alike tokens (rows, tokens, width) and others (rows, others, width) are: (rows, tokens, others)."""
    if one.shape[1] == 1:
        return (one * other).sum(dim=-1).unsqueeze(1)
    return torch.bmm(one, other.transpose(1, 2))


def mix(shares: torch.Tensor, parts: torch.Tensor) -> torch.Tensor:
    """Sums of parts (rows, others, width) by shares (rows, tokens, others): (rows, tokens, width)."""
    if shares.shape[1] == 1:
        return (shares.transpose(1, 2) * parts).sum(dim=1, keepdim=True)
    return torch.bmm(shares, parts)


def share_out(shares: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
    """What each part has of sums (rows, tokens, width) by such shares: (rows, others, width)."""
    if shares.shape[1] == 1:
        return shares.transpose(1, 2) * sums
    return torch.bmm(shares.transpose(1, 2), sums)


def attend_at_once(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    pack: Pack | FilledPack,
    dropout: float,
    scaling: float,
) -> torch.Tensor:
    """Attention (tokens, heads, width) of all rows by one kernel of a graphics card.

    Called by the names under which ``scaled_dot_product_attention`` calls them: ``torch.nn.attention.varlen``
    has no dropout, and nested tensors are a prototype.
    """
    width = query.shape[-1]
    missing = -width % WIDTH_MULTIPLE
    q, k, v = (part.transpose(0, 1) for part in (query, key, value))
    if missing:
        q, k, v = (functional.pad(part, (0, missing)) for part in (q, k, v))
    limits = (pack.borders, pack.borders, pack.longest, pack.longest)
    if has_flash(q):
        answer = torch.ops.aten._flash_attention_forward(
            q, k, v, *limits, dropout, False, False, scale=scaling
        )[0]
    else:
        learns = torch.is_grad_enabled() and any(part.requires_grad for part in (q, k, v))
        answer = torch.ops.aten._efficient_attention_forward(
            q[None], k[None], v[None], None, *limits, dropout, 0, learns, scale=scaling
        )[0][0]
    return answer[..., :width]


def has_flash(query: torch.Tensor) -> bool:
    """Whether the faster of the two kernels takes such numbers on this card."""
    capability, _ = torch.cuda.get_device_capability(query.device)
    return query.dtype in HALF_FORMATS and query.shape[-1] <= WIDEST_FLASH and capability >= FLASH_CAPABILITY


AttentionInterface.register(PACKED_ATTENTION, attend)
