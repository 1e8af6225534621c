"""Word embeddings of which only those that occur in the training rows learn.

The gradient of every other one is zero at each step, so that AdamW does nothing to it but take its weight
decay off, which is the same factor for all of them. One number follows that factor, and their gradients and
moments, which are most of the memory of a multilingual encoder, are never made. The mathematics is the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.training.estimates import MOST_OCCURRING

NOWHERE = -1
ALL = "all"


class OccurringWords(nn.Module):
    """An embedding (words, width) of which the words in ``occurring``, rising ids, learn."""

    places: torch.Tensor
    others: torch.Tensor

    def __init__(self, embedding: nn.Embedding, occurring: np.ndarray) -> None:
        super().__init__()
        weight = embedding.weight.detach()
        places = np.full(len(weight), NOWHERE)
        places[occurring] = np.arange(len(occurring))
        padding = embedding.padding_idx
        self._word_of_padding = padding
        self._place_of_padding = None if padding is None or places[padding] < 0 else int(places[padding])
        self.register_buffer("places", torch.from_numpy(places), persistent=False)
        self.register_buffer("others", weight, persistent=False)
        self.learnt = nn.Parameter(weight[torch.from_numpy(occurring)])
        # Of two dimensions as the embedding was, so that it is among the weights that decay.
        self.share = nn.Parameter(torch.ones(1, 1))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Vectors (..., width) of words; while it learns, only of those that occur."""
        places = self.places[ids]
        if self.training:
            if self.share.grad is None:
                # AdamW passes by what has no gradient, decay and all.
                self.share.grad = torch.zeros_like(self.share)
            return functional.embedding(places, self.learnt, self._place_of_padding)
        learnt = functional.embedding(places.clamp(min=0), self.learnt)
        others = functional.embedding(ids, self.others) * self.share
        return torch.where((places == NOWHERE).unsqueeze(-1), others, learnt)

    @torch.no_grad()
    def whole(self) -> nn.Embedding:
        """The embedding of all words, as it would be had it learnt whole."""
        self.others.mul_(self.share)
        self.others[self.places != NOWHERE] = self.learnt
        return nn.Embedding(*self.others.shape, padding_idx=self._word_of_padding, _weight=self.others)


def learn_occurring_words(model: Any, ids: np.ndarray) -> None:
    """Have only the word embeddings of ``ids`` learn.

    Nothing changes where most words occur, nor for an encoder whose embedding does not learn, is shared with
    a head, or is not a plain one.
    """
    embedding = model.get_input_embeddings()
    if type(embedding) is not nn.Embedding or not embedding.weight.requires_grad:
        return
    uses = [
        name for name, weight in model.named_parameters(remove_duplicate=False) if weight is embedding.weight
    ]
    occurring = np.unique(ids)
    if len(uses) > 1 or len(occurring) > MOST_OCCURRING * embedding.num_embeddings:
        return
    replace_module(model, embedding, OccurringWords(embedding, occurring))


def learn_all_words(model: nn.Module) -> None:
    """Undo ``learn_occurring_words``: the model is an ordinary one again."""
    for module in list(model.modules()):
        if isinstance(module, OccurringWords):
            replace_module(model, module, module.whole())


def learning_words(model: nn.Module) -> str:
    """Which words learn, as snapshots say it: ALL, or a hash of the ids of those that occur."""
    for module in model.modules():
        if isinstance(module, OccurringWords):
            ids = (module.places != NOWHERE).nonzero().flatten().cpu().numpy()
            return hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest()
    return ALL


def replace_module(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put a module where another one is."""
    name = next(name for name, module in model.named_modules() if module is old)
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, new.train(old.training))
