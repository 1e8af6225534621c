"""The processes that train one model together: what each computes, and how it becomes one."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import distributed

from studio.errors import WorkFailed

# The queue watches over a training that hangs; a process that waits for the others must not give up before.
PATIENCE = datetime.timedelta(days=2)
# All have loaded their models by then.
MEETING = datetime.timedelta(minutes=5)
BUCKET_NUMBERS = 16 * 2**20

Call = tuple[str, tuple[Any, ...]]


def deal(lengths: np.ndarray, hands: int) -> list[np.ndarray]:
    """Deal rows so that the hands hold about as many tokens each: the longest first, to who has least.

    >>> [hand.tolist() for hand in deal(np.array([9, 1, 5, 4]), 2)]
    [[0, 1], [2, 3]]
    """
    dealt: list[list[int]] = [[] for _ in range(hands)]
    loads = [(0, hand) for hand in range(hands)]
    for place in np.argsort(-lengths, kind="stable"):
        load, hand = loads[0]
        dealt[hand].append(int(place))
        heapq.heapreplace(loads, (load + int(lengths[place]), hand))
    return [np.array(places, dtype=np.int64) for places in dealt]


class Team(Protocol):
    """What a process of a training does with the others; the first of them, ``rank`` 0, leads."""

    @property
    def rank(self) -> int:
        """Which of the processes this is."""

    @property
    def size(self) -> int:
        """How many there are."""

    def share_of(self, lengths: np.ndarray) -> np.ndarray:
        """The places in ``lengths`` that this process computes."""

    def tell(self, name: str, *arguments: object) -> None:
        """Have the others call a method of their learner, as the first is about to do."""

    def all_agree(self, yes: bool) -> bool:
        """Whether every process says yes."""

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over all processes."""

    def take_over(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by that of the first process."""


@dataclass(frozen=True)
class Alone:
    """The team of one process."""

    rank: int = 0
    size: int = 1

    def share_of(self, lengths: np.ndarray) -> np.ndarray:
        """All of them."""
        return np.arange(len(lengths))

    def tell(self, name: str, *arguments: object) -> None:
        """Nobody is there to be told."""

    def all_agree(self, yes: bool) -> bool:
        """What it says itself."""
        return yes

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """They are the sums."""

    def take_over(self, tensors: Sequence[torch.Tensor]) -> None:
        """They are those of the first."""


@dataclass(frozen=True)
class Group:
    """The team of several processes of this machine, joined through torch.distributed."""

    rank: int
    size: int

    @classmethod
    def join(cls, rank: int, size: int, meeting: Path) -> Group:
        """Meet the others at a file; returns when all are there. WorkFailed where one does not come."""
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        store = distributed.FileStore(str(meeting), size)
        store.set_timeout(MEETING)
        with together():
            distributed.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
        return cls(rank, size)

    @staticmethod
    def leave() -> None:
        """Part from the others, who do the same."""
        distributed.destroy_process_group()

    @staticmethod
    def abandon() -> None:
        """Part from others who are gone; with graphics cards that would wait, and the end is near."""
        if distributed.is_initialized() and not torch.cuda.is_available():
            distributed.destroy_process_group()

    def share_of(self, lengths: np.ndarray) -> np.ndarray:
        """The places in ``lengths`` that this process computes."""
        return deal(lengths, self.size)[self.rank]

    def tell(self, name: str, *arguments: object) -> None:
        """Have the others call a method of their learner; only the first process tells."""
        if self.rank == 0:
            self._pass_on((name, arguments))

    def dismiss(self) -> None:
        """Tell the others that nothing follows."""
        self._pass_on(None)

    def hear(self) -> Call | None:
        """What the first process tells next; None where nothing follows."""
        return self._pass_on(None)

    def _pass_on(self, call: Call | None) -> Call | None:
        calls = [call]
        with together():
            distributed.broadcast_object_list(calls, src=0, device=torch.device("cpu"))
        return calls[0]

    def all_agree(self, yes: bool) -> bool:
        """Whether every process says yes."""
        vote = torch.tensor(int(yes))
        with together():
            distributed.all_reduce(vote, distributed.ReduceOp.MIN)
        return bool(vote)

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over all processes, many of them in one go."""
        exchange(tensors, distributed.all_reduce)

    def take_over(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by that of the first process."""
        exchange(tensors, partial(distributed.broadcast, src=0))


def exchange(tensors: Sequence[torch.Tensor], act: Callable[[torch.Tensor], object]) -> None:
    """Do something to many tensors together with the other processes, in few goes."""
    for bucket in cut_buckets(tensors):
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in bucket])
        with together():
            act(flat)
        for tensor, changed in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
            tensor.detach().copy_(changed.view_as(tensor))


def cut_buckets(tensors: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Tensors of one type and about 16 million numbers, in their order."""
    bucket: list[torch.Tensor] = []
    for tensor in tensors:
        numbers = sum(one.numel() for one in bucket)
        if bucket and (numbers + tensor.numel() > BUCKET_NUMBERS or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket = []
        bucket.append(tensor)
    if bucket:
        yield bucket


@contextmanager
def together() -> Iterator[None]:
    """Say in words that one of the processes is gone."""
    try:
        yield
    except RuntimeError as error:
        raise WorkFailed(
            "One of the processes that train together has ended unexpectedly.",
            "See the log for why. With STUDIO_GPUS_PER_TRAINING=1 a training needs only one.",
        ) from error
