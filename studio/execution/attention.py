"""Attention in rows that stand one after another without padding: each row sees itself alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import AttentionInterface

from studio.execution.devices import moved
from studio.execution.dropout import drop

PACKED_ATTENTION = "studio_packed"
HALF_FORMATS = (torch.float16, torch.bfloat16)
# Heads of other widths are widened with zeros; the flash kernel takes none wider than the second.
WIDTH_MULTIPLE, WIDEST_FLASH = 8, 256
FLASH_CAPABILITY = 8  # NVIDIA's generations from Ampere on


@dataclass(frozen=True)
class Pack:
    """Where each row stands in a list of tokens: ``lengths`` from long to short; all on a device.

    >>> Pack((5, 2, 2), torch.device("cpu")).runs
    [(1, 5), (2, 2)]
    """

    lengths: tuple[int, ...]
    device: torch.device

    @functools.cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Rows and tokens a row of each run of equally long rows; every layer asks for it."""
        return [(len(list(rows)), length) for length, rows in groupby(self.lengths)]

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
        return moved(torch.from_numpy(positions), self.device)


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
    **_others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention within each row of a pack, as transformers asks for it.

    Query, key and value are (1, heads, tokens, width), the answer is (1, tokens, heads, width).
    """
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    within = attend_at_once if query.is_cuda else attend_in_runs
    return within(query[0], key[0], value[0], pack, dropout, scaling).unsqueeze(0), None


def attend_in_runs(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    pack: Pack,
    dropout: float,
    scaling: float,
) -> torch.Tensor:
    """Attention (tokens, heads, width) of rows of one length after those of another."""
    heads, _, width = query.shape
    sizes = [rows * length for rows, length in pack.runs]
    parts = zip(*(part.split(sizes, dim=1) for part in (query, key, value)), strict=True)
    answers = []
    for (rows, length), run in zip(pack.runs, parts, strict=True):
        shape = (heads, rows, length, width)
        q, k, v = (part.reshape(shape).transpose(0, 1) for part in run)
        answer = attend_alike(q, k, v, dropout, scaling)
        answers.append(answer.transpose(1, 2).reshape(rows * length, heads, width))
    return torch.cat(answers)


def attend_alike(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float, scaling: float
) -> torch.Tensor:
    """Attention in rows of one length (rows, heads, tokens, width).

    With dropout PyTorch's fused attention is several times slower on a processor than these three lines.
    """
    if not dropout:
        return functional.scaled_dot_product_attention(query, key, value, scale=scaling)
    shares = torch.softmax((query * scaling) @ key.transpose(-1, -2), dim=-1)
    return drop(shares, dropout).to(value.dtype) @ value


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
