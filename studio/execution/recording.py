"""Parts of a step recorded once and replayed, so that a graphics card waits for no processor.

A part of few tokens is over a thousand kernels of a few microseconds each, and starting them one by one from
Python takes several times as long as running them. A recording (a CUDA graph) starts all of them at once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from studio.execution.attention import FilledPack
from studio.execution.devices import computing_in, moved
from studio.execution.memory import give_back
from studio.execution.packing import PackedModel
from studio.execution.rows import EncodedRows

logger = logging.getLogger(__name__)

# Parts are filled up to a multiple of so many tokens, so that few recordings serve all of them.
TOKENS_PER_SHAPE = 256
# A larger part takes a card longer than its kernels take to be started, and a recording keeps its memory.
MOST_TOKENS, MOST_RECORDINGS = 8192, 64
# Recording costs little more than computing: it pays from the next replay on.
MET_BEFORE = 1
PARTS = ("input_ids", "token_type_ids")

Learn = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
"""Adds the gradients of logits (rows, outputs) and targets, where so many rows are in the whole step."""


@dataclass(frozen=True)
class Shape:
    """What a recording is made for: tokens and rows of a part, and rows of the step that it belongs to."""

    tokens: int
    rows: int
    in_batch: int


@dataclass(frozen=True)
class Recording:
    """A part as a graph, the tensors that it reads, and what it measures."""

    graph: torch.cuda.CUDAGraph
    numbers: torch.Tensor
    targets: torch.Tensor
    measured: torch.Tensor

    def replay(self, numbers: np.ndarray, targets: np.ndarray) -> torch.Tensor:
        """Learn from other rows of the same shape."""
        for tensor, given in ((self.numbers, numbers), (self.targets, targets)):
            tensor.copy_(moved(torch.from_numpy(given), tensor.device))
        self.graph.replay()
        return self.measured.clone()


class Recordings:
    """The recordings of a training: one for each shape of a part that is met again.

    Gradients are added to those that the weights have, which must stay where they are between steps.
    """

    def __init__(self, packed: PackedModel, model: Any, learn: Learn, longest: int, precision: str) -> None:
        """``longest``: the most tokens of a row; ``learn`` is what happens to the logits in any case."""
        self._packed, self._model, self._learn = packed, model, learn
        self._longest, self._precision = longest, precision
        self._met: Counter[Shape] = Counter()
        self._made: dict[Shape, Recording] = {}
        self._memory: Any = None
        self._works = True

    def learn(self, rows: EncodedRows, numbers: np.ndarray, in_batch: int) -> torch.Tensor | None:
        """What ``learn`` measures of some rows; None, and nothing is learnt, where no recording fits them."""
        assert rows.targets is not None
        shape = Shape(self.filled(int(rows.lengths[numbers].sum())), len(numbers), in_batch)
        if not self._works or shape.tokens > MOST_TOKENS:
            return None
        self._met[shape] += 1
        if self._met[shape] <= MET_BEFORE:
            return None
        given = lay_out(rows, numbers, shape.tokens, self._packed.first_position), rows.targets[numbers]
        if shape not in self._made and len(self._made) < MOST_RECORDINGS:
            self._record(shape, *given)
        recording = self._made.get(shape)
        return recording and recording.replay(*given)

    def __len__(self) -> int:
        """How many shapes are recorded."""
        return len(self._made)

    def filled(self, tokens: int) -> int:
        """The tokens of the shape that a part of so many belongs to; what is missing is at most one row."""
        multiple = min(TOKENS_PER_SHAPE, self._longest)
        return -(-tokens // multiple) * multiple

    def _record(self, shape: Shape, *given: np.ndarray) -> None:
        """Record a shape; no shape is recorded any more where that fails, for lack of memory or otherwise."""
        device = next(self._model.parameters()).device
        numbers, targets = (torch.from_numpy(array).to(device) for array in given)
        try:
            graph = torch.cuda.CUDAGraph()
            # Other threads of the process, such as one that copies a snapshot, may use the card meanwhile.
            with torch.cuda.graph(graph, pool=self._memory, capture_error_mode="thread_local"):
                measured = self._compute(shape, numbers, targets)
        except (RuntimeError, MemoryError) as error:
            logger.warning("Parts of a step could not be recorded, and are computed one by one: %s", error)
            self._works = False
            self._made.clear()
            give_back()
            return
        self._memory = graph.pool()
        self._made[shape] = Recording(graph, numbers, targets, measured)

    def _compute(self, shape: Shape, numbers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """What is recorded."""
        tokens, types, positions, borders = numbers.split([shape.tokens] * 3 + [shape.rows + 2])
        pack = FilledPack(borders.to(torch.int32), self._longest)
        with added_at_once(self._model):
            with computing_in(self._precision, numbers.device.type):
                logits = self._packed.logits_within(self._model, tokens, types, positions, pack)
            return self._learn(logits, targets, shape.in_batch)


def lay_out(rows: EncodedRows, numbers: np.ndarray, tokens: int, first_position: int) -> np.ndarray:
    """All that a model is given of some rows and what fills them up to so many tokens, one after another.

    Ids, types and positions of the tokens, and the borders of a FilledPack; int64 (3 x tokens + rows + 2).
    """
    lengths = rows.lengths[numbers]
    missing = tokens - int(lengths.sum())
    filled = np.append(lengths, missing)
    starts = np.cumsum(filled) - filled
    positions = np.arange(tokens) - np.repeat(starts, filled) + first_position
    nothing = np.zeros(missing, dtype=np.int32)
    given = [
        np.concatenate([*(rows.row(name, number) for number in numbers), nothing])
        if name in rows.parts
        else np.zeros(tokens, dtype=np.int32)
        for name in PARTS
    ]
    return np.concatenate([*given, positions, starts, [tokens]]).astype(np.int64)


@contextmanager
def added_at_once(model: Any) -> Iterator[None]:
    """Gradients are made apart and then added to those that are there: a few kernels instead of hundreds."""
    before = {weights: weights.grad for weights in model.parameters() if weights.grad is not None}
    for weights in before:
        weights.grad = None
    try:
        yield
        found = [(there, weights.grad) for weights, there in before.items() if weights.grad is not None]
        if found:
            torch._foreach_add_(*map(list, zip(*found, strict=True)))
    finally:
        for weights, there in before.items():
            weights.grad = there
